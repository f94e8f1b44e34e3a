import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type Reply, type TestApplication, type TestGateway } from './test-gateway.ts';

/** One document with fields of all four registers, sent by everybody. */
const EVERYTHING = `query Everything($id: IdNumber!) {
  resident(idNumber: $id) {
    idNumber fullName dateOfBirth sex phone religion
    currentResidence { province commune street }
    mother { idNumber fullName mother { fullName religion } }
    birthRecord { registeredOn mother { fullName } }
    coverage { cardNumber validFrom validTo objectCode }
    visits { facility diagnosisCode }
    enrolments { school }
    examResults { subject score }
  }
}`;

type Person = Record<string, unknown> & { currentResidence?: Record<string, unknown> | null };

/** What each application gets of the person: field to `given` (a value or an honest null), or the code that withholds it. */
const EXPECTED: Readonly<Partial<Record<TestApplication, Readonly<Record<string, string>>>>> = {
  'hospital-counter': {
    fullName: 'given',
    dateOfBirth: 'given',
    sex: 'given',
    phone: 'CONSENT_REQUIRED',
    religion: 'FIELD_NOT_PERMITTED',
    'currentResidence.province': 'given',
    'currentResidence.commune': 'FIELD_NOT_PERMITTED',
    'currentResidence.street': 'FIELD_NOT_PERMITTED',
    mother: 'FIELD_NOT_PERMITTED',
    birthRecord: 'FIELD_NOT_PERMITTED',
    'coverage.cardNumber': 'given',
    'coverage.objectCode': 'FIELD_NOT_PERMITTED',
    visits: 'CONSENT_REQUIRED',
    enrolments: 'FIELD_NOT_PERMITTED',
    examResults: 'FIELD_NOT_PERMITTED',
  },
  'university-admissions': {
    fullName: 'given',
    dateOfBirth: 'given',
    sex: 'given',
    phone: 'CONSENT_REQUIRED',
    religion: 'FIELD_NOT_PERMITTED',
    currentResidence: 'CONSENT_REQUIRED',
    mother: 'FIELD_NOT_PERMITTED',
    birthRecord: 'FIELD_NOT_PERMITTED',
    coverage: 'FIELD_NOT_PERMITTED',
    visits: 'FIELD_NOT_PERMITTED',
    enrolments: 'given',
    examResults: 'given',
  },
  'bank-teller': {
    fullName: 'FIELD_NOT_PERMITTED',
    dateOfBirth: 'FIELD_NOT_PERMITTED',
    sex: 'FIELD_NOT_PERMITTED',
    phone: 'CONSENT_REQUIRED',
    religion: 'FIELD_NOT_PERMITTED',
    currentResidence: 'FIELD_NOT_PERMITTED',
    mother: 'FIELD_NOT_PERMITTED',
    birthRecord: 'FIELD_NOT_PERMITTED',
    coverage: 'FIELD_NOT_PERMITTED',
    visits: 'FIELD_NOT_PERMITTED',
    enrolments: 'FIELD_NOT_PERMITTED',
    examResults: 'FIELD_NOT_PERMITTED',
  },
  'police-residence': {
    fullName: 'given',
    dateOfBirth: 'given',
    sex: 'given',
    phone: 'given',
    religion: 'FIELD_NOT_PERMITTED',
    currentResidence: 'given',
    'mother.idNumber': 'given',
    'mother.fullName': 'given',
    'birthRecord.registeredOn': 'given',
    coverage: 'FIELD_NOT_PERMITTED',
    visits: 'FIELD_NOT_PERMITTED',
    enrolments: 'FIELD_NOT_PERMITTED',
    examResults: 'FIELD_NOT_PERMITTED',
  },
};

let gateway: TestGateway;
let id: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  id = (await gateway.citizens(40)).at(-1) ?? '';
});
afterAll(async () => gateway[Symbol.asyncDispose]());

function personOf(reply: Reply): Person {
  return (reply.data?.['resident'] ?? {}) as Person;
}

function valueAt(data: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Person | null | undefined)?.[key], data);
}

/** Errors of missing consent are about one person each; the others are true of everybody. */
function namesOf(path: readonly (string | number)[] | undefined): readonly unknown[] {
  return (path ?? []).filter((part) => typeof part === 'string');
}

