import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDecisions, differences } from './check.ts';
import { startHarness, type Harness, type HarnessCase } from './harness.ts';
import type { Asker, RulePolicy } from './rules.ts';
import type { World } from './world.ts';

// Cases that the property found once, each as small as it could be made.
const WORLD: World = {
  people: new Map([
    [
      'number-1',
      { name: 'Nguyễn Văn An', born: '1990-01-02', mother: 'number-2', children: [null, 'number-2'], records: [], marriages: null },
    ],
    ['number-2', { name: 'Lê Thị Bình', born: '1960-03-04', mother: null, children: null, records: [], marriages: null }],
  ]),
};

const ASKER: Asker = {
  application: 'desk',
  agency: 'clinic',
  kind: 'public-service-unit',
  role: undefined,
  purpose: 'care',
  assurance: 0,
  emergency: false,
  citizen: undefined,
};

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(async () => harness[Symbol.asyncDispose]());

test('answers the key of a person behind a consented edge under the alias that the client chose', async () => {
  const policies = [
    permit('roots', 'resource == Field::"Query.person"'),
    permit('identity', 'resource in Group::"people.identity"'),
    permit('family', 'resource in Group::"people.family"', 'CONSENT'),
  ];
  for (const query of [
    '{ person(id: "number-1") { mother { number: id } } }',
    '{ person(id: "number-1") { children { id number: id } } }',
  ]) {
    expect(await differing(policies, { query })).toEqual([]);
  }
});

test('answers the rest where the person whose consent is missing is not met, because the register is down', async () => {
  const policies = [
    permit('person', 'resource == Field::"Query.person"'),
    permit('matches', 'resource == Field::"Query.matches"'),
    permit('cover', 'resource in Group::"health.policy"'),
    permit('benefit', 'resource in Group::"health.benefit"', 'CONSENT'),
  ];
  const query = '{ person(id: "number-1") { policy { benefit } } matches(input: { id: "number-1", name: "Nguyễn Văn An" }) }';
  const about = { query, rejects: true, consents: new Map<string, ReadonlySet<string>>() };
  expect(await differing(policies, about)).toEqual([]);
  expect(await differing(policies, { ...about, down: 'health' })).toEqual([]);
});

async function differing(
  policies: readonly RulePolicy[],
  change: Partial<HarnessCase> & Pick<HarnessCase, 'query'>,
): Promise<readonly string[]> {
  await harness.usePolicies(policies);
  const groups = new Set(policies.flatMap(({ text }) => /Group::"([^"]+)"/.exec(text)?.[1] ?? []));
  const consents = new Map([...WORLD.people.keys()].map((id) => [id, groups]));
  const about: HarnessCase = { world: WORLD, asker: ASKER, variables: {}, rejects: false, down: undefined, consents, ...change };
  return differences(harness, createDecisions(policies)(about.asker), about, new Map());
}

function permit(id: string, resource: string, basis = 'ART_19_1_C'): RulePolicy {
  const reference = basis === 'CONSENT' ? '' : '@reference("Law 1/2026/QH16")';
  const text = `@id("${id}") @basis("${basis}") ${reference} permit (principal, action == Action::"read", ${resource}) when { context.purpose == "care" };`;
  return { id, text, basis, transform: undefined };
}
