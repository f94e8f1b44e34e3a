import { expect, test } from 'vitest';
import { GATEWAY_ACTOR, recordEvent } from '../../gateway/admin/events.ts';
import { feedLedger } from '../../gateway/admin/feed.ts';
import { prune } from '../../gateway/ledger/retention/retention.ts';
import { readIdsOfPerson, readRecords } from '../../gateway/ledger/store.ts';
import { checkState } from '../../gateway/ledger/verify/state.ts';
import { verifyLedger } from '../../gateway/ledger/verify/verify.ts';
import { SIGNER, smallLedger, START_MS, type SmallLedger } from './small-ledger.ts';

const MONTH_MS = 31 * 86_400_000;

function retention({ writers, clock }: SmallLedger, months: number) {
  const [one] = writers;
  if (!one) throw new Error('There are two writers.');
  return { events: one.events, months, clock: () => clock.nowMs };
}

/** Records of eight months, three in each, all in the tree. */
async function eightMonths(ledger: SmallLedger): Promise<void> {
  for (let month = 0; month < 8; month += 1) {
    ledger.clock.nowMs = START_MS + month * MONTH_MS;
    await ledger.write(3);
    await ledger.merge();
  }
}

test('bodies and keys of old months go, their leaves stay, and the ledger still verifies and says what was taken', async () => {
  await using ledger = await smallLedger();
  const [one] = ledger.writers;
  const event = { kind: 'registry.suspend', actor: GATEWAY_ACTOR, atMs: START_MS, subject: 'desk', body: {} };
  await ledger.database.transaction(async (tx) => recordEvent(tx, event));
  if (one) await feedLedger(one.events, () => ledger.clock.nowMs);
  await eightMonths(ledger);
  const before = await one?.pseudonyms.spansOf('001090000000');
  expect(await prune(retention(ledger, 6))).toEqual(['2026-11']);
  await ledger.merge();
  const report = await verifyLedger(await ledger.lines(), { key: SIGNER });
  expect(report).toMatchObject({ ok: true, size: 26, pruned: 4, findings: 0 });
  const spans = (await one?.pseudonyms.spansOf('001090000000')) ?? [];
  expect(before?.length).toBe(8);
  expect(spans.length).toBe(7);
  const found = await readRecords(ledger.database, await readIdsOfPerson(ledger.database, spans, 100));
  expect(found.map(({ at }) => at.slice(0, 7))).toEqual(['2027-06', '2027-05', '2027-04', '2027-03', '2027-02', '2027-01', '2026-12']);
  // What was administered in a month that is gone has no record to be compared with any more, and its hash still is its own.
  expect((await checkState(ledger.database)).differences).toEqual([]);
  await ledger.database.query({ text: "UPDATE admin_events SET subject = 'another'" });
  expect((await checkState(ledger.database)).differences).toEqual(['What was administered under number 1 was altered.']);
  // Later months take the sums on, also when the record of the first time goes itself.
  ledger.clock.nowMs += 2 * MONTH_MS;
  expect(await prune(retention(ledger, 6))).toEqual(['2026-12', '2027-01']);
  await ledger.merge();
  expect(await verifyLedger(await ledger.lines(), { key: SIGNER })).toMatchObject({ ok: true, pruned: 10 });
});

test('nothing goes before the floor, whatever is configured, and nothing that is not in the tree', async () => {
  await using ledger = await smallLedger();
  await ledger.write(2);
  ledger.clock.nowMs = START_MS + 6 * MONTH_MS;
  await ledger.write(1);
  await ledger.merge();
  expect(await prune(retention(ledger, 0))).toEqual([]);
  await using unmerged = await smallLedger();
  await unmerged.write(2);
  unmerged.clock.nowMs = START_MS + 12 * MONTH_MS;
  expect(await prune(retention(unmerged, 6))).toEqual([]);
  await unmerged.merge();
  expect(await prune(retention(unmerged, 6))).toEqual(['2026-11']);
});

test('who takes a body away and says nothing is found out, also beside those that retention took', async () => {
  await using ledger = await smallLedger();
  await eightMonths(ledger);
  await prune(retention(ledger, 6));
  await ledger.merge();
  await ledger.database.query({ text: "DELETE FROM ledger_records WHERE at >= '2027-03-01' AND at < '2027-04-01' AND sequence = 2" });
  const report = await verifyLedger(await ledger.lines(), { key: SIGNER });
  expect(report).toMatchObject({ ok: false, first: { kind: 'removed' } });
});
