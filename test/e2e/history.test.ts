import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ledgerHistory, type HistoryOptions } from '../../gateway/admin/commands/history.ts';
import { callAdmin } from '../../gateway/admin/client.ts';
import { startTestGateway, type Reply, type TestGateway } from './test-gateway.ts';
import { numbersIn } from './numbers.ts';

let gateway: TestGateway;
let me: string;
let other: string;
let third: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  [me = '', other = '', third = ''] = await gateway.citizens(3);
});
afterAll(async () => gateway[Symbol.asyncDispose]());

interface Entry {
  readonly record: string;
  readonly at: string;
  readonly kind: string;
  readonly outcome: string;
  readonly code: string | null;
  readonly agency: string | null;
  readonly agencyName: { readonly vi: string } | null;
  readonly application: string | null;
  readonly officerRole: string | null;
  readonly purpose: string | null;
  readonly purposeText: { readonly en: string } | null;
  readonly bases: readonly { readonly basis: string; readonly references: readonly string[]; readonly fields: readonly string[] }[];
  readonly released: readonly string[];
  readonly transformed: readonly string[];
  readonly withheld: readonly string[];
  readonly emergency: boolean;
}
interface Page {
  readonly edges: readonly { readonly cursor: string; readonly node: Entry }[];
  readonly nodes: readonly Entry[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** What the command prints, as JSON. */
async function history(options: Omit<HistoryOptions, 'json'>): Promise<{ readonly entries: readonly Entry[]; readonly text: string }> {
  const { settings, output } = gateway.admin(options.as);
  await ledgerHistory(settings, { ...options, json: true });
  const text = output();
  return { entries: (JSON.parse(text) as { entries: readonly Entry[] }).entries, text };
}

const FIELDS = `record at kind outcome code agency agencyName { vi } application officerRole purpose purposeText { en }
  bases { basis references fields } released transformed withheld emergency`;

async function mine(citizen: string, page = ''): Promise<Page> {
  const query = `{ me { accessHistory${page} { edges { cursor } nodes { ${FIELDS} } pageInfo { hasNextPage endCursor } } } }`;
  const reply = await asCitizen(citizen, query);
  expect(reply).toMatchObject({ status: 200, errors: [] });
  return (reply.data?.['me'] as { accessHistory: Page }).accessHistory;
}

async function asCitizen(citizen: string, query: string, level: 1 | 2 = 2): Promise<Reply> {
  return gateway.askAs({ app: 'citizen-portal', who: citizen, level }, 'citizen.self-service', query);
}

const AT_COUNTER = 'query ($id: IdNumber!) { resident(idNumber: $id) { fullName phone currentResidence { province } } }';
const STAFF = { as: 'portal/officer-002', case: 'case-77', second: 'portal/officer-003' } as const;

describe('the history of accesses to a person', () => {
  test('tells by command line at once who, when, what for, on what basis and which fields, and not the number', async () => {
    const reply = await gateway.ask('hospital-counter', AT_COUNTER, { id: me }, { 'x-officer': 'officer-017', 'x-case': 'visit-9' });
    const { entries, text } = await history({ person: me });
    expect(entries[0]).toMatchObject({
      record: reply.extensions.disclosure?.record,
      kind: 'disclosure',
      outcome: 'DISCLOSED',
      agency: 'hospital',
      agencyName: { vi: 'Bệnh viện' },
      application: 'hospital-counter',
      officerRole: 'counter',
      purpose: 'health.check-in',
      purposeText: { en: expect.stringContaining('Admit a patient') },
      released: expect.arrayContaining(['Resident.fullName']),
      withheld: ['Resident.phone'],
      emergency: false,
    });
    expect(entries[0]?.transformed).toContain('Resident.currentResidence');
    expect(entries[0]?.bases).toEqual([
      {
        basis: expect.stringMatching(/^ART_19_1_/),
        references: expect.arrayContaining([expect.stringContaining('Law on Medical Examination')]),
        fields: expect.arrayContaining(['Resident.fullName']),
      },
    ]);
    expect(text).not.toContain(me);
    expect(numbersIn(text)).toEqual([]);
  });

  test('is the same by the graph for the citizen who is logged in, with names in Vietnamese', async () => {
    const { nodes } = await mine(me);
    expect(nodes[0]).toMatchObject({
      agency: 'hospital',
      agencyName: { vi: 'Bệnh viện' },
      released: expect.arrayContaining(['Resident.fullName']),
    });
    // Looking is on the record as well.
    expect((await mine(me)).nodes[0]).toMatchObject({
      application: 'citizen-portal',
      released: expect.arrayContaining(['Resident.accessHistory']),
    });
  });

  test('goes page by page without losing or repeating an entry, filters by agency and time', async () => {
    for (let count = 0; count < 4; count += 1)
      await gateway.ask('university-admissions', '{ resident(idNumber: "' + other + '") { fullName } }');
    await gateway.ask('ward-office', '{ resident(idNumber: "' + other + '") { phone } }');
    const all = (await history({ person: other, first: 100 })).entries.map(({ record }) => record);
    const seen: string[] = [];
    let after: string | undefined;
    for (;;) {
      const { settings, output } = gateway.admin();
      await ledgerHistory(settings, { person: other, first: 2, ...(after === undefined ? {} : { after }), json: true });
      const page = JSON.parse(output()) as { entries: readonly Entry[]; pageInfo: Page['pageInfo'] };
      seen.push(...page.entries.map(({ record }) => record));
      if (!page.pageInfo.hasNextPage) break;
      after = page.pageInfo.endCursor ?? '';
    }
    expect(seen).toEqual(all);
    expect(all.length).toBeGreaterThanOrEqual(5);
    const times = (await history({ person: other, first: 100 })).entries.map(({ at }) => at);
    expect(times).toEqual(times.toSorted().toReversed());
    expect((await history({ person: other, agency: 'ward' })).entries.map(({ agency }) => agency)).toEqual(['ward']);
    expect((await history({ person: other, from: '2999-01-01' })).entries).toEqual([]);
    expect((await history({ person: other, to: '2020-01-01' })).entries).toEqual([]);
  });

  test('shows what was refused, with the code and nothing released', async () => {
    await gateway.ask('bank-teller', '{ resident(idNumber: "' + third + '") { religion } }');
    const { entries } = await history({ person: third });
    expect(entries[0]).toMatchObject({ agency: 'bank', outcome: 'REFUSED', code: 'FIELD_NOT_PERMITTED', released: [] });
  });

  test('tells of a person asked for beside others what was shown of that person only', async () => {
    const query =
      'query ($a: IdNumber!, $b: IdNumber!) { a: resident(idNumber: $a) { fullName sex } b: resident(idNumber: $b) { dateOfBirth } }';
    await gateway.ask('ward-office', query, { a: me, b: other });
    const ofMe = (await history({ person: me, agency: 'ward' })).entries[0];
    const ofOther = (await history({ person: other, agency: 'ward' })).entries[0];
    expect(ofMe?.record).toBe(ofOther?.record);
    expect(ofMe?.released).not.toContain('Resident.dateOfBirth');
    expect(ofOther?.released).not.toContain('Resident.fullName');
  });

  test('tells a relative who was only reached about themselves, and the one asked for nothing of the relative', async () => {
    const query = 'query ($id: IdNumber!) { resident(idNumber: $id) { sex mother { idNumber fullName } } }';
    let mother: string | undefined;
    let child = '';
    for (const citizen of await gateway.citizens(40)) {
      const reply = await gateway.ask('ward-office', query, { id: citizen });
      mother = (reply.data?.['resident'] as { mother: { idNumber: string } | null } | null)?.mother?.idNumber;
      child = citizen;
      if (mother !== undefined) break;
    }
    expect(mother).toBeDefined();
    const ofChild = (await history({ person: child, agency: 'ward' })).entries[0];
    const ofMother = (await history({ person: mother ?? '', agency: 'ward' })).entries[0];
    expect(ofMother?.record).toBe(ofChild?.record);
    expect(ofMother?.released).toContain('Resident.fullName');
    expect(ofChild?.released).not.toContain('Resident.fullName');
    expect(ofMother?.released).not.toContain('Resident.sex');
  });
});

describe('somebody tries to read the history of another', () => {
  test('a citizen by way of a relative is refused, and by number as well', async () => {
    const reply = await asCitizen(me, '{ me { fullName mother { accessHistory { nodes { agency } } } } }');
    expect(reply.errors.some(({ extensions }) => extensions.code === 'FIELD_NOT_PERMITTED')).toBe(true);
    const byNumber = await asCitizen(me, `{ resident(idNumber: "${other}") { accessHistory { nodes { agency } } } }`);
    expect(byNumber.status).toBe(403);
    expect(`${reply.text}${byNumber.text}`).not.toContain('"nodes":[');
  });

  test('a citizen with the lower level is refused', async () => {
    const reply = await asCitizen(me, '{ me { accessHistory { nodes { agency } } } }', 1);
    expect(reply.errors.map(({ extensions }) => extensions.code)).toEqual(['ASSURANCE_TOO_LOW']);
  });

  test('an application of an agency is refused', async () => {
    const reply = await gateway.ask('police-residence', `{ resident(idNumber: "${me}") { accessHistory { nodes { agency } } } }`);
    expect(reply.errors.map(({ extensions }) => extensions.code)).toEqual(['FIELD_NOT_PERMITTED']);
  });

  test('a cursor of another person leads into one’s own history only', async () => {
    const [edge] = (await mine(other)).edges;
    const { nodes } = await mine(me, `(after: "${edge?.cursor}")`);
    const own = new Set((await history({ person: me, first: 100 })).entries.map(({ record }) => record));
    expect(nodes.every(({ record }) => own.has(record))).toBe(true);
  });
});

const PROOF_QUERY = 'query ($record: ID!, $id: IdNumber, $case: String) { ledgerProof(record: $record, person: $id, case: $case) }';
const EXPLAIN_QUERY = 'query ($input: ExplainInput!) { explain(input: $input) { refusal { code } full { consented } } }';
const SECOND_QUERY = 'query ($id: IdNumber!, $case: String) { personHistory(idNumber: $id, case: $case) { edges { cursor } } }';

describe('an officer who looks at a history', () => {
  test('needs a case and another person, sees it, and stands in it', async () => {
    const { entries } = await history({ person: me, ...STAFF });
    expect(entries.length).toBeGreaterThan(1);
    const [newest] = (await history({ person: me })).entries;
    expect(newest).toMatchObject({ kind: 'administration', agency: 'portal', code: 'history.read' });
  });

  test.each([
    ['without a case', { id: 'me' }, 'portal/officer-003', /Say for which case/],
    ['with an ID number for a case', { id: 'me', case: '001099000001' }, 'portal/officer-003', /Say for which case/],
    ['alone', { id: 'me', case: 'c' }, undefined, /Nobody looks at a history alone/],
    ['beside themselves', { id: 'me', case: 'c' }, 'portal/officer-002', /same human being/],
    ['beside somebody who answers for nothing', { id: 'me', case: 'c' }, 'hospital/officer-017', /needs one of the roles/],
  ])('does not see it %s, and does not stand in it', async (_, variables, second, message) => {
    const before = (await history({ person: me, first: 100 })).entries.length;
    const { settings } = gateway.admin('portal/officer-002');
    await expect(callAdmin(settings, SECOND_QUERY, { ...variables, id: me }, second)).rejects.toThrow(message);
    expect((await history({ person: me, first: 100 })).entries.length).toBe(before);
  });

  test('is refused beside another account of the same human being', async () => {
    const { settings } = gateway.admin('portal/officer-001');
    await expect(callAdmin(settings, SECOND_QUERY, { id: me, case: 'c' }, 'police/officer-066')).rejects.toThrow(/same human being/);
  });

  test.each(['hospital/officer-018', 'police/officer-064', 'hospital/officer-017'])('is refused without the role, as %s is', async (as) => {
    const { settings } = gateway.admin(as);
    await expect(callAdmin(settings, SECOND_QUERY, { id: me, case: 'c' }, 'portal/officer-003')).rejects.toThrow(/does not have a role/);
  });

  test('learns by the proof of a record no sooner that a person stands in it, and stands in the history then too', async () => {
    const reply = await gateway.ask('hospital-counter', AT_COUNTER, { id: third });
    const record = reply.extensions.disclosure?.record ?? '';
    const prove = async (as: string, about: Record<string, unknown>, second?: string) =>
      callAdmin(gateway.admin(as).settings, PROOF_QUERY, about, second);
    const looks = async () => (await history({ person: third, first: 100 })).entries.filter(({ code }) => code === 'history.prove').length;
    await expect(prove('portal/officer-002', { record, id: third })).rejects.toThrow(/Nobody looks at a history alone/);
    await expect(prove('portal/officer-002', { record, id: third }, 'portal/officer-003')).rejects.toThrow(/Say for which case/);
    expect(await looks()).toBe(0);
    await prove('portal/officer-002', { record, id: third, case: 'case-77' }, 'portal/officer-003');
    expect(await looks()).toBe(1);
    // The record alone is nobody's history.
    await prove('portal/officer-002', { record });
  });

  test('looks at consents and stands in the history, and an administrator of another agency is not told of them', async () => {
    const looks = async () => (await history({ person: other, first: 100 })).entries.filter(({ code }) => code === 'consents.read').length;
    await callAdmin(gateway.admin('portal/officer-001').settings, 'query ($id: IdNumber!) { consents(idNumber: $id) { id } }', {
      id: other,
    });
    expect(await looks()).toBe(1);
    const explain = async (as: string) =>
      callAdmin<{ explain: { refusal: { code: string } | null; full: { consented: boolean } | null } }>(
        gateway.admin(as).settings,
        EXPLAIN_QUERY,
        { input: { application: 'bank-teller', purpose: 'bank.customer-verification', coordinate: 'Resident.phone', person: other } },
      );
    expect(await explain('hospital/officer-018')).toMatchObject({ explain: { refusal: { code: 'NOT_YOUR_APPLICATION' }, full: null } });
    expect(await looks()).toBe(1);
    expect(await explain('bank/officer-043')).toMatchObject({ explain: { refusal: null, full: { consented: false } } });
    expect(await looks()).toBe(2);
  });

  test('is told by the command line what is missing', async () => {
    const { settings } = gateway.admin('portal/officer-002');
    await expect(ledgerHistory(settings, { person: me, as: 'portal/officer-002' })).rejects.toThrow(
      /--case REFERENCE and --second OFFICER/,
    );
  });
});
