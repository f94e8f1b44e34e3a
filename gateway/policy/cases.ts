import { z } from 'zod';
import { isCalendarDate } from '../../platform/scalars.ts';
import type { ArgumentFacts, Decision, DecisionContext } from './decision.ts';
import { endOfDayMs } from './annotations.ts';
import { usePolicies } from './load.ts';
import type { Policy, PolicySet } from './policy-set.ts';
import { didYouMean, error, warning, type Problem } from './problems.ts';
import type { LoadedRegistry } from './registry-load.ts';
import { readYaml, type YamlSource } from './yaml-source.ts';

const Case = z.strictObject({
  name: z.string().trim().min(1),
  application: z.string(),
  purpose: z.string(),
  officerRole: z.string().optional(),
  assurance: z.union([z.literal(0), z.literal(1), z.literal(2)]).default(0),
  emergency: z.boolean().default(false),
  /** The person who is logged in asks about themselves. */
  self: z.boolean().default(false),
  action: z.enum(['read', 'write', 'aggregate']).default('read'),
  coordinate: z.string(),
  arguments: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  /** The day on which it is asked, in Vietnam; today without it. */
  on: z.string().refine(isCalendarDate, 'must be a day like "2027-12-31"').optional(),
  expect: z.enum(['law', 'consent', 'refused']),
  transform: z.string().optional(),
  code: z.enum(['FIELD_NOT_PERMITTED', 'ASSURANCE_TOO_LOW']).optional(),
  /** Id of the permit that gives or the forbid that refuses; `none` when no rule matches. */
  policy: z.string(),
});

/** A question with the answer that the policies must give, and the policy that must give it. */
export type PolicyCase = z.infer<typeof Case>;

/** The cases of a file. */
export function parseCases(file: string, text: string): YamlSource<PolicyCase[]> {
  return readYaml(file, text, z.array(Case));
}

/**
 * Runs the cases in the given files (`cases/*.yaml`) and looks for what they leave out: every permit needs a case in which it decides, and
 * beside one of those a neighbour, different in one thing only, that is refused.
 */
export function checkCases(
  set: PolicySet & { readonly registry: LoadedRegistry },
  files: ReadonlyMap<string, string>,
  clock: () => number,
): { readonly passed: number; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const cases: PolicyCase[] = [];
  let passed = 0;
  let nowMs = clock();
  const policies = usePolicies(set, { clock: () => nowMs, decisionCacheMax: 1 });
  for (const [file, text] of files) {
    const source = parseCases(file, text);
    problems.push(...source.problems);
    for (const [index, one] of (source.value ?? []).entries()) {
      cases.push(one);
      const wrong = nameProblems(set, file, source, index, one);
      problems.push(...wrong);
      if (wrong.length > 0) continue;
      nowMs = one.on === undefined ? clock() : endOfDayMs(one.on) - 1;
      const decision = policies.decide(contextOf(one), one.coordinate, one.arguments satisfies ArgumentFacts);
      const difference = differenceTo(one, decision);
      if (difference === undefined) passed += 1;
      else
        problems.push(
          error(file, source.at([index]), `The case "${one.name}" expects ${expectation(one)}, and the policies give ${difference}.`),
        );
    }
  }
  problems.push(...set.policies.flatMap((policy) => missingCases(policy, cases)));
  return { passed, problems };
}

function contextOf(one: PolicyCase): DecisionContext {
  const { action, application, officerRole, purpose, assurance, emergency, self } = one;
  return { action, application, officerRole, purpose, assurance, emergency, self };
}

function nameProblems(
  set: PolicySet & { readonly registry: LoadedRegistry },
  file: string,
  source: YamlSource<unknown>,
  index: number,
  one: PolicyCase,
): readonly Problem[] {
  const known: readonly ['application' | 'purpose' | 'officerRole' | 'coordinate' | 'policy', Iterable<string>][] = [
    ['application', set.registry.applications.keys()],
    ['purpose', set.registry.purposes.keys()],
    ['officerRole', set.registry.roles],
    ['coordinate', set.fields.keys()],
    ['policy', ['none', ...set.policies.map((policy) => policy.id)]],
  ];
  const problems: Problem[] = [];
  for (const [property, names] of known) {
    const name = one[property];
    const list = new Set(names);
    if (name === undefined || list.has(name)) continue;
    const what = `There is no ${property} ${JSON.stringify(name)}.`;
    problems.push(error(file, source.at([index, property]), `${what}${didYouMean(name, list)}`));
  }
  return problems;
}

/** Undefined when the decision is the expected one, else the decision in words. */
function differenceTo(one: PolicyCase, decision: Decision): string | undefined {
  if (decision.kind === 'refused') {
    const decided = one.policy === 'none' ? decision.policies.length === 0 : decision.policies.includes(one.policy);
    if (one.expect === 'refused' && decided && (one.code ?? decision.code) === decision.code) return undefined;
    return `refused (${decision.code}) by ${decision.policies.join(', ') || 'none'}`;
  }
  const rung = one.expect === 'law' ? decision.law : one.expect === 'consent' ? decision.consent : undefined;
  if (rung?.policyId === one.policy && rung.transform === one.transform) return undefined;
  return [decision.law && `law by ${rungText(decision.law)}`, decision.consent && `consent by ${rungText(decision.consent)}`]
    .filter((part) => part !== undefined)
    .join(' and ');
}

function rungText(rung: { readonly policyId: string; readonly transform: string | undefined }): string {
  return rung.transform === undefined ? rung.policyId : `${rung.policyId} (transform ${rung.transform})`;
}

function expectation(one: PolicyCase): string {
  if (one.expect === 'refused') return `refused${one.code === undefined ? '' : ` (${one.code})`} by ${one.policy}`;
  return `${one.expect} by ${rungText({ policyId: one.policy, transform: one.transform })}`;
}

function missingCases(policy: Policy, cases: readonly PolicyCase[]): readonly Problem[] {
  const { file } = policy.source;
  const at = policy.source.annotation('id');
  const deciding = cases.filter((one) => one.policy === policy.id);
  if (policy.effect === 'forbid') {
    return deciding.length > 0 ? [] : [warning(file, at, `No case shows what the forbid "${policy.id}" refuses. Add one to cases/.`)];
  }
  const granted = deciding.filter((one) => one.expect !== 'refused');
  if (granted.length === 0) return [error(file, at, `No case shows what the permit "${policy.id}" gives. Add a granted one to cases/.`)];
  const refused = cases.filter((one) => one.expect === 'refused');
  if (granted.some((one) => refused.some((other) => areNeighbours(one, other)))) return [];
  const need = 'a refused one that differs from its granted case in one thing only';
  return [error(file, at, `No case shows where the permit "${policy.id}" ends. Add ${need} to cases/.`)];
}

/** Different in exactly one thing that is asked. */
function areNeighbours(a: PolicyCase, b: PolicyCase): boolean {
  const asked = (one: PolicyCase): readonly string[] => {
    const { application, purpose, officerRole, assurance, emergency, self, action, coordinate, on } = one;
    const given = Object.entries(one.arguments).sort(([x], [y]) => (x < y ? -1 : 1));
    return [application, purpose, officerRole, assurance, emergency, self, action, coordinate, on, given].map(
      (part) => JSON.stringify(part) ?? '',
    );
  };
  const others = asked(b);
  return asked(a).filter((part, index) => part !== others[index]).length === 1;
}
