import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createJudge, decisionOf } from '../../gateway/policy/decide.ts';
import type { AssuranceLevel, Decision, Rung } from '../../gateway/policy/decision.ts';
import { argumentsReadBy } from '../../gateway/policy/load.ts';
import { policyGraphOf, policySetOf, type PolicySet } from '../../gateway/policy/policy-set.ts';
import { loadRegistry, type LoadedRegistry } from '../../gateway/policy/registry-load.ts';
import { impactOf, type Impact, type ImpactRow } from '../../gateway/rules/impact.ts';
import { SMALL_REGISTRY, SMALL_SUPERGRAPH } from '../policy/small-graph.ts';

// The impact varies only what some rule reads and passes over everything that the same texts decide. Here both tables are filled in plainly,
// cell by cell, and compared by what each kind of person gets.
const NOW_MS = Date.parse('2026-11-23T00:00:00Z');
const LATER_MS = Date.parse('2028-06-01T00:00:00Z');
const GRAPH = policyGraphOf(SMALL_SUPERGRAPH);
const REGISTRY = readRegistry();
const RUNS = Number(process.env['IMPACT_RUNS'] ?? 8);

function readRegistry(): LoadedRegistry {
  const { registry } = loadRegistry(SMALL_REGISTRY, GRAPH.subgraphs);
  if (registry === undefined) throw new Error('The small registry has an error.');
  return registry;
}

const resource = fc.constantFrom(
  'resource == Field::"Person.name"',
  'resource == Field::"Person.olderThan"',
  'resource in Group::"people.identity"',
  'resource in Group::"health.visits"',
  'resource in Register::"people"',
  'resource == Field::"Query.person"',
);
const condition = fc.constantFrom(
  'true',
  'context.emergency',
  '!context.emergency',
  'context.assurance >= 1',
  'context.assurance == 2',
  'context.officer has role && context.officer.role == "counter"',
  'context.arguments has age && context.arguments.age == 18',
  'context.arguments has age && context.arguments.age > 18',
);
const policy = fc.record({
  effect: fc.constantFrom('permit', 'permit', 'permit', 'forbid'),
  principal: fc.constantFrom(
    'principal == Application::"desk"',
    'principal == Application::"portal"',
    'principal in Agency::"clinic"',
    'principal',
  ),
  action: fc.constantFrom('action == Action::"read"', 'action in [Action::"read", Action::"write"]'),
  resource,
  purpose: fc.constantFrom('context.purpose == "care"', '["care", "research"].contains(context.purpose)'),
  condition,
  basis: fc.constantFrom('@basis("CONSENT")', '@basis("ART_19_1_C") @reference("Law 1")'),
  more: fc.constantFrom('', '', '@until("2027-12-31")', '@probes("3")', '@probes("5")', '@transform("initials")'),
});
/** Told once as a difference for an age that is a text, which no request can carry. */
const FOUND: [Drawn[], Drawn[], number[]] = [
  [
    { ...consentTo('Person.olderThan'), condition: 'context.arguments has age && context.arguments.age == 18' },
    consentTo('Person.olderThan'),
  ],
  [],
  [0],
];

const sets = fc.tuple(
  fc.array(policy, { minLength: 1, maxLength: 4 }),
  fc.array(policy, { maxLength: 3 }),
  fc.array(fc.nat(5), { maxLength: 2 }),
);

type Drawn = typeof policy extends fc.Arbitrary<infer One> ? One : never;

function consentTo(coordinate: 'Person.name' | 'Person.olderThan'): Drawn {
  return {
    effect: 'permit',
    principal: 'principal == Application::"desk"',
    action: 'action == Action::"read"',
    resource: `resource == Field::"${coordinate}"` as const,
    purpose: 'context.purpose == "care"',
    condition: 'true',
    basis: '@basis("CONSENT")',
    more: '',
  };
}

function textOf(one: Drawn, id: string): string {
  const bound = one.more.startsWith('@probes') && one.basis.includes('CONSENT') ? '' : one.more;
  const annotations = one.effect === 'permit' ? `${one.basis} ${bound}` : '';
  return `@id("${id}") ${annotations} ${one.effect} (${one.principal}, ${one.action}, ${one.resource}) when { ${one.purpose} && (${one.condition}) };\n`;
}

function setOf(texts: readonly string[]): (PolicySet & { readonly registry: LoadedRegistry }) | undefined {
  const set = policySetOf({ files: new Map([['rules.cedar', Buffer.from(texts.join(''))]]), graph: GRAPH, registry: REGISTRY });
  return set.problems.some(({ severity }) => severity === 'error') ? undefined : { ...set, registry: REGISTRY };
}

/** What somebody gets, as points that can be more or less, by whether they consented. */
function gets(decision: Decision): readonly (Rung | undefined)[] {
  return decision.kind === 'refused' ? [undefined, undefined] : [decision.law, decision.consent ?? decision.law];
}

