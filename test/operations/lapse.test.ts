import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadGraph } from '../../gateway/graph.ts';
import { LIMITS } from '../../gateway/limits.ts';
import type { OperationContent } from '../../gateway/operations/content.ts';
import { judge } from '../../gateway/operations/lapse.ts';
import { readOperation } from '../../gateway/operations/reading.ts';
import { reportOf, type CheckedOperation } from '../../gateway/operations/report.ts';
import type { AssuranceLevel, Decision, DecisionContext } from '../../gateway/policy/decision.ts';
import type { LoadedPolicies } from '../../gateway/policy/load.ts';
import { policyGraphOf } from '../../gateway/policy/policy-set.ts';
import { load, SMALL_SUPERGRAPH } from '../policy/small-graph.ts';
import { NAMES } from './harness.ts';

const graph = loadGraph(SMALL_SUPERGRAPH, { ourScalars: true });
const { fields } = policyGraphOf(SMALL_SUPERGRAPH);

const CONTENT: OperationContent = {
  ...NAMES,
  document:
    'query ($id: IdNumber!, $age: Int!) { person(idNumber: $id) { name born olderThan(age: $age) address { province } visits { clinic } } }',
  variables: {
    type: 'object',
    properties: { id: { type: 'string' }, age: { type: 'integer', minimum: 16, maximum: 20 } },
    required: ['id', 'age'],
    additionalProperties: false,
  },
};
const reading = readOperation(CONTENT, { graph, limits: LIMITS, checkAnalysis: undefined });

const LAW = '@basis("ART_19_1_C") @reference("a law")';
const permit = (id: string, field: string, basis = LAW, when = 'true'): string =>
  `@id("${id}") ${basis} permit (principal == Application::"desk", action == Action::"read", resource == Field::"${field}") when { context.purpose == "care" && ${when} };`;

/** Always there: everything that the document asks for, by consent or law. */
const BASE = [
  permit('look-up', 'Query.person'),
  permit('name', 'Person.name', '@basis("CONSENT")'),
  permit('born', 'Person.born', `${LAW} @transform("year")`),
  permit('older', 'Person.olderThan', LAW, 'context.arguments has age && context.arguments.age == 18'),
  permit('address', 'Person.address', '@basis("CONSENT")'),
  permit('visits', 'Person.visits', '@basis("CONSENT")'),
];
/** What may come or go besides. */
const MORE = [
  permit('name-law', 'Person.name'),
  permit('name-role', 'Person.name', LAW, 'context.officer has role && context.officer.role == "supervisor"'),
  permit('born-sure', 'Person.born', '@basis("CONSENT")', 'context.assurance >= 2'),
  permit('older-17', 'Person.olderThan', LAW, 'context.arguments has age && context.arguments.age == 17'),
  permit('visits-emergency', 'Person.visits', LAW, 'context.emergency'),
  permit('unrelated', 'Person.relatives', '@basis("CONSENT")'),
  '@id("no-address") forbid (principal, action, resource == Field::"Person.address") when { context.emergency };',
  '@id("no-visits") forbid (principal, action, resource == Field::"Person.visits") when { context has officer && context.officer has role && context.officer.role == "counter" };',
];

function reportUnder(policies: LoadedPolicies): CheckedOperation {
  if (reading.kind === 'wrong') throw new Error(reading.problems.join(' '));
  const parts = { graph, fields, estimateCost: undefined, operationCostMax: LIMITS.operationCostMax };
  const checked = reportOf(reading.tryable, reading.doubts, policies, parts);
  if (!('report' in checked)) throw new Error(checked.join(' '));
  return checked;
}

/** Every question that the document can put, decided plainly. */
function table({ decide }: LoadedPolicies): string {
  const rows: unknown[] = [];
  for (const officerRole of [undefined, 'counter', 'supervisor'])
    for (const assurance of [0, 1, 2] as readonly AssuranceLevel[])
      for (const emergency of [false, true])
        for (const age of [16, 17, 18, 19, 20])
          for (const field of ['Query.person', 'Person.name', 'Person.born', 'Person.olderThan', 'Person.address', 'Person.visits']) {
            const context: DecisionContext = { action: 'read', application: 'desk', purpose: 'care', officerRole, assurance, emergency };
            rows.push(given(decide(context, field, field === 'Person.olderThan' ? { age } : {})));
          }
  return JSON.stringify(rows);
}

function given(decision: Decision): unknown {
  if (decision.kind === 'refused') return null;
  return [decision.law, decision.consent].map((rung) => rung && [rung.transform, rung.probesMax]);
}

const sets = new Map<number, LoadedPolicies>();
const setOf = async (mask: number): Promise<LoadedPolicies> => {
  const known = sets.get(mask) ?? (await load([...BASE, ...MORE.filter((_, index) => (mask & (1 << index)) !== 0)].join('\n')));
  sets.set(mask, known);
  return known;
};

describe('an approved operation', () => {
  let base: LoadedPolicies;
  beforeAll(async () => {
    base = await setOf(0);
  });
  afterAll(() => sets.clear());

  it('has registers, circumstances and a report that is the same at every look', () => {
    const { report, hash } = reportUnder(base);
    expect(report.registers).toEqual(['health', 'people']);
    expect(reportUnder(base).hash).toBe(hash);
  });

  it('runs under other rules if, and only if, every question that it can put is decided alike', async () => {
    const mask = fc.nat({ max: (1 << MORE.length) - 1 });
    await fc.assert(
      fc.asyncProperty(mask, mask, async (one, other) => {
        const [approvedUnder, now] = [await setOf(one), await setOf(other)];
        const { report } = reportUnder(approvedUnder);
        const { reason } = judge({ content: CONTENT, report, reading }, now, graph);
        expect([one, other, reason === undefined]).toEqual([one, other, table(approvedUnder) === table(now)]);
      }),
      { numRuns: 60 },
    );
  });

  it('names what it gives less of, and more of', async () => {
    const { report } = reportUnder(base);
    const wider = judge({ content: CONTENT, report, reading }, await setOf(1), graph);
    expect(wider.differences).toEqual([{ coordinate: 'Person.name', direction: 'wider' }]);
    const narrower = judge({ content: CONTENT, report: reportUnder(await setOf(1)).report, reading }, base, graph);
    expect([narrower.differences, narrower.reason]).toEqual([
      [{ coordinate: 'Person.name', direction: 'narrower' }],
      'What it gives is not what was approved (Person.name: less).',
    ]);
  });

  it('does not run where its document fits the graph no more', () => {
    const gone = readOperation({ ...CONTENT, document: '{ nothing }' }, { graph, limits: LIMITS, checkAnalysis: undefined });
    expect(judge({ content: CONTENT, report: reportUnder(base).report, reading: gone }, base, graph).reason).toMatch(
      /does not fit the graph/,
    );
  });

  it('ends with the permit that it goes by', async () => {
    const ending = await load([...BASE, permit('name-law', 'Person.name', `${LAW} @until("2999-12-31")`)].join('\n'));
    const { untilMs } = judge({ content: CONTENT, report: reportUnder(ending).report, reading }, ending, graph);
    expect(new Date(untilMs).toISOString()).toMatch(/^(2999-12-31|3000-01-01)T/);
  });
});