function expectGiven(reply: Reply, expected: Readonly<Record<string, string>>, root = 'resident'): void {
  for (const [field, outcome] of Object.entries(expected)) {
    const path = [root, ...field.split('.')];
    const codes = reply.errors
      .filter((error) => JSON.stringify(namesOf(error.path)) === JSON.stringify(path))
      .map((error) => error.extensions.code);
    if (outcome === 'given') {
      expect(codes, field).toEqual([]);
      expect(valueAt(reply.data, path), field).not.toBeUndefined();
    } else {
      expect(codes, field).toEqual([outcome]);
      expect(valueAt(reply.data, path), field).toBeNull();
    }
  }
}

describe.each(Object.entries(EXPECTED) as [TestApplication, Readonly<Record<string, string>>][])('%s', (application, expected) => {
  test('gets from one document over four registers exactly what the table gives it', async () => {
    const reply = await gateway.ask(application, EVERYTHING, { id });
    expect(reply.status).toBe(200);
    expectGiven(reply, expected);
    expect(personOf(reply)['idNumber']).toBe(id);
    expect(reply.extensions.disclosure?.record).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('gets the same through aliases, fragments and variables', async () => {
    const reply = await gateway.ask(
      application,
      `query ($id: IdNumber!, $no: Boolean = false) {
        resident: residents(idNumbers: [$id]) { idNumber ...all ... on Resident { phone ...inner } belief: religion @skip(if: $no) }
      }
      fragment all on Resident { fullName dateOfBirth sex currentResidence { ... on Address { province commune street } } }
      fragment inner on Resident { mother { idNumber fullName } visits { facility } coverage { cardNumber objectCode } enrolments { school }
        examResults { score } birthRecord { registeredOn } }`,
      { id },
    );
    expect(reply.status).toBe(200);
    const [person] = (reply.data?.['resident'] ?? []) as Person[];
    const { religion, ...others } = expected;
    expectGiven({ ...reply, data: { resident: person } }, others);
    expect(person?.['belief']).toBeNull();
    expect(reply.errors.find((error) => error.path?.join('.') === 'resident.belief')?.extensions.code).toBe(religion);
  });
});

test('four applications get four different answers to the same text', async () => {
  const replies = await Promise.all(
    (Object.keys(EXPECTED) as TestApplication[]).map(async (application) => gateway.ask(application, EVERYTHING, { id })),
  );
  expect(new Set(replies.map((reply) => JSON.stringify(reply.data))).size).toBe(4);
});

test('the bank verifies without seeing: match or no match, of age or not', async () => {
  const police = await gateway.ask('police-residence', EVERYTHING, { id });
  const { fullName, dateOfBirth } = personOf(police);
  const query = `query ($input: VerifyIdentityInput!, $id: IdNumber!, $age: Int = 18) {
    verifyIdentity(input: $input) { fullName dateOfBirth } resident(idNumber: $id) { isAtLeast(age: $age) }
  }`;
  const right = await gateway.ask('bank-teller', query, { id, input: { idNumber: id, fullName, dateOfBirth } });
  expect(right.errors).toEqual([]);
  expect(right.data).toEqual({ verifyIdentity: { fullName: 'MATCH', dateOfBirth: 'MATCH' }, resident: { isAtLeast: true } });

  const wrong = await gateway.ask('bank-teller', query, { id, input: { idNumber: id, fullName: 'Không Phải Người Này', dateOfBirth } });
  expect(wrong.data?.['verifyIdentity']).toEqual({ fullName: 'NO_MATCH', dateOfBirth: 'NO_MATCH' });

  const anotherAge = await gateway.ask('bank-teller', query, { id, age: 30, input: { idNumber: id, fullName, dateOfBirth } });
  expect(anotherAge.data?.['resident']).toEqual({ isAtLeast: null });
  expect(anotherAge.errors.map((error) => error.extensions.code)).toEqual(['FIELD_NOT_PERMITTED']);
});

test('a number that nobody has shows as such only where law gives identity', async () => {
  const nobody = '001099999999';
  const query = 'query ($id: IdNumber!) { resident(idNumber: $id) { idNumber isAtLeast(age: 18) } }';
  expect((await gateway.ask('hospital-counter', query, { id: nobody })).data).toEqual({ resident: null });
  expect((await gateway.ask('bank-teller', query, { id: nobody })).data).toEqual({ resident: { idNumber: nobody, isAtLeast: false } });
});

test('an emergency opens what a permit for emergencies names, and nothing else', async () => {
  const reply = await gateway.ask('hospital-counter', EVERYTHING, { id }, { 'x-emergency': 'unconscious patient' });
  expectGiven(reply, { visits: 'given', phone: 'CONSENT_REQUIRED', religion: 'FIELD_NOT_PERMITTED' });
  const [last] = (await gateway.records()).filter((record) => record.kind === 'disclosure' && record.emergency !== null);
  expect(last?.emergency).toBe('unconscious patient');
  expectGiven(await gateway.ask('police-residence', EVERYTHING, { id }, { 'x-emergency': 'unconscious' }), {
    visits: 'FIELD_NOT_PERMITTED',
  });
});

test('a request of which nothing is left is refused with 403 and without data, and is recorded', async () => {
  const before = (await gateway.records()).length;
  const reply = await gateway.ask(
    'hospital-counter',
    'query ($id: IdNumber!) { resident(idNumber: $id) { religion examResults { score } } }',
    { id },
  );
  expect(reply.status).toBe(403);
  expect(JSON.parse(reply.text)).not.toHaveProperty('data');
  expect(reply.errors.map((error) => error.extensions.code).toSorted()).toEqual(['FIELD_NOT_PERMITTED', 'FIELD_NOT_PERMITTED']);
  const records = await gateway.records();
  expect(records.length).toBe(before + 1);
  expect(records.at(-1)).toMatchObject({ kind: 'refusal', application: 'hospital-counter', code: 'FIELD_NOT_PERMITTED' });
});

test('x-on-refusal: reject refuses the whole request instead of thinning it', async () => {
  const query = 'query ($id: IdNumber!) { resident(idNumber: $id) { fullName religion } }';
  const asked = gateway.requests.length;
  const reply = await gateway.ask('hospital-counter', query, { id }, { 'x-on-refusal': 'reject' });
  expect(reply.status).toBe(403);
  expect(reply.data).toBeUndefined();
  expect(gateway.requests.length).toBe(asked);
});

test('the record names fields and a pseudonym, never a value', async () => {
  const reply = await gateway.ask('police-residence', EVERYTHING, { id }, { 'x-officer': 'officer-9x', 'x-case': 'case-77' });
  const record = (await gateway.records()).find((candidate) => candidate.id === reply.extensions.disclosure?.record);
  expect(record).toMatchObject({
    kind: 'disclosure',
    application: 'police-residence',
    agency: 'police',
    officer: 'officer-9x',
    case: 'case-77',
    purpose: 'residence.management',
  });
  expect(record?.persons.some((entry) => entry.released.includes('Resident.phone'))).toBe(true);
  expect(record?.persons.every((entry) => entry.pseudonyms.every((pseudonym) => /^[0-9a-f]{32}$/.test(pseudonym)))).toBe(true);
  const text = JSON.stringify(record);
  expect(text).not.toContain(id);
  expect(text).not.toContain(String(personOf(reply)['fullName']));
  expect(record?.withheld).toContainEqual({ coordinate: 'Resident.religion', code: 'FIELD_NOT_PERMITTED' });
});

test('relatives are persons of their own in the record', async () => {
  const reply = await gateway.ask('police-residence', EVERYTHING, { id });
  const record = (await gateway.records()).find((candidate) => candidate.id === reply.extensions.disclosure?.record);
  const mother = personOf(reply)['mother'] as { mother: object | null } | null;
  const persons = 1 + (mother === null ? 0 : 1) + (mother?.mother ? 1 : 0);
  expect(new Set(record?.persons.flatMap((entry) => entry.pseudonyms)).size).toBe(persons);
});

test('a person whom @skip leaves out was not asked for, and does not stand in the record', async () => {
  const [other = ''] = (await gateway.citizens(2)).filter((citizen) => citizen !== id);
  const query = `query ($a: IdNumber!, $b: IdNumber!, $skipped: Boolean!) {
    resident(idNumber: $a) { fullName } other: resident(idNumber: $b) @skip(if: $skipped) { fullName }
  }`;
  const personsOf = async (skipped: boolean): Promise<number> => {
    const reply = await gateway.ask('hospital-counter', query, { a: id, b: other, skipped });
    const record = (await gateway.records()).find((candidate) => candidate.id === reply.extensions.disclosure?.record);
    return new Set(record?.persons.flatMap((entry) => entry.pseudonyms)).size;
  };
  expect(await personsOf(false)).toBe(2);
  expect(await personsOf(true)).toBe(1);
});
