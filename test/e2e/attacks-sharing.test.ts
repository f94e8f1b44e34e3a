import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PURPOSES, startTestGateway, type Reply, type TestApplication, type TestGateway } from './test-gateway.ts';

type Fields = Record<string, unknown>;

let gateway: TestGateway;
let ids: readonly string[];
let id: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  ids = await gateway.citizens(12);
  id = ids[0] ?? '';
});
afterAll(async () => gateway[Symbol.asyncDispose]());

const NOBODY = '001099999999';
const APPLICATIONS: readonly TestApplication[] = [
  'hospital-counter',
  'university-admissions',
  'bank-teller',
  'ward-office',
  'police-residence',
];
const EVERYTHING = `query ($ids: [IdNumber!]!) { residents(idNumbers: $ids) {
  idNumber fullName dateOfBirth phone religion currentResidence { province street } mother { idNumber phone }
  birthRecord { registeredOn } coverage { cardNumber objectCode } examResults { score } isAtLeast(age: 18)
} }`;

/** An answer without what differs every time. */
function lasting(reply: Reply): unknown {
  return { status: reply.status, data: reply.data, errors: reply.errors };
}

function entriesOf(reply: Reply): readonly (Fields | null)[] {
  return reply.data?.['residents'] as readonly (Fields | null)[];
}

describe('getting what another one was given', () => {
  test('the same text of all agencies at once gives each what it gets alone (apollographql/apollo-server, CVE-2025-31485)', async () => {
    const alone = new Map<TestApplication, unknown>();
    for (const application of APPLICATIONS) alone.set(application, lasting(await gateway.ask(application, EVERYTHING, { ids })));
    expect(new Set([...alone.values()].map((answer) => JSON.stringify(answer))).size).toBe(4);
    const rounds = Array.from({ length: 8 }, () => APPLICATIONS).flat();
    const replies = await Promise.all(rounds.map(async (application) => lasting(await gateway.ask(application, EVERYTHING, { ids }))));
    for (const [index, application] of rounds.entries()) expect(replies[index], application).toEqual(alone.get(application));
  });

  test('a text never seen, sent by all agencies at the same moment, is planned for each of them', async () => {
    const text = EVERYTHING.replace('religion', 'religion sex otherNames');
    const first = await Promise.all(APPLICATIONS.map(async (application) => gateway.ask(application, text, { ids })));
    for (const [index, application] of APPLICATIONS.entries()) {
      const again = await gateway.ask(application, text, { ids });
      expect(lasting(first[index] as Reply), application).toEqual(lasting(again));
    }
    const [hospital, , bank, , police] = first.map((reply) => entriesOf(reply)[0] ?? {});
    expect(hospital).toMatchObject({ sex: expect.any(String), phone: null, mother: null, coverage: { objectCode: null } });
    expect(bank).toMatchObject({ fullName: null, sex: null, phone: null, isAtLeast: true });
    expect(police).toMatchObject({ phone: expect.any(String), coverage: null, religion: null });
  });

  test('an emergency of one does not open anything for the next', async () => {
    const query = 'query ($id: IdNumber!) { resident(idNumber: $id) { idNumber visits { facility } } }';
    const emergency = { 'x-emergency': 'unconscious' };
    const asked = [undefined, emergency, undefined, emergency, undefined];
    const inTurn: Reply[] = [];
    for (const headers of asked) inTurn.push(await gateway.ask('hospital-counter', query, { id }, headers));
    const atOnce = await Promise.all(asked.map(async (headers) => gateway.ask('hospital-counter', query, { id }, headers)));
    for (const replies of [inTurn, atOnce]) {
      const opened = replies.map((reply) => Array.isArray((reply.data?.['resident'] as Fields)['visits']));
      expect(opened).toEqual(asked.map((headers) => headers !== undefined));
    }
  });

  test("a purpose, though registered, is not another application's to name", async () => {
    const query = 'query ($id: IdNumber!) { resident(idNumber: $id) { phone } }';
    await gateway.ask('police-residence', query, { id });
    for (const application of APPLICATIONS) {
      for (const purpose of Object.values(PURPOSES)) {
        if (purpose === PURPOSES[application]) continue;
        const reply = await gateway.ask(application, query, { id }, { 'x-purpose': purpose });
        expect(reply.status).toBe(403);
        expect(reply.errors[0]?.extensions.code).toBe('PURPOSE_NOT_REGISTERED');
        expect(reply.data).toBeUndefined();
      }
    }
  });

  test('a register gives one agency nothing that its loaders read for another (the dataloader README)', async () => {
    const queries: readonly [TestApplication, string][] = [
      ['bank-teller', '{ idNumber isAtLeast(age: 18) }'],
      ['hospital-counter', '{ idNumber fullName }'],
      ['police-residence', '{ idNumber fullName phone mother { phone } }'],
      ['university-admissions', '{ idNumber dateOfBirth }'],
    ];
    const expected = new Map<string, unknown>();
    const ask = async (application: TestApplication, selection: string, one: string): Promise<unknown> =>
      lasting(await gateway.ask(application, `query ($id: IdNumber!) { resident(idNumber: $id) ${selection} }`, { id: one }));
    const all = [...ids.slice(0, 4), NOBODY].flatMap((one) => queries.map(([application, selection]) => ({ application, selection, one })));
    for (const { application, selection, one } of all) expected.set(`${application} ${one}`, await ask(application, selection, one));
    const replies = await Promise.all(
      [...all, ...all.toReversed()].map(async (each) => ({ ...each, reply: await ask(each.application, each.selection, each.one) })),
    );
    for (const { application, one, reply } of replies) expect(reply).toEqual(expected.get(`${application} ${one}`));
  });
});