/** Whether `one` gives everything that `other` does. */
function covers(one: Decision, other: Decision): boolean {
  const [mine, theirs] = [gets(one), gets(other)];
  return theirs.every((rung, index) => {
    const own = mine[index];
    if (rung === undefined) return true;
    if (own === undefined) return false;
    const whole = own.transform === undefined || own.transform === rung.transform;
    return whole && (own.probesMax ?? Infinity) >= (rung.probesMax ?? Infinity);
  });
}

function plainDirection(before: Decision, after: Decision): string {
  const [more, less] = [covers(after, before), covers(before, after)];
  return more && less ? 'same' : more ? 'wider' : less ? 'narrower' : 'apart';
}

function matching({ rows }: Impact, cell: Cell, atMs: number): readonly ImpactRow[] {
  return rows.filter((row) => {
    const isSame =
      row.application === cell.application &&
      row.purpose === cell.purpose &&
      row.action === cell.action &&
      row.coordinate === cell.coordinate;
    if (!isSame) return false;
    const from = row.from === null ? NOW_MS : Date.parse(row.from);
    const until = row.until === null ? Infinity : Date.parse(row.until);
    if (atMs < from || atMs >= until) return false;
    if (row.officerRole !== null && row.officerRole !== (cell.role ?? '')) return false;
    if (row.assurance !== null && row.assurance !== cell.assurance) return false;
    if (row.emergency !== null && row.emergency !== cell.emergency) return false;
    return row.arguments === null || row.arguments['age'] === cell.facts.age;
  });
}

interface Cell {
  readonly application: string;
  readonly purpose: string;
  readonly action: 'read' | 'write' | 'aggregate';
  readonly coordinate: string;
  readonly role: string | undefined;
  readonly assurance: AssuranceLevel;
  readonly emergency: boolean;
  readonly facts: { readonly age?: number };
}

function* cells(): Generator<Cell> {
  for (const { id: application, purposes } of REGISTRY.applications.values())
    for (const purpose of purposes)
      for (const action of ['read', 'write', 'aggregate'] as const)
        for (const coordinate of GRAPH.fields.keys())
          for (const role of [undefined, ...REGISTRY.roles])
            for (const assurance of [0, 1, 2] as const)
              for (const emergency of [false, true])
                for (const facts of coordinate === 'Person.olderThan' ? [{}, { age: 17 }, { age: 18 }, { age: 19 }] : [{}])
                  yield { application, purpose, action, coordinate, role, assurance, emergency, facts };
}

describe('the impact of a draft', () => {
  it('is the plain difference of both decision tables', () => {
    fc.assert(
      fc.property(sets, ([common, added, dropped]) => {
        const texts = common.map((one, index) => textOf(one, `p${index}`));
        const before = setOf(texts);
        const after = setOf([
          ...texts.filter((_, index) => !dropped.includes(index)),
          ...added.map((one, index) => textOf(one, `n${index}`)),
        ]);
        fc.pre(before !== undefined && after !== undefined);
        const impact = impactOf(before, after, NOW_MS);
        const judges = [before, after].map((set) => createJudge(set, argumentsReadBy(set)));
        const widened = new Set<string>();
        for (const cell of cells()) {
          const context = { ...cell, officerRole: cell.role, self: false };
          const judged = judges.map((judge) => judge(context, cell.coordinate, cell.facts));
          for (const atMs of [NOW_MS, LATER_MS]) {
            const [one, other] = judged.map(({ permits, forbids }) =>
              forbids.length > 0
                ? ({ kind: 'refused', code: 'FIELD_NOT_PERMITTED', policies: forbids, expiresAtMs: Infinity } as const)
                : decisionOf(permits, atMs),
            );
            if (one === undefined || other === undefined) throw new Error('Two sets have two answers.');
            const direction = plainDirection(one, other);
            const rows = matching(impact, cell, atMs);
            expect([cell, atMs, rows.map((row) => row.direction)]).toEqual([cell, atMs, direction === 'same' ? [] : [direction]]);
            if (direction === 'wider' || direction === 'apart')
              for (const name of GRAPH.fields.get(cell.coordinate)?.subgraphs ?? []) widened.add(name);
          }
        }
        expect(impact.registersWidened).toEqual([...widened].toSorted());
      }),
      { numRuns: RUNS, examples: [[FOUND]] },
    );
  });

  it('of rules on themselves is nothing', () => {
    const set = setOf([textOf(consentTo('Person.name'), 'p')]);
    if (set === undefined) throw new Error('The set has no error.');
    expect(impactOf(set, set, NOW_MS)).toMatchObject({ rows: [], widened: 0, narrowed: 0, registersWidened: [], registersChanged: [] });
  });
});
