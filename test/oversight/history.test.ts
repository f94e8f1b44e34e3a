import fc from 'fast-check';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DisclosureEvent, PersonsEntry } from '../../gateway/ledger/events.ts';
import { entryOf } from '../../gateway/ledger/entry.ts';
import { createHistory, readCursor } from '../../gateway/oversight/history/history.ts';
import { migrate, openDatabase, type Database } from '../../platform/database.ts';
import { testLedger } from '../ledger/event-ledger.ts';

const MIGRATIONS = join(import.meta.dirname, '..', '..', 'gateway', 'migrations');
const DAY_MS = 86_400_000;
const BEGAN_MS = Date.parse('2026-09-20T00:00:00Z');
const ME = '001099000001';
const OTHER = '001099000002';
const HIDDEN = '001099000003';
const CHANGED = '001099000004';
const COUNTED = '001099000005';

async function open(): Promise<Database> {
  const database = await openDatabase({ statementTimeoutMs: 5_000 });
  await migrate(database, MIGRATIONS);
  return database;
}

const EVENT: DisclosureEvent = {
  kind: 'disclosure',
  application: 'app',
  agency: 'agency',
  officer: 'o',
  officerRole: null,
  case: null,
  purpose: 'p',
  assurance: 0,
  emergency: null,
  phase: 'complete',
  intent: null,
  documentHash: '0',
  operation: null,
  policyVersion: 'v',
  bases: { 'Person.name': 'ART_19_1_C' },
  references: {},
  inputs: [],
  withheld: [],
  grants: [],
  consents: [],
};
const SHOWN = { part: 'subject', released: ['Person.name'], transformed: [], withheld: [], inputs: [], absent: false } as const;

/** A ledger whose clock is set for each event. */
function ledgerOn(database: Database) {
  const clock = { ms: BEGAN_MS };
  const ledger = testLedger(database, () => clock.ms);
  const history = createHistory({ database, pseudonyms: ledger.pseudonyms, clock: () => clock.ms });
  const write = async (atMs: number, people: readonly string[], more: Partial<DisclosureEvent> = {}): Promise<string> => {
    clock.ms = atMs;
    const key = await ledger.pseudonyms.at(atMs);
    if (key === undefined) throw new Error('There is a key.');
    const persons: readonly PersonsEntry[] = [{ ...SHOWN, pseudonyms: people.map(key.pseudonymise) }];
    const written = await ledger.recorder.record(entryOf({ ...EVENT, ...more }, { atMs, pseudonymKey: key.id, persons }));
    if (written === undefined) throw new Error('The record was not written.');
    return written.id;
  };
  return { clock, history, write, ledger };
}