describe('asking for the same one more than once (CVE-2026-34972)', () => {
  test('duplicates keep their places, unknown numbers theirs', async () => {
    const asked = [ids[3], id, NOBODY, id, ids[2], ids[3], NOBODY, id] as string[];
    const reply = await gateway.ask('hospital-counter', EVERYTHING, { ids: asked });
    expect(entriesOf(reply).map((entry) => entry?.['idNumber'] ?? null)).toEqual(asked.map((one) => (one === NOBODY ? null : one)));
    const single = new Map<string, unknown>();
    for (const one of new Set(asked)) single.set(one, entriesOf(await gateway.ask('hospital-counter', EVERYTHING, { ids: [one] }))[0]);
    expect(entriesOf(reply)).toEqual(asked.map((one) => single.get(one)));
  });

  test('the same person with different arguments and different fields in one request', async () => {
    const query = `query ($id: IdNumber!, $two: [IdNumber!]!) {
      a: resident(idNumber: $id) { insured: insuredOn(date: "1900-01-01") coverage { validFrom } }
      b: resident(idNumber: $id) { insured: insuredOn(date: $date) fullName religion }
      c: residents(idNumbers: $two) { fullName insured: insuredOn(date: "1900-01-01") other: insuredOn(date: $date) }
      d: residents(idNumbers: [$id, $id]) { coverage { cardNumber } }
    }`.replace('$two: [IdNumber!]!', '$two: [IdNumber!]!, $date: Date!');
    const card = await gateway.ask(
      'hospital-counter',
      'query ($id: IdNumber!) { resident(idNumber: $id) { fullName coverage { validFrom cardNumber } } }',
      { id },
    );
    const { fullName, coverage } = card.data?.['resident'] as {
      fullName: string;
      coverage: { validFrom: string; cardNumber: string | null };
    };
    const reply = await gateway.ask('hospital-counter', query, { id, two: [id, id], date: coverage.validFrom });
    const { cardNumber, validFrom } = coverage;
    expect(reply.data).toEqual({
      a: { insured: false, coverage: { validFrom } },
      b: { insured: true, fullName, religion: null },
      c: [
        { fullName, insured: false, other: true },
        { fullName, insured: false, other: true },
      ],
      d: [{ coverage: { cardNumber } }, { coverage: { cardNumber } }],
    });
    expect(reply.errors.map(({ path }) => path)).toEqual([['b', 'religion']]);
  });

  test('the same people in batches of all agencies at once', async () => {
    const asked = [id, ids[1], id, NOBODY, ids[1]] as string[];
    const alone = new Map<TestApplication, unknown>();
    for (const application of APPLICATIONS) alone.set(application, lasting(await gateway.ask(application, EVERYTHING, { ids: asked })));
    const rounds = [...APPLICATIONS, ...APPLICATIONS, ...APPLICATIONS];
    const replies = await Promise.all(
      rounds.map(async (application) => lasting(await gateway.ask(application, EVERYTHING, { ids: asked }))),
    );
    for (const [index, application] of rounds.entries()) expect(replies[index]).toEqual(alone.get(application));
  });
});

describe('wiping out permitted siblings by a null that may not be', () => {
  test('a refused key takes its own object with it, and nothing beside it', async () => {
    const policies = await mkdtemp(join(tmpdir(), 'lien-thong-policies-'));
    await cp(join(import.meta.dirname, '..', '..', 'policies'), policies, { recursive: true });
    // A ward office that may know relatives but not who they are.
    const file = join(policies, 'ward.cedar');
    const text = await readFile(file, 'utf8');
    await writeFile(
      file,
      `${text}
@id("ward.no-numbers")
@reference("a test: nobody's number is given")
forbid (principal == Application::"ward-office", action == Action::"read", resource == Field::"Resident.idNumber");
`,
    );
    await using narrowed = await startTestGateway({ policiesDir: policies });
    const query = `query ($ids: [IdNumber!]!) { residents(idNumbers: $ids) {
      idNumber phone mother { idNumber phone fullName } father { phone fullName } birthRecord { registeredOn mother { idNumber } child { sex } }
    } }`;
    const whole = entriesOf(await gateway.ask('ward-office', query, { ids }));
    const reply = await narrowed.ask('ward-office', query, { ids });
    expect(reply.errors.map(({ path = [] }) => path.join('.')).toSorted()).toEqual([
      'residents.birthRecord.mother.idNumber',
      'residents.mother.idNumber',
    ]);
    expect(entriesOf(reply)).toEqual(
      whole.map((entry) => ({
        ...entry,
        mother: null,
        birthRecord: entry?.['birthRecord'] ? { ...(entry['birthRecord'] as Fields), mother: null } : null,
      })),
    );
    await rm(policies, { recursive: true, force: true });
  });
});
