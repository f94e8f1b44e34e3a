import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decisionKey } from '../../gateway/policy/decide.ts';
import { asked, load, permit } from './small-graph.ts';

const ANYONE = 'principal, action == Action::"read"';
const READ = new Set(['age', 'strict']);

const contexts = fc.record({
  action: fc.constantFrom('read' as const, 'write' as const, 'aggregate' as const),
  application: fc.string(),
  officerRole: fc.option(fc.string(), { nil: undefined }),
  purpose: fc.string(),
  assurance: fc.constantFrom(0 as const, 1 as const, 2 as const),
  emergency: fc.boolean(),
});
const facts = fc.dictionary(fc.constantFrom('age', 'strict', 'other'), fc.oneof(fc.string(), fc.integer(), fc.boolean()));

describe('the key of a decision', () => {
  it('is the same only for questions that are the same, whatever characters their parts hold (ATTACKS 17)', () => {
    const question = fc.tuple(contexts, fc.string(), facts);
    fc.assert(
      fc.property(question, question, ([c1, f1, a1], [c2, f2, a2]) => {
        const parts = (context: typeof c1, coordinate: string, args: typeof a1): unknown => [
          { ...context, officerRole: context.officerRole ?? null },
          coordinate,
          [...READ].map((name) => args[name] ?? null),
        ];
        const sameKey = decisionKey('v', c1, f1, READ, a1) === decisionKey('v', c2, f2, READ, a2);
        expect(sameKey).toBe(JSON.stringify(parts(c1, f1, a1)) === JSON.stringify(parts(c2, f2, a2)));
      }),
    );
  });

  it('changes with every single part of a question (ATTACKS 17)', () => {
    const base = asked();
    const keys = [
      decisionKey('v1', base, 'Person.name', READ, { age: 1 }),
      decisionKey('v2', base, 'Person.name', READ, { age: 1 }),
      decisionKey('v1', base, 'Person.born', READ, { age: 1 }),
      decisionKey('v1', base, 'Person.name', READ, { age: 2 }),
      decisionKey('v1', base, 'Person.name', READ, { age: '1' }),
      decisionKey('v1', base, 'Person.name', READ, {}),
      decisionKey('v1', asked({ action: 'write' }), 'Person.name', READ, { age: 1 }),
      decisionKey('v1', asked({ application: 'portal' }), 'Person.name', READ, { age: 1 }),
      decisionKey('v1', asked({ officerRole: 'counter' }), 'Person.name', READ, { age: 1 }),
      decisionKey('v1', asked({ purpose: 'research' }), 'Person.name', READ, { age: 1 }),
      decisionKey('v1', asked({ assurance: 1 }), 'Person.name', READ, { age: 1 }),
      decisionKey('v1', asked({ emergency: true }), 'Person.name', READ, { age: 1 }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('is blind to arguments that no policy reads', () => {
    expect(decisionKey('v', asked(), 'Person.name', READ, { other: 1 })).toBe(decisionKey('v', asked(), 'Person.name', READ, {}));
  });
});

describe('the cache of decisions', () => {
  const rules =
    permit('adult', `${ANYONE}, resource == Field::"Person.olderThan"`, {
      when: 'context.arguments has age && context.arguments.age == 18',
    }) +
    permit('desk', 'principal == Application::"desk", action == Action::"read", resource in Group::"people.identity"') +
    permit('login', `${ANYONE}, resource in Group::"health.visits"`, { when: 'context.assurance >= 1 && context.emergency' });

  it('answers a question asked again as it did at first', async () => {
    const { decide } = await load(rules);
    expect(decide(asked(), 'Person.name', {})).toBe(decide(asked(), 'Person.name', {}));
  });

  it('answers the same check with other parameters, mixed in one batch, as if each were asked alone (ATTACKS 19)', async () => {
    const shared = await load(rules);
    const one = fc.record({
      context: fc.record({
        action: fc.constantFrom('read' as const, 'write' as const),
        application: fc.constantFrom('desk', 'portal', 'stranger'),
        officerRole: fc.constantFrom(undefined, 'counter'),
        purpose: fc.constantFrom('care', 'research'),
        assurance: fc.constantFrom(0 as const, 1 as const, 2 as const),
        emergency: fc.boolean(),
      }),
      coordinate: fc.constantFrom('Person.name', 'Person.olderThan', 'Person.visits', 'Person.relatives'),
      facts: fc.record({ age: fc.constantFrom(17, 18, 19) }, { requiredKeys: [] }),
    });
    const alone = await load(rules, { decisionCacheMax: 1 });
    fc.assert(
      fc.property(fc.array(one, { minLength: 2, maxLength: 20 }), (batch) => {
        for (const { context, coordinate, facts } of [...batch, ...batch]) {
          expect(shared.decide(context, coordinate, facts)).toEqual(alone.decide(context, coordinate, facts));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('keeps two versions of the rules apart while both answer requests', async () => {
    const before = await load(rules);
    const later = [];
    for (let index = 0; index < 6; index += 1) later.push(await load(permit(`v${index}`, `${ANYONE}, resource == Field::"Person.born"`)));
    expect(before.decide(asked(), 'Person.name', {}).kind).toBe('permitted');
    for (const [index, { decide, version }] of later.entries()) {
      expect(version).not.toBe(before.version);
      expect(decide(asked(), 'Person.name', {}).kind).toBe('refused');
      expect(decide(asked(), 'Person.born', {})).toMatchObject({ law: { policyId: `v${index}` } });
    }
    expect(before.decide(asked({ application: 'portal' }), 'Person.name', {}).kind).toBe('refused');
  });
});

describe('the version of the rules', () => {
  it('is the same for the same files and another for any change in them', async () => {
    const rule = permit('desk', `${ANYONE}, resource in Group::"people.identity"`);
    const { version } = await load(rule);
    expect(version).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect((await load(rule)).version).toBe(version);
    expect((await load(`${rule}\n`)).version).not.toBe(version);
  });
});
