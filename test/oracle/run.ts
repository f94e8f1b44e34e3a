import { createChance, type Chance } from './chance.ts';
import { differences, keep, type Pseudonyms } from './check.ts';
import { randomDocument, randomName, type RandomDocument } from './documents.ts';
import type { Harness, HarnessCase } from './harness.ts';
import { randomAsker, randomConsents, randomPolicies, randomVariables, type Parts } from './random.ts';
import type { RulePolicy } from './rules.ts';
import { later, START_MS } from './time.ts';
import { IDS, randomWorld, type World } from './world.ts';

/** A case where gateway and oracle differ, with all that is needed to ask it again. */
export interface Counterexample {
  readonly seed: number;
  readonly policies: readonly RulePolicy[];
  readonly about: HarnessCase;
  /** What was asked before under the same rules. */
  readonly before: readonly HarnessCase[];
  readonly differences: readonly string[];
}

export interface RunOptions {
  readonly seed: number;
  readonly cases: number;
  readonly parts: Parts;
  /** Ends the run early. */
  readonly counterexamplesMax: number;
}

export interface RunResult {
  readonly cases: number;
  /** Cases of which something was disclosed, so that a run of refusals only does not pass for a proof. */
  readonly disclosing: number;
  readonly counterexamples: readonly Counterexample[];
}

const CASES_OF_SET = 50;
const CASES_OF_DOCUMENT = 8;

/** Random operations under random rules, set by set. Each set has a seed of its own, which repeats it. */
export async function runCases(harness: Harness, { seed, cases, parts, counterexamplesMax }: RunOptions): Promise<RunResult> {
  const counterexamples: Counterexample[] = [];
  const pseudonyms: Pseudonyms = new Map();
  let made = 0;
  let disclosing = 0;
  for (let set = 0; made < cases && counterexamples.length < counterexamplesMax; set += 1) {
    const setSeed = seed * 100_003 + set;
    const chance = createChance(setSeed);
    const world = randomWorld(chance);
    const policies = randomPolicies(chance, parts);
    await harness.usePolicies(policies);
    const kept = keep(policies, pseudonyms);
    const before: HarnessCase[] = [];
    for (const about of casesOf(chance, world, Math.min(CASES_OF_SET, cases - made), parts)) {
      made += 1;
      const found = await differences(harness, about, kept, () => (disclosing += 1));
      if (found.length > 0) counterexamples.push({ seed: setSeed, policies, about, before: [...before], differences: found });
      before.push(about);
      if (counterexamples.length >= counterexamplesMax) break;
    }
  }
  return { cases: made, disclosing, counterexamples };
}

function* casesOf(chance: Chance, world: World, count: number, { ends }: Parts): Generator<HarnessCase> {
  const askers = [randomAsker(chance), randomAsker(chance)];
  let document: RandomDocument | undefined;
  for (let made = 0, nowMs = START_MS; made < count; made += 1) {
    if (document === undefined || made % CASES_OF_DOCUMENT === 0) document = randomDocument(chance);
    const { query } = document;
    if (ends) nowMs = later(chance, nowMs);
    yield {
      world,
      query,
      operationName: randomName(chance, document),
      nowMs,
      asker: { ...chance.of(askers), citizen: chance.yes(0.7) ? chance.of(IDS.slice(0, 5)) : undefined },
      variables: variablesOf(query, randomVariables(chance)),
      rejects: chance.yes(0.1),
      consents: chance.yes(0.05) ? 'down' : randomConsents(chance),
      down: chance.yes(0.06) ? chance.of(['people', 'records', 'health']) : undefined,
    };
  }
}

/** Those that the query declares. */
function variablesOf(query: string, all: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => query.includes(`$${name}:`)));
}
