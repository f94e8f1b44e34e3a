import { describe, expect, it } from 'vitest';
import { usePolicies } from '../../gateway/policy/load.ts';
import { readPolicySet } from '../../gateway/policy/policy-set.ts';
import { asked, load, permit, policyDirectory, SMALL_SUPERGRAPH } from './small-graph.ts';

const DESK = 'principal == Application::"desk", action == Action::"read"';
const CONSENT = '@basis("CONSENT")';

describe('a decision', () => {
  it('gives by law with the basis, the reference and the id of the permit', async () => {
    const { decide } = await load(permit('desk.identity', `${DESK}, resource in Group::"people.identity"`));
    expect(decide(asked(), 'Person.name', {})).toEqual({
      kind: 'permitted',
      law: { policyId: 'desk.identity', basis: 'ART_19_1_C', reference: 'Law 1/2026/QH16', transform: undefined },
      consent: undefined,
      expiresAtMs: Infinity,
    });
  });

  it('refuses what no permit matches, and names no policy', async () => {
    const { decide } = await load(permit('desk.identity', `${DESK}, resource in Group::"people.identity"`));
    const refused = { kind: 'refused', code: 'FIELD_NOT_PERMITTED', policies: [], expiresAtMs: Infinity };
    expect(decide(asked(), 'Person.visits', {})).toEqual(refused);
    expect(decide(asked({ application: 'portal' }), 'Person.name', {})).toEqual(refused);
    expect(decide(asked({ action: 'aggregate' }), 'Person.name', {})).toEqual(refused);
    expect(decide(asked({ purpose: 'research' }), 'Person.name', {})).toEqual(refused);
  });

  it('refuses coordinates, applications and purposes that nobody registered, whatever the policies say', async () => {
    const { decide } = await load(permit('everything', 'principal, action, resource', { when: 'true || context.emergency' }));
    expect(decide(asked(), 'Person.name', {}).kind).toBe('permitted');
    expect(decide(asked(), 'Query.person', {}).kind).toBe('permitted');
    for (const coordinate of ['Person.note', 'Person.nothing', 'Address.street', 'Nobody.name', '__proto__', 'constructor', '']) {
      expect(decide(asked(), coordinate, {}).kind).toBe('refused');
    }
    expect(decide(asked({ application: 'stranger' }), 'Person.name', {}).kind).toBe('refused');
    expect(decide(asked({ application: '__proto__' }), 'Person.name', {}).kind).toBe('refused');
    expect(decide(asked({ application: 'portal', purpose: 'research' }), 'Person.name', {}).kind).toBe('refused');
  });

  it('lets a forbid win and names it', async () => {
    const { decide } = await load(
      permit('all-people', `${DESK}, resource in Register::"people"`) +
        '@id("no-sensitive") @reference("Decree 356/2025/NĐ-CP art. 4") forbid(principal, action, resource) when { resource.class == "SENSITIVE" };',
    );
    expect(decide(asked(), 'Person.name', {}).kind).toBe('permitted');
    expect(decide(asked(), 'Person.relatives', {})).toMatchObject({ kind: 'refused', policies: ['no-sensitive'] });
  });

  it('is a refusal when a policy fails to evaluate, where Cedar itself would allow', async () => {
    const failing = '@id("overflows") forbid(principal, action, resource) when { context.assurance + 9223372036854775807 > 0 };';
    await using directory = await policyDirectory({ 'rules.cedar': permit('all', `${DESK}, resource`) + failing });
    const set = await readPolicySet(directory.path, SMALL_SUPERGRAPH);
    if (!set.registry) throw new Error('The registry of the test must load.');
    const failed: string[] = [];
    const { decide } = usePolicies(
      { ...set, registry: set.registry },
      { clock: Date.now, decisionCacheMax: 10, onFailure: (ids) => void failed.push(...ids) },
    );
    expect(decide(asked({ assurance: 1 }), 'Person.name', {})).toEqual({
      kind: 'refused',
      code: 'FIELD_NOT_PERMITTED',
      policies: [],
      expiresAtMs: Infinity,
    });
    expect(failed).toContain('overflows');
  });

  it('knows the agency, its kind, the register, its owner and the class', async () => {
    const { decide } = await load(
      permit('by-kind', 'principal in AgencyKind::"public-service-unit", action, resource', { when: 'resource.owner == "clinic"' }) +
        permit('by-agency', 'principal in Agency::"office", action, resource in Register::"people"', {
          when: 'resource.class == "PUBLIC"',
        }),
    );
    expect(decide(asked(), 'Person.visits', {})).toMatchObject({ law: { policyId: 'by-kind' } });
    expect(decide(asked(), 'Query.clinics', {})).toMatchObject({ law: { policyId: 'by-kind' } });
    expect(decide(asked(), 'Person.name', {}).kind).toBe('refused');
    expect(decide(asked({ application: 'portal' }), 'Query.person', {})).toMatchObject({ law: { policyId: 'by-agency' } });
    expect(decide(asked({ application: 'portal' }), 'Query.matches', {}).kind).toBe('refused');
    expect(decide(asked({ application: 'portal' }), 'Query.clinics', {}).kind).toBe('refused');
  });

  it('opens in an emergency only what tests for one', async () => {
    const { decide } = await load(
      permit('visits', `${DESK}, resource in Group::"health.visits"`, { annotations: CONSENT }) +
        permit('visits-emergency', `${DESK}, resource in Group::"health.visits"`, { when: 'context.emergency' }),
    );
    expect(decide(asked(), 'Person.visits', {})).toMatchObject({ law: undefined, consent: { policyId: 'visits' } });
    expect(decide(asked({ emergency: true }), 'Person.visits', {})).toMatchObject({
      law: { policyId: 'visits-emergency' },
      consent: undefined,
    });
    expect(decide(asked({ emergency: true }), 'Person.relatives', {}).kind).toBe('refused');
  });

  it('asks for a stronger login where one would do, and only there', async () => {
    const { decide } = await load(permit('born', `${DESK}, resource == Field::"Person.born"`, { when: 'context.assurance >= 2' }));
    expect(decide(asked({ assurance: 1 }), 'Person.born', {})).toMatchObject({ kind: 'refused', code: 'ASSURANCE_TOO_LOW' });
    expect(decide(asked({ assurance: 2 }), 'Person.born', {}).kind).toBe('permitted');
    expect(decide(asked(), 'Person.name', {})).toMatchObject({ kind: 'refused', code: 'FIELD_NOT_PERMITTED' });
    expect(decide(asked({ purpose: 'research' }), 'Person.born', {})).toMatchObject({ code: 'FIELD_NOT_PERMITTED' });
  });

  it('names the forbid that a stronger login would lift', async () => {
    const { decide } = await load(
      permit('born', `${DESK}, resource == Field::"Person.born"`) +
        '@id("needs-login") forbid(principal, action, resource) unless { context.assurance >= 1 };',
    );
    expect(decide(asked(), 'Person.born', {})).toMatchObject({ code: 'ASSURANCE_TOO_LOW', policies: ['needs-login'] });
  });

  it('reads the role of the officer, who may have none', async () => {
    const { decide } = await load(
      permit('supervisor', `${DESK}, resource == Field::"Person.born"`, {
        when: 'context.officer has role && context.officer.role == "supervisor"',
      }),
    );
    expect(decide(asked({ officerRole: 'supervisor' }), 'Person.born', {}).kind).toBe('permitted');
    expect(decide(asked({ officerRole: 'counter' }), 'Person.born', {}).kind).toBe('refused');
    expect(decide(asked(), 'Person.born', {}).kind).toBe('refused');
  });
});

