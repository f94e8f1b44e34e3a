import { describe, expect, it } from 'vitest';
import { policyGraphOf, policySetOf } from '../../gateway/policy/policy-set.ts';
import { loadRegistry } from '../../gateway/policy/registry-load.ts';
import { explain, type Explanation, type ExplainQuestion } from '../../gateway/rules/explain.ts';
import { permit, SMALL_REGISTRY, SMALL_SUPERGRAPH } from '../policy/small-graph.ts';

const GRAPH = policyGraphOf(SMALL_SUPERGRAPH);
const NOW_MS = Date.parse('2026-11-25T00:00:00Z');
const NAME = 'principal == Application::"desk", action == Action::"read", resource == Field::"Person.name"';
const OLDER = 'principal == Application::"desk", action == Action::"read", resource == Field::"Person.olderThan"';

function ask(cedar: string, change: Partial<ExplainQuestion> = {}): Explanation {
  const { registry } = loadRegistry(SMALL_REGISTRY, GRAPH.subgraphs);
  if (registry === undefined) throw new Error('The small registry has an error.');
  const set = policySetOf({ files: new Map([['rules.cedar', Buffer.from(cedar)]]), graph: GRAPH, registry });
  const question = {
    application: 'desk',
    purpose: 'care',
    coordinate: 'Person.name',
    action: 'read',
    officerRole: null,
    assurance: 0,
    emergency: false,
    self: false,
    arguments: {},
    ...change,
  } as const;
  const explanation = explain({ ...set, registry }, question, NOW_MS);
  if ('kind' in explanation) throw new Error(explanation.message);
  return explanation;
}

const ids = (policies: readonly { readonly id: string; readonly why: string | null }[]) => policies.map(({ id, why }) => [id, why]);

describe('an explanation', () => {
  it('names what decides with its text, and what does not with why', () => {
    const rules =
      permit('whole', NAME) +
      permit('part', NAME, { annotations: '@basis("ART_19_1_C") @reference("Law 2") @transform("initials")' }) +
      permit('urgent', NAME, { when: 'context.emergency' });
    const { decision, winning, losing, law } = ask(rules);
    expect(decision).toMatchObject({ level: 'released', policies: ['whole'] });
    expect(winning).toMatchObject([{ id: 'whole', file: 'rules.cedar', line: 1, text: expect.stringContaining('permit('), why: null }]);
    expect(law?.reference).toBe('Law 1/2026/QH16');
    expect(ids(losing)).toEqual([
      ['part', 'whole gives as much or more.'],
      ['urgent', 'Its conditions do not hold.'],
    ]);
  });

  it('has both rungs, and the group whose consent would add something', () => {
    const rules =
      permit('part', NAME, { annotations: '@basis("ART_19_1_C") @reference("Law 2") @transform("initials")' }) +
      permit('consented', NAME, { annotations: '@basis("CONSENT")' });
    expect(ask(rules)).toMatchObject({
      code: null,
      group: 'people.identity',
      law: { id: 'part' },
      consent: { id: 'consented' },
      decision: { level: 'transformed', transform: 'initials' },
    });
  });

  it('says which forbid takes it away, and what ended', () => {
    const rules =
      permit('names', NAME) +
      permit('old', NAME, { annotations: '@basis("CONSENT") @until("2026-01-01")' }) +
      '@id("closed") forbid (principal, action, resource) when { context.purpose == "care" };\n';
    const { decision, code, losing } = ask(rules);
    expect([decision.level, code, decision.policies]).toEqual(['refused', 'FIELD_NOT_PERMITTED', ['closed']]);
    expect(ids(losing)).toEqual([
      ['names', 'A forbid refuses whatever it may give: closed.'],
      ['old', 'It ended on 2026-01-01T17:00:00.000Z.'],
    ]);
  });

  it('says what would give more: level, emergency, role, purpose, arguments', () => {
    expect(ask(permit('level', NAME, { when: 'context.assurance >= 2' }))).toMatchObject({
      code: 'ASSURANCE_TOO_LOW',
      changes: [{ what: 'a login of level 2' }],
    });
    expect(ask(permit('urgent', NAME, { when: 'context.emergency' })).changes).toMatchObject([
      { what: 'an emergency', decision: { level: 'released' } },
    ]);
    expect(ask(permit('role', NAME, { when: 'context.officer has role && context.officer.role == "counter"' })).changes).toMatchObject([
      { what: 'an officer with the role counter' },
    ]);
    expect(ask(permit('care', NAME), { purpose: 'research' }).changes).toMatchObject([{ what: 'the purpose care' }]);
    const age = permit('age', OLDER, { when: 'context.arguments has age && context.arguments.age == 18' });
    expect(ask(age, { coordinate: 'Person.olderThan', arguments: { age: 19 } }).changes).toMatchObject([
      { what: 'the arguments {"age":18}' },
    ]);
  });

  it('of a name that does not exist has the nearest one', () => {
    expect(() => ask(permit('names', NAME), { coordinate: 'Person.nam' })).toThrow(
      'There is no field "Person.nam". Did you mean "Person.name"?',
    );
  });
});
