import { afterAll, beforeAll, expect, test } from 'vitest';
import { differences, keep } from './check.ts';
import { startHarness, type Harness, type HarnessCase } from './harness.ts';
import type { Asker, RulePolicy } from './rules.ts';
import { START_MS } from './time.ts';
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

test('gives an edge to a person by counted questions to the one it leads from, at each end of two in a row', async () => {
  const policies = [
    permit('person', 'resource == Field::"Query.person"'),
    permit('identity', 'resource in Group::"people.identity"'),
    counting('family', 'resource in Group::"people.family"', 1),
    counting('marriage', 'resource in Group::"records.marriage"', 1),
  ];
  for (const query of [
    '{ person(id: "number-1") { mother { name } marriages { number } } }',
    '{ person(id: "number-1") { children { children { id } } } }',
  ]) {
    expect(await differing(policies, { query })).toEqual([]);
  }
});

test('bounds what is asked of others where more may be asked of the person who is logged in', async () => {
  const policies = [
    permit('person', 'resource == Field::"Query.person"'),
    permit('me', 'resource == Field::"Query.me"'),
    counting('others', 'resource == Field::"Person.livesIn"', 1),
    counting('own', 'resource == Field::"Person.livesIn"', 3, 'context.self'),
  ];
  const asker = { ...ASKER, citizen: 'number-1' };
  for (const query of [
    '{ person(id: "number-2") { livesIn(province: "01") } me { livesIn(province: "01") } }',
    '{ me { livesIn(province: "01") } person(id: "number-2") { livesIn(province: "01") } }',
  ]) {
    expect(await differing(policies, { query, asker })).toEqual([]);
  }
});

test('asks for no consent where questions are bounded and there is nobody of whom to count them', async () => {
  const policies = [counting('person', 'resource == Field::"Query.person"', 1), permit('me', 'resource == Field::"Query.me"')];
  expect(await differing(policies, { query: '{ person(id: "number-1") { id } me { id } }' })).toEqual([]);
});

async function differing(
  policies: readonly RulePolicy[],
  change: Partial<HarnessCase> & Pick<HarnessCase, 'query'>,
): Promise<readonly string[]> {
  await harness.usePolicies(policies);
  const groups = new Set(policies.flatMap(({ text }) => /Group::"([^"]+)"/.exec(text)?.[1] ?? []));
  const consents = new Map([...WORLD.people.keys()].map((id) => [id, groups]));
  const about: HarnessCase = {
    world: WORLD,
    asker: ASKER,
    operationName: undefined,
    nowMs: START_MS,
    variables: {},
    rejects: false,
    down: undefined,
    consents,
    ...change,
  };
  return differences(harness, about, keep(policies));
}

function permit(id: string, resource: string, basis = 'ART_19_1_C'): RulePolicy {
  const reference = basis === 'CONSENT' ? '' : '@reference("Law 1/2026/QH16")';
  const text = `@id("${id}") @basis("${basis}") ${reference} permit (principal, action == Action::"read", ${resource}) when { context.purpose == "care" };`;
  return { id, text, basis, transform: undefined, until: undefined, probes: undefined };
}

function counting(id: string, resource: string, probes: number, condition = 'true'): RulePolicy {
  const policy = permit(id, resource);
  const text = policy.text.replace('@basis', `@probes("${probes}") @basis`).replace('"care"', `"care" && ${condition}`);
  return { ...policy, text, probes };
}
