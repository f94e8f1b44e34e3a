import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Actor } from '../../gateway/admin/actor.ts';
import { ledgerRoot } from '../../gateway/admin/ledger-schema.ts';
import { supervisionRoot } from '../../gateway/admin/supervision-schema.ts';
import { createLedgerReading } from '../../gateway/ledger/reading.ts';
import { addRollup } from '../../gateway/oversight/follow/store.ts';
import { raise } from '../../gateway/oversight/anomalies/store.ts';
import { migrate, openDatabase, type Database } from '../../platform/database.ts';
import { MIGRATIONS } from '../identity/demo-gateway.ts';
import { testLedger } from '../ledger/event-ledger.ts';
import { SIGNER, smallLedger } from '../ledger/small-ledger.ts';
import { nobodyWatches } from './admin-gateway.ts';

// Auditors of the operator see what every agency did, those of an agency what it did itself.
const AT = new Date('2026-11-25T03:00:00Z');
const APPLICATIONS = { hospital: 'hospital-counter', bank: 'bank-teller' } as const;

let database: Database;
let sources: ReturnType<typeof nobodyWatches>;
beforeAll(async () => {
  database = await openDatabase({ statementTimeoutMs: 5_000 });
  await migrate(database, MIGRATIONS);
  sources = nobodyWatches(database);
  const emergencies = Object.entries(APPLICATIONS).map(([agency, application]) => ({
    record: randomUUID(),
    at: AT.toISOString(),
    agency,
    application,
    officer: 'officer-1',
    caseReference: 'case-1',
    people: 1,
  }));
  await addRollup(database, { hours: [], days: [], emergencies, grants: [] }, 86_400);
  for (const application of Object.values(APPLICATIONS)) {
    await raise(database, '2026-11-25', AT, { application, officer: '', purpose: '', kind: 'people', seen: 600, usual: 10, bound: 100 });
  }
});
afterAll(async () => {
  await sources.oversight[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

function auditorOf(agency: string): { readonly actor: Actor } {
  const roles = new Set(['officer', 'auditor'] as const);
  return { actor: { account: `${agency}/auditor`, agency, person: `person-${agency}`, roles, login: { kind: 'issuer', assurance: 2 } } };
}

async function seenBy(agency: string): Promise<readonly (readonly string[])[]> {
  const root = supervisionRoot(sources);
  const context = auditorOf(agency);
  const [emergencies, anomalies] = await Promise.all([root.emergencies({}, context), root.anomalies({}, context)]);
  const span = { from: '2026-11-25T00:00:00Z', to: '2026-11-26T00:00:00Z' };
  const scopes = await Promise.all(
    Object.values(APPLICATIONS).map(async (application) =>
      root.breachScope({ ...span, application }, context).then(
        () => [application],
        (error: Error) => (error.message.includes('Name your own') ? [] : Promise.reject(error)),
      ),
    ),
  );
  return [emergencies.nodes, anomalies.nodes]
    .map((nodes) => nodes.map(({ application }) => application).toSorted())
    .concat([scopes.flat().toSorted()]);
}

test.each([
  ['portal', ['bank-teller', 'hospital-counter']],
  ['hospital', ['hospital-counter']],
  ['bank', ['bank-teller']],
  ['university', []],
] as const)('an auditor of %s sees emergencies, anomalies and the scope of a breach of %j', async (agency, applications) => {
  expect(await seenBy(agency)).toEqual([applications, applications, applications]);
});

test("an agency's auditor does not judge an emergency of another, which is none that is shown", async () => {
  const root = supervisionRoot(sources);
  const context = auditorOf('hospital');
  const all = await root.emergencies({}, auditorOf('portal'));
  const judge = async (agency: string) => {
    const record = all.nodes.find((one) => one.agency === agency)?.record ?? '';
    return root.reviewEmergency({ record, verdict: 'justified', note: '' }, context);
  };
  expect(await judge('bank')).toMatchObject({ refusal: { code: 'NOT_FOUND' } });
  expect(await judge('hospital')).toMatchObject({ emergency: { agency: 'hospital', verdict: 'justified' } });
});

test("an agency's auditor is shown the proofs of its own records, and no export, which holds everybody's", async () => {
  await using ledger = await smallLedger();
  await ledger.write(1);
  await ledger.merge();
  const [row] = await ledger.database.query<{ id: string }>({ text: 'SELECT id::text FROM ledger_records' });
  const { pseudonyms } = testLedger(ledger.database, Date.now);
  const root = ledgerRoot(createLedgerReading({ database: ledger.database, signer: SIGNER, witnesses: [], pseudonyms }), sources);
  const proof = async (agency: string) => root.ledgerProof({ record: row?.id ?? '' }, auditorOf(agency));
  expect(JSON.parse((await proof('hospital')) ?? 'null')).toMatchObject({ index: 0 });
  expect(JSON.parse((await proof('portal')) ?? 'null')).toMatchObject({ index: 0 });
  expect(await proof('bank')).toBeNull();
  await expect(root.ledgerExport({ from: '0' }, auditorOf('hospital'))).rejects.toThrow(/Ask an auditor of the operator/);
  expect((await root.ledgerExport({ from: '0' }, auditorOf('portal'))).lines.length).toBeGreaterThan(1);
});