describe('the two rungs', () => {
  const field = `${DESK}, resource == Field::"Person.born"`;
  const law = '@basis("ART_19_1_C") @reference("Law 1")';

  it('prefer what is given whole to what is transformed', async () => {
    const { decide } = await load(
      permit('a-year', field, { annotations: `${law} @transform("year")` }) + permit('b-whole', field, { annotations: law }),
    );
    expect(decide(asked(), 'Person.born', {})).toMatchObject({ law: { policyId: 'b-whole', transform: undefined } });
  });

  it('settle equal permits by the smaller id', async () => {
    const { decide } = await load(
      ['c', 'a', 'b'].map((id) => permit(id, field, { annotations: `${law} @transform("year")` })).join('') +
        permit('z', field, { annotations: CONSENT }),
    );
    expect(decide(asked(), 'Person.born', {})).toMatchObject({ law: { policyId: 'a', transform: 'year' }, consent: { policyId: 'z' } });
  });

  it('keep consent only where it adds something', async () => {
    const { decide } = await load(permit('law', field, { annotations: law }) + permit('consent', field, { annotations: CONSENT }));
    expect(decide(asked(), 'Person.born', {})).toMatchObject({ law: { policyId: 'law' }, consent: undefined });
    const same = await load(
      permit('law', field, { annotations: `${law} @transform("year")` }) +
        permit('consent', field, { annotations: `${CONSENT} @transform("year")` }),
    );
    expect(same.decide(asked(), 'Person.born', {})).toMatchObject({ law: { policyId: 'law' }, consent: undefined });
  });
});

