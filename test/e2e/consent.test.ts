import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { consentGive, consentList, consentWithdraw } from '../../gateway/admin/commands/consent.ts';
import { startTestGateway, type TestGateway } from './test-gateway.ts';

const QUERY = 'query ($ids: [IdNumber!]!) { residents(idNumbers: $ids) { fullName phone } }';
/** Twelve digits that nobody has: the province 000 does not exist. */
const NOBODY = '000099000001';

describe('consent of people', () => {
  let gateway: TestGateway;
  let people: readonly string[];

  beforeAll(async () => {
    gateway = await startTestGateway();
    people = await gateway.citizens(12);
  });
  afterAll(async () => gateway[Symbol.asyncDispose]());

  const person = (index: number): string => people[index] ?? '';
  const consent = (id: string, more: { agency?: string; purpose?: string; group?: string[]; until?: string } = {}) => ({
    person: id,
    agency: 'hospital',
    purpose: 'health.check-in',
    group: ['residents.contact'],
    ...more,
  });
  const phones = async (ids: readonly string[], headers: Record<string, string> = {}) => {
    const reply = await gateway.ask('hospital-counter', QUERY, { ids }, headers);
    return { reply, phones: ((reply.data?.['residents'] ?? []) as { phone: string | null }[]).map(({ phone }) => phone) };
  };

  test('nobody has consented to anything, and nothing is asked for it', async () => {
    const before = gateway.requests.length;
    const { reply, phones: given } = await phones([person(0), person(1)]);
    expect(given).toEqual([null, null]);
    expect(reply.errors.map(({ path, extensions }) => [path?.join('.'), extensions.code])).toEqual([
      ['residents.0.phone', 'CONSENT_REQUIRED'],
      ['residents.1.phone', 'CONSENT_REQUIRED'],
    ]);
    expect(gateway.requests.slice(before).some(({ coordinates }) => coordinates.has('Resident.phone'))).toBe(false);
  });

  test('who gives it shows the field, and nobody else does; who withdraws it does not', async () => {
    const { settings, output } = gateway.admin();
    await consentGive(settings, consent(person(0)));
    expect(output()).toContain('Bệnh viện được xem: số điện thoại.');
    expect(output()).toContain('Hospital may see: phone number.');
    const { reply, phones: given } = await phones([person(0), person(1)]);
    expect(given).toEqual([expect.stringMatching(/^0\d{9}$/), null]);
    const asked = gateway.requests.filter(({ coordinates }) => coordinates.has('Resident.phone'));
    expect(asked.flatMap(({ variables }) => variables['representations'])).toEqual([{ __typename: 'Resident', idNumber: person(0) }]);
    const [record] = (await gateway.records()).filter(({ id }) => id === reply.extensions.disclosure?.record);
    expect(record?.consents).toHaveLength(1);
    expect(
      record?.persons.map(({ released, withheld }) => [released.includes('Resident.phone'), withheld.includes('Resident.phone')]),
    ).toEqual(
      expect.arrayContaining([
        [true, false],
        [false, true],
      ]),
    );
    await consentWithdraw(settings, consent(person(0)));
    expect((await phones([person(0), person(1)])).phones).toEqual([null, null]);
    await consentList(settings, { person: person(0) });
    expect(output()).toContain('ENDED');
  });

  test('who has given all that is asked for is fetched in one call, as if by law', async () => {
    const { settings } = gateway.admin();
    await consentGive(settings, consent(person(10)));
    const before = gateway.requests.length;
    await phones([person(10)]);
    const asked = gateway.requests.slice(before).map(({ coordinates }) => [...coordinates]);
    expect(asked.length).toBeGreaterThan(0);
    for (const coordinates of asked) expect(coordinates).toEqual(expect.arrayContaining(['Resident.fullName', 'Resident.phone']));
  });

  test('consent to one agency and purpose is none to another', async () => {
    const { settings } = gateway.admin();
    await consentGive(settings, consent(person(2)));
    const bank = await gateway.ask('bank-teller', 'query ($id: IdNumber!) { resident(idNumber: $id) { phone } }', { id: person(2) });
    expect(bank.data).toEqual({ resident: { phone: null } });
    expect(bank.errors.map(({ extensions }) => extensions.code)).toEqual(['CONSENT_REQUIRED']);
  });

  test('an unknown number and one without consent are answered alike, byte for byte', async () => {
    const ask = async (id: string) =>
      gateway.ask('bank-teller', 'query ($id: IdNumber!) { resident(idNumber: $id) { idNumber phone } }', { id });
    const plain = ({ text, extensions }: Awaited<ReturnType<typeof ask>>, id: string) =>
      text.replaceAll(id, 'ID').replaceAll(extensions.disclosure?.record ?? 'none', 'RECORD');
    expect(plain(await ask(NOBODY), NOBODY)).toBe(plain(await ask(person(3)), person(3)));
    // A consent for a number that nobody has is taken, and gives a null like an empty register.
    await consentGive(gateway.admin().settings, consent(NOBODY, { agency: 'bank', purpose: 'bank.customer-verification' }));
    expect((await ask(NOBODY)).data).toEqual({ resident: { idNumber: NOBODY, phone: null } });
  });

  test('in an emergency the law gives visits without consent, and nothing more', async () => {
    const query = 'query ($id: IdNumber!) { resident(idNumber: $id) { visits { facility } phone } }';
    const calm = await gateway.ask('hospital-counter', query, { id: person(4) });
    expect(calm.data).toEqual({ resident: { visits: null, phone: null } });
    const urgent = await gateway.ask('hospital-counter', query, { id: person(4) }, { 'x-emergency': 'unconscious' });
    expect(urgent.errors.map(({ path }) => path?.join('.'))).toEqual(['resident.phone']);
  });

  test('a caller that wants all or nothing gets nothing', async () => {
    const { reply } = await phones([person(5)], { 'x-on-refusal': 'reject' });
    expect([reply.status, reply.data, reply.errors[0]?.extensions.code]).toEqual([403, undefined, 'CONSENT_REQUIRED']);
  });

  test.each([
    [{ group: ['residents.belief'] }, /nothing to consent to/],
    [{ group: ['residents.contacts'] }, /no group/],
    [{ agency: 'bank' }, /nothing to consent to/],
    [{ purpose: 'health' }, /no purpose/],
    [{ until: '2020-01-01' }, /is over/],
    [{ until: '2099-01-01' }, /five years/],
  ])('what cannot be consented to is refused with what to do: %o', async (more, message) => {
    await expect(consentGive(gateway.admin().settings, consent(person(6), more))).rejects.toThrow(message);
  });

  test('one statement looks up everybody who is asked for, however many', async () => {
    /** The fewest that any of twenty such requests needed: the gateway's timers ask the same database, and only ever add. */
    const fewest = async (ids: readonly string[]): Promise<number> => {
      const counts: number[] = [];
      for (let turn = 0; turn < 20; turn += 1) {
        const before = gateway.database.statements;
        await phones(ids);
        counts.push(gateway.database.statements - before);
      }
      return Math.min(...counts);
    };
    // The consents and the record.
    expect(await fewest([person(7)])).toBe(2);
    expect(await fewest(people)).toBe(2);
  });

  test('a withdrawal holds for the next request, every time', async () => {
    const { settings } = gateway.admin();
    for (let turn = 0; turn < 25; turn += 1) {
      await consentGive(settings, consent(person(8)));
      expect((await phones([person(8)])).phones[0]).not.toBeNull();
      await consentWithdraw(settings, consent(person(8)));
      expect((await phones([person(8)])).phones).toEqual([null]);
    }
  });

  test('matching an identity stops after the tries of a day, for a number that nobody has too', async () => {
    const query =
      'query ($id: IdNumber!, $born: Date!) { verifyIdentity(input: { idNumber: $id, fullName: "Trần Văn Thử", dateOfBirth: $born }) { fullName } }';
    for (const id of [person(9), NOBODY]) {
      const codes: (string | undefined)[] = [];
      for (const born of ['1990-01-01', '1990-01-02', '1990-01-03', '1990-01-03', '1990-01-04', '1990-01-01']) {
        const { errors } = await gateway.ask('bank-teller', query, { id, born });
        codes.push(errors[0]?.extensions.code);
      }
      expect(codes).toEqual([undefined, undefined, undefined, undefined, 'PROBES_USED_UP', undefined]);
    }
  });
});
