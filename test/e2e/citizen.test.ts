import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPopulation, type Person } from '../../subgraphs/population.ts';
import { consentGive, consentList } from '../../gateway/admin/commands/consent.ts';
import { TEST_CITIZENS, TEST_SEED } from './registers.ts';
import { startTestGateway, type Reply, type TestGateway } from './test-gateway.ts';
import { numbersIn } from './numbers.ts';

const DAY_MS = 86_400_000;
// Tokens are signed by the clock of the machine, so the gateway's goes on with it.
const ahead = { ms: 0 };
const now = (): number => Date.now() + ahead.ms;
let gateway: TestGateway;
let me: string;
let other: string;
beforeAll(async () => {
  gateway = await startTestGateway({ clock: now });
  [me = '', other = ''] = await gateway.citizens(2);
});
afterAll(async () => gateway[Symbol.asyncDispose]());

interface Change {
  readonly refusal: string | null;
  readonly consent: { readonly id: string; readonly groups: readonly { name: string; status: string; validUntil: string }[] } | null;
  readonly withdrawn: readonly string[] | null;
}

/** Asks as a citizen who logged in, with the level. */
async function as(citizen: string, query: string, variables: Record<string, unknown> = {}, level: 1 | 2 = 2): Promise<Reply> {
  return gateway.askAs({ app: 'citizen-portal', who: citizen, level }, 'citizen.self-service', query, variables);
}

const CHANGE = 'refusal consent { id groups { name status validUntil } } withdrawn';

async function change(citizen: string, field: 'giveConsent' | 'withdrawConsent' | 'extendConsent', input: object): Promise<Change> {
  const type = `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`;
  const reply = await as(citizen, `mutation ($input: ${type}!) { ${field}(input: $input) { ${CHANGE} } }`, { input });
  expect(reply).toMatchObject({ status: 200, errors: [] });
  return reply.data?.[field] as Change;
}

const HOSPITAL = { agency: 'hospital', purpose: 'health.check-in' };
const CONTACT = { ...HOSPITAL, groups: ['residents.contact'] };
const VISITS = { ...HOSPITAL, groups: ['health-insurance.visits'] };

async function phoneAtHospital(idNumber: string): Promise<unknown> {
  const query = 'query ($id: IdNumber!) { resident(idNumber: $id) { phone } }';
  const { data } = await gateway.ask('hospital-counter', query, { id: idNumber });
  return (data?.['resident'] as { phone: unknown } | null)?.phone ?? null;
}

describe('a citizen who is logged in', () => {
  test('sees their own data and nobody else’s, and the registers are asked for nobody else', async () => {
    gateway.requests.length = 0;
    const reply = await as(me, '{ me { idNumber fullName currentResidence { province } mother { fullName idNumber } } }');
    expect(reply.data?.['me']).toMatchObject({ idNumber: me, fullName: expect.any(String), mother: null });
    expect(reply.errors.map(({ path }) => path?.join('.'))).toEqual(['me.mother.fullName', 'me.mother.idNumber']);
    const asked = gateway.requests.flatMap(({ body }) => numbersIn(JSON.stringify(body)));
    expect(new Set(asked)).toEqual(new Set([me]));
  });

  test('stands in the record as who was asked for', async () => {
    const before = (await gateway.records()).length;
    await as(me, '{ me { fullName } }');
    const [record] = (await gateway.records()).slice(before);
    expect(record).toMatchObject({ application: 'citizen-portal', officer: 'citizen', assurance: 2, kind: 'disclosure' });
    expect(record?.persons).toHaveLength(1);
    expect(JSON.stringify(record)).not.toContain(me);
  });

  test('needs level 2 for data and level 1 for withdrawing', async () => {
    const own = await as(me, '{ me { fullName consents { id } } }', {}, 1);
    expect(own.errors.map(({ extensions }) => extensions.code)).toEqual(['ASSURANCE_TOO_LOW']);
    expect(own.data?.['me']).toMatchObject({ fullName: null, consents: expect.any(Array) });
    const give = `mutation ($input: GiveConsentInput!) { giveConsent(input: $input) { refusal } }`;
    expect(await as(me, give, { input: CONTACT }, 1)).toMatchObject({
      status: 403,
      errors: [{ extensions: { code: 'ASSURANCE_TOO_LOW' } }],
    });
    const withdraw = `mutation ($input: WithdrawConsentInput!) { withdrawConsent(input: $input) { refusal } }`;
    expect(await as(me, withdraw, { input: HOSPITAL }, 1)).toMatchObject({ status: 200, data: { withdrawConsent: { refusal: null } } });
  });

  test.each([
    ['looks nobody up', '{ resident(idNumber: "$other") { fullName } }'],
    ['reaches no consents of a relative', '{ me { mother { consents { id } } } }'],
  ])('%s', async (_, query) => {
    const reply = await as(me, query.replace('$other', other));
    expect(reply.errors.some(({ extensions }) => extensions.code === 'FIELD_NOT_PERMITTED')).toBe(true);
    expect(reply.text).not.toMatch(/"fullName":"|"id":"/);
  });

  test('is not "me" to an agency’s application', async () => {
    const reply = await gateway.ask('hospital-counter', '{ me { fullName } }');
    expect(reply).toMatchObject({ status: 403, errors: [{ extensions: { code: 'FIELD_NOT_PERMITTED' } }] });
  });
});