describe('time', () => {
  const END = Date.parse('2027-12-31T17:00:00Z'); // midnight in Vietnam, at the end of 31 December

  it('lets a permit count through the day of its @until in Vietnam and not a moment longer', async () => {
    let nowMs = END - 1;
    const { decide } = await load(
      permit('ends', `${DESK}, resource == Field::"Person.born"`, {
        annotations: '@basis("ART_19_1_C") @reference("Law 1") @until("2027-12-31")',
      }),
      { clock: () => nowMs },
    );
    expect(decide(asked(), 'Person.born', {})).toMatchObject({ kind: 'permitted', expiresAtMs: END });
    nowMs = END;
    expect(decide(asked(), 'Person.born', {})).toEqual({
      kind: 'refused',
      code: 'FIELD_NOT_PERMITTED',
      policies: [],
      expiresAtMs: Infinity,
    });
  });

  it('gives by the wider of two bounds, and without a bound what one of two permits bounds', async () => {
    const scope = 'principal == Application::"desk", action, resource == Field::"Person.name"';
    const bound = '@basis("ART_19_1_C") @reference("Law 1") @probes("3")';
    const alone = await load(permit('a.bound', scope, { annotations: bound }));
    expect(alone.decide(asked(), 'Person.name', {})).toMatchObject({ law: { policyId: 'a.bound', probesMax: 3 } });
    const both = await load(`${permit('a.bound', scope, { annotations: bound })}${permit('b.free', scope)}`);
    expect(both.decide(asked(), 'Person.name', {})).toMatchObject({ law: { policyId: 'b.free', probesMax: undefined } });
    const wider = permit('b.wider', scope, { annotations: bound.replace('3', '5') });
    const bounds = await load(`${permit('a.bound', scope, { annotations: bound })}${wider}`);
    expect(bounds.decide(asked(), 'Person.name', {})).toMatchObject({ law: { policyId: 'b.wider', probesMax: 5 } });
  });

  it('falls back to the permit that remains, and ends a decision at the earliest @until', async () => {
    let nowMs = END - 1;
    const { decide } = await load(
      permit('a-ends', `${DESK}, resource == Field::"Person.born"`, {
        annotations: '@basis("ART_19_1_C") @reference("Law 1") @until("2027-12-31")',
      }) + permit('b-stays', `${DESK}, resource == Field::"Person.born"`, { annotations: CONSENT }),
      { clock: () => nowMs },
    );
    expect(decide(asked(), 'Person.born', {})).toMatchObject({ law: { policyId: 'a-ends' }, consent: undefined, expiresAtMs: END });
    nowMs = END;
    expect(decide(asked(), 'Person.born', {})).toMatchObject({ law: undefined, consent: { policyId: 'b-stays' }, expiresAtMs: Infinity });
  });

  it('stops asking for a stronger login once the permit behind it is over', async () => {
    let nowMs = END - 1;
    const { decide } = await load(
      permit('ends', `${DESK}, resource == Field::"Person.born"`, {
        annotations: '@basis("ART_19_1_C") @reference("Law 1") @until("2027-12-31")',
        when: 'context.assurance > 0',
      }),
      { clock: () => nowMs },
    );
    expect(decide(asked(), 'Person.born', {})).toMatchObject({ code: 'ASSURANCE_TOO_LOW', expiresAtMs: END });
    nowMs = END;
    expect(decide(asked(), 'Person.born', {})).toMatchObject({ code: 'FIELD_NOT_PERMITTED' });
  });
});

describe('arguments', () => {
  const adult = permit('adult', `${DESK}, resource == Field::"Person.olderThan"`, {
    when: 'context.arguments has age && context.arguments.age == 18',
  });

  it('bound a predicate to the values that a permit allows', async () => {
    const { decide, argumentsRead } = await load(adult);
    expect([...argumentsRead]).toEqual(['age']);
    expect(decide(asked(), 'Person.olderThan', { age: 18 }).kind).toBe('permitted');
    expect(decide(asked(), 'Person.olderThan', { age: 19 }).kind).toBe('refused');
    expect(decide(asked(), 'Person.olderThan', {}).kind).toBe('refused');
  });

  it('refuse a value that is not of its type, also where only a forbid reads it', async () => {
    const { decide } = await load(
      permit('all', `${DESK}, resource`) +
        '@id("minors") forbid(principal, action, resource) when { context.arguments has age && context.arguments.age < 18 };',
    );
    expect(decide(asked(), 'Person.olderThan', { age: 18 }).kind).toBe('permitted');
    expect(decide(asked(), 'Person.olderThan', { age: 17 })).toMatchObject({ policies: ['minors'] });
    for (const age of ['17', true, 17.5, Number.NaN, 2 ** 60]) expect(decide(asked(), 'Person.olderThan', { age }).kind).toBe('refused');
  });

  it('are not looked at when no policy reads them, nor inherited from the prototype', async () => {
    const { decide } = await load(adult);
    expect(decide(asked(), 'Person.olderThan', { age: 18, strict: true, other: 'x'.repeat(5_000) }).kind).toBe('permitted');
    expect(decide(asked(), 'Person.olderThan', Object.create({ age: 18 }) as Record<string, number>).kind).toBe('refused');
  });
});