describe('a history', () => {
  let database: Database;
  beforeAll(async () => {
    database = await open();
  });
  afterAll(async () => database[Symbol.asyncDispose]());

  test('goes on over months, each with its own pseudonyms, page by page like the plain list of records', async () => {
    const { history, write, clock } = ledgerOn(database);
    const written: { readonly id: string; readonly atMs: number; readonly agency: string }[] = [];
    for (let day = 0; day < 100; day += 7) {
      const atMs = BEGAN_MS + day * DAY_MS;
      const agency = day % 3 === 0 ? 'hospital' : 'bank';
      written.unshift({ id: await write(atMs, day % 2 === 0 ? [ME, OTHER] : [ME], { agency }), atMs, agency });
    }
    clock.ms = BEGAN_MS + 101 * DAY_MS;
    expect(new Set(written.map(({ atMs }) => new Date(atMs).getUTCMonth())).size).toBeGreaterThan(3);
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          count: fc.integer({ min: 1, max: 9 }),
          agency: fc.constantFrom(undefined, 'hospital', 'bank', 'nobody'),
          from: fc.option(fc.integer({ min: -1, max: 110 }), { nil: undefined }),
          to: fc.option(fc.integer({ min: -1, max: 110 }), { nil: undefined }),
        }),
        async ({ count, agency, from, to }) => {
          const fromMs = from === undefined ? undefined : BEGAN_MS + from * DAY_MS;
          const toMs = to === undefined ? undefined : BEGAN_MS + to * DAY_MS;
          const naive = written.filter(
            (one) =>
              (agency === undefined || one.agency === agency) &&
              (fromMs === undefined || one.atMs >= fromMs) &&
              (toMs === undefined || one.atMs < toMs),
          );
          const seen: string[] = [];
          let after: string | undefined;
          for (;;) {
            const cursor = after === undefined ? undefined : readCursor(after);
            const page = await history.read({ idNumber: ME, count, after: cursor, agency, fromMs, toMs, withHidden: false });
            expect(page.entries.length).toBeLessThanOrEqual(count);
            seen.push(...page.entries.map(({ entry }) => entry.id));
            if (!page.hasNextPage) break;
            after = page.endCursor;
          }
          expect(seen).toEqual(naive.map(({ id }) => id));
        },
      ),
      { numRuns: 12 },
    );
  });

  test('keeps what law hides from the person until its days are over, and shows it to an officer meanwhile', async () => {
    const { history, write, clock } = ledgerOn(database);
    const hidden = await write(BEGAN_MS, [HIDDEN], { hiddenDays: 30 });
    const plain = await write(BEGAN_MS + 1_000, [HIDDEN]);
    const ids = async (withHidden: boolean): Promise<readonly string[]> =>
      (await history.read({ idNumber: HIDDEN, count: 10, withHidden })).entries.map(({ entry }) => entry.id);
    clock.ms = BEGAN_MS + 30 * DAY_MS - 1;
    expect(await ids(false)).toEqual([plain]);
    expect(await ids(true)).toEqual([plain, hidden]);
    clock.ms = BEGAN_MS + 30 * DAY_MS;
    expect(await ids(false)).toEqual([plain, hidden]);
  });

  test('tells the outcome of a mutation and not what was intended, also over the edge of a page', async () => {
    const { history, write } = ledgerOn(database);
    const intent = await write(BEGAN_MS, [CHANGED], { phase: 'intent' });
    const outcome = await write(BEGAN_MS + 5, [CHANGED], { phase: 'outcome', intent });
    const lost = await write(BEGAN_MS + 10, [CHANGED], { phase: 'intent' });
    const first = await history.read({ idNumber: CHANGED, count: 2, withHidden: false });
    expect(first.entries.map(({ entry }) => [entry.id, entry.outcome])).toEqual([
      [lost, 'INTENDED'],
      [outcome, 'DISCLOSED'],
    ]);
    const cursor = readCursor(first.entries[1]?.cursor ?? '');
    expect((await history.read({ idNumber: CHANGED, count: 2, after: cursor, withHidden: false })).entries).toEqual([]);
  });

  test('says of which statistic the person was part, on what basis, and names no field as if somebody had looked', async () => {
    const { history, write } = ledgerOn(database);
    const analysis = { name: 'residents-by-province', run: 'run-1', snapshot: '2026-09' };
    await write(BEGAN_MS, [COUNTED], { analysis, references: { ART_19_1_C: ['Law on Statistics'] } });
    const { entries } = await history.read({ idNumber: COUNTED, count: 10, withHidden: false });
    expect(entries.map(({ entry }) => entry)).toMatchObject([
      {
        kind: 'disclosure',
        outcome: 'COUNTED',
        analysis: 'residents-by-province',
        bases: [{ basis: 'ART_19_1_C', references: ['Law on Statistics'], fields: [] }],
        released: [],
        transformed: [],
        withheld: [],
        inputs: [],
      },
    ]);
  });

  test('names no statistic where somebody looked', async () => {
    const { history, write } = ledgerOn(database);
    await write(BEGAN_MS + 50 * DAY_MS, [COUNTED]);
    const [newest] = (await history.read({ idNumber: COUNTED, count: 1, withHidden: false })).entries;
    expect(newest?.entry).toMatchObject({ outcome: 'DISCLOSED', analysis: undefined, released: ['Person.name'] });
  });

  test.each(['', 'x', 'AAAA', Buffer.from('00000000-0000-0000-0000-000000000000').toString('base64url')])(
    'takes %j for no cursor',
    (text) => {
      expect(readCursor(text)).toBeUndefined();
    },
  );
});