describe('consent by the citizen', () => {
  test('shows the field to the agency for that person only, until it is withdrawn', async () => {
    expect(await phoneAtHospital(me)).toBeNull();
    const given = await change(me, 'giveConsent', CONTACT);
    expect(given).toMatchObject({ refusal: null, consent: { groups: [{ name: 'residents.contact', status: 'GIVEN' }] } });
    expect(await phoneAtHospital(me)).toEqual(expect.any(String));
    expect(await phoneAtHospital(other)).toBeNull();
    expect(await change(me, 'withdrawConsent', HOSPITAL)).toMatchObject({ withdrawn: ['residents.contact'] });
    expect(await phoneAtHospital(me)).toBeNull();
  });

  test('is extended by who gave it and by nobody else', async () => {
    const { consent } = await change(me, 'giveConsent', { ...CONTACT, until: day(30) });
    const longer = { id: consent?.id, until: day(60) };
    expect(await change(other, 'extendConsent', longer)).toMatchObject({ consent: null, refusal: 'There is no consent with this id.' });
    const extended = await change(me, 'extendConsent', longer);
    expect(extended.consent?.groups[0]?.validUntil.slice(0, 10)).toBe(day(60));
    await change(me, 'withdrawConsent', HOSPITAL);
  });

  test.each([
    ['an agency that there is not', { ...CONTACT, agency: 'nobody' }, /There is no agency "nobody"/],
    ['a group that nobody asks for', { ...CONTACT, groups: ['residents.identity'] }, /No rule asks for consent/],
    ['a day that is over', { ...CONTACT, until: '2020-01-01' }, /is over/],
    ['a child of somebody else', { ...CONTACT, child: '001099000001' }, /no.* person under 18|not a person under 18/],
  ])('refuses %s and says what to do', async (_, input, message) => {
    const answer = await change(me, 'giveConsent', input);
    expect(answer.consent).toBeNull();
    expect(answer.refusal).toMatch(message);
  });

  test('is listed with its page of terms and its receipt, in both languages', async () => {
    ahead.ms += 1_000;
    await change(me, 'giveConsent', { ...HOSPITAL, groups: ['residents.contact', 'health-insurance.visits'] });
    const query =
      '{ me { consents { agency channel byRepresentative terms { vi en } receipt { record sha256 } groups { name sensitive status } } } }';
    const [newest] = ((await as(me, query)).data?.['me'] as { consents: Record<string, never>[] }).consents;
    expect(newest).toMatchObject({ agency: 'hospital', channel: 'CITIZEN', byRepresentative: false });
    expect(newest?.['terms']).toMatchObject({
      vi: expect.stringContaining('rút lại'),
      en: expect.stringContaining('Sensitive personal data'),
    });
    expect(JSON.parse((newest?.['receipt'] as { record: string } | undefined)?.record ?? '{}')).toMatchObject({
      idNumber: me,
      channel: 'citizen',
      representative: null,
      notice: { vi: expect.stringContaining('Dữ liệu cá nhân nhạy cảm') },
    });
    await change(me, 'withdrawConsent', HOSPITAL);
  });

  test('can be read before it is given, and reading notes nothing', async () => {
    const query = 'query ($input: ConsentNoticeInput!) { consentNotice(input: $input) { terms { en } refusal } }';
    const notice = await as(me, query, { input: CONTACT });
    expect(notice.data).toMatchObject({ consentNotice: { terms: { en: expect.stringContaining('Hospital may see') }, refusal: null } });
    expect((await as(me, query, { input: { ...CONTACT, purpose: 'none' } })).data).toMatchObject({
      consentNotice: { terms: null, refusal: expect.stringContaining('There is no purpose') },
    });
    expect(await phoneAtHospital(me)).toBeNull();
  });
});

