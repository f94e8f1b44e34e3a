import { afterAll, beforeAll, expect, test } from 'vitest';
import { startHarness, type Harness, type HarnessCase } from './harness.ts';
import { runCases } from './run.ts';
import { shrink, type Shrunk } from './shrink.ts';

// What the gateway discloses, and what it asks registers for, is what a naive reading of the rules allows: no more and no less.
// The long run: ORACLE_CASES=1000000 ORACLE_SEED=7 npx vitest run --project unit test/oracle/property.test.ts
const CASES = Number(process.env['ORACLE_CASES'] ?? 10_000);
const SEED = Number(process.env['ORACLE_SEED'] ?? 1);
const MS_PER_CASE = 60;

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(async () => harness[Symbol.asyncDispose]());

test.each([
  ['by law alone', { consent: false, transforms: false, ends: false, bounds: false }, 0.1],
  ['by law with transforms, for a time', { consent: false, transforms: true, ends: true, bounds: false }, 0.2],
  [
    'by law and consent with transforms and bounded questions, for a time',
    { consent: true, transforms: true, ends: true, bounds: true },
    0.7,
  ],
] as const)(
  'discloses and asks for what the rules allow %s',
  async (_, parts, share) => {
    const cases = Math.ceil(CASES * share);
    const result = await runCases(harness, { seed: SEED, cases, parts, counterexamplesMax: 1 });
    const [first] = result.counterexamples;
    // One, as small as it can be made: a case of its own for found.test.ts.
    expect(first && readable(await shrink(harness, first, harness.apiSchema))).toBeUndefined();
    expect(result.disclosing).toBeGreaterThan(result.cases / 4);
  },
  60_000 + CASES * MS_PER_CASE,
);

function readable({ policies, about, before, differences }: Shrunk): string {
  const rules = policies.map(({ text }) => text).join('\n');
  return [...before.map(asked), asked(about), ...differences, rules].join('\n');
}

function asked({ query, variables, operationName, asker, rejects, consents, down, nowMs }: HarnessCase): string {
  const given = consents === 'down' ? 'down' : [...consents].map(([id, groups]) => `${id}: ${[...groups].join(' ')}`).join('\n');
  const at = new Date(nowMs).toISOString();
  return [query, JSON.stringify({ variables, operationName, at, asker, rejects, down }), given].join('\n');
}