describe('consent for a minor', () => {
  const { child, parent, older, olderParent, ward, guardian } = families();

  test('is given by a parent, ends on the eighteenth birthday, and the child withdraws it', async () => {
    const given = await change(parent.idNumber, 'giveConsent', { ...CONTACT, child: child.idNumber });
    expect(given.refusal).toBeNull();
    const listed = await as(parent.idNumber, 'query ($c: IdNumber!) { childConsents(child: $c) { byRepresentative groups { status } } }', {
      c: child.idNumber,
    });
    expect(listed.data?.['childConsents']).toEqual([{ byRepresentative: true, groups: [{ status: 'GIVEN' }] }]);
    expect(await change(child.idNumber, 'withdrawConsent', HOSPITAL)).toMatchObject({ withdrawn: ['residents.contact'] });
  });

  test('is given by a guardian', async () => {
    expect((await change(guardian.idNumber, 'giveConsent', { ...CONTACT, child: ward.idNumber })).refusal).toBeNull();
  });

  test('is not given by the child, nor by a stranger, and a stranger’s question tells nothing', async () => {
    expect((await change(child.idNumber, 'giveConsent', CONTACT)).refusal).toMatch(/parent or guardian/);
    const refusals = await Promise.all(
      [child.idNumber, other, '001099000001'].map(async (of) => (await change(me, 'giveConsent', { ...CONTACT, child: of })).refusal),
    );
    expect(new Set(refusals).size).toBe(1);
    const stranger = await as(me, 'query ($c: IdNumber!) { childConsents(child: $c) { id } }', { c: child.idNumber });
    expect(stranger.data?.['childConsents']).toEqual([]);
  });

  test('needs the child’s own agreement to sensitive data from the age of seven', async () => {
    const input = { ...VISITS, child: older.idNumber };
    expect((await change(olderParent.idNumber, 'giveConsent', input)).refusal).toMatch(/From the age of seven/);
    const given = await change(olderParent.idNumber, 'giveConsent', { ...input, until: day(1_500), childAgreement: 'form 17' });
    expect(given.refusal).toBeNull();
    const birthday = `${Number(older.dateOfBirth.slice(0, 4)) + 18}${older.dateOfBirth.slice(4)}`;
    expect(Date.parse(given.consent?.groups[0]?.validUntil ?? '')).toBe(Date.parse(`${birthday}T00:00:00+07:00`));
  });

  test('is given at a counter with the parent named, and not without', async () => {
    const { settings, output } = gateway.admin();
    const options = { person: child.idNumber, agency: 'hospital', purpose: 'health.check-in', group: ['residents.contact'] };
    await expect(consentGive(settings, options)).rejects.toThrow('parent or guardian');
    await expect(consentGive(settings, { ...options, representative: other })).rejects.toThrow('not a person under 18');
    await consentGive(settings, { ...options, representative: parent.idNumber });
    await consentList(settings, { person: child.idNumber });
    expect(output()).toContain('GIVEN');
  });
});

/** A small child and one of 14 to 17, each with a living mother; and a ward with the guardian. */
function families(): Record<'child' | 'parent' | 'older' | 'olderParent' | 'ward' | 'guardian', Person> {
  const population = createPopulation({ seed: TEST_SEED, size: TEST_CITIZENS });
  const find = (from: number, to: number, who: 'motherIndex' | 'guardianIndex'): [Person, Person] => {
    for (const person of population.people()) {
      const years = (Date.now() - Date.parse(person.dateOfBirth)) / (365.25 * DAY_MS);
      const index = person[who];
      const other = index === null || person.status !== 'ALIVE' ? undefined : population.person(index);
      if (years >= from && years < to && other?.status === 'ALIVE') return [person, other];
    }
    throw new Error('The synthetic population has children with mothers and wards with guardians.');
  };
  const [child, parent] = find(1, 6, 'motherIndex');
  const [older, olderParent] = find(14, 17, 'motherIndex');
  const [ward, guardian] = find(1, 17, 'guardianIndex');
  return { child, parent, older, olderParent, ward, guardian };
}

/** The day so many days from now, in Vietnam. */
function day(days: number): string {
  return new Date(now() + 7 * 3_600_000 + days * DAY_MS).toISOString().slice(0, 10);
}
