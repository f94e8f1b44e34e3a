import { getOperationAST, parse } from 'graphql';
import { expect, test } from 'vitest';
import type { Policies } from '../../gateway/policy/decision.ts';
import type { Admitted } from '../../gateway/stages/admit.ts';
import { decisionKey } from '../../gateway/stages/decide.ts';

const DOCUMENT = parse('query ($n: Int) { people(first: $n, name: "x") { name } }');
const POLICIES: Policies = {
  version: 'v1',
  key: 'v1',
  argumentsRead: new Set(['first']),
  decide: () => {
    throw new Error('Nothing is decided here.');
  },
};
const CALLER: Admitted['caller'] = {
  action: 'read',
  application: 'a',
  agency: 'agency-of-a',
  officer: 'officer-1',
  officerRole: undefined,
  purpose: 'p',
  assurance: 0,
  emergency: false,
  emergencyReason: undefined,
  caseReference: undefined,
  onRefusal: 'prune',
  citizen: undefined,
  approvedOperationsOnly: false,
};

function keyOf(caller: Partial<Admitted['caller']>, variables: Record<string, unknown> = {}, policies = POLICIES): string {
  const operation = getOperationAST(DOCUMENT);
  if (!operation) throw new Error('The document has one operation.');
  return decisionKey(
    {
      kind: 'admitted',
      request: {
        headers: {},
        body: undefined,
        trace: { traceId: '', traceparent: '', tracestate: undefined },
        signal: AbortSignal.abort(),
      },
      caller: { ...CALLER, ...caller },
      text: '',
      hash: 'h',
      document: DOCUMENT,
      operation,
      operationName: undefined,
      variables,
      asked: [],
    },
    policies,
  );
}

test('what is prepared for one is never found by another who is told apart by anything that rules read (CVE-2025-31485)', () => {
  const keys = [
    keyOf({}),
    keyOf({ application: 'b' }),
    keyOf({ purpose: 'q' }),
    keyOf({ action: 'write' }),
    keyOf({ action: 'aggregate' }),
    keyOf({ officerRole: 'p' }),
    keyOf({ assurance: 1 }),
    keyOf({ emergency: true }),
    // Grants name the snapshot that is read, and a prepared execution keeps its grants.
    keyOf({ action: 'aggregate', snapshot: '2026-10' }),
    keyOf({ action: 'aggregate', snapshot: '2026-11' }),
    keyOf({ credentials: { authenticated: true, scopes: new Set(), key: '[]' } }),
    keyOf({ credentials: { authenticated: true, scopes: new Set(['a']), key: '["a"]' } }),
    keyOf({}, {}, { ...POLICIES, key: 'v2' }),
    // Parts that run into each other would make these two one.
    keyOf({ application: 'a","p' }),
    keyOf({ application: 'a', purpose: '","p' }),
  ];
  expect(new Set(keys).size).toBe(keys.length);
});

test('an argument that rules read is told apart by its value, null and absence included', () => {
  const keys = [undefined, null, 0, 20, '20', true].map((n) => keyOf({}, n === undefined ? {} : { n }));
  expect(new Set(keys).size).toBe(keys.length);
  expect(keyOf({}, { other: 1 })).toBe(keyOf({}, { other: 2 }));
});

test('runs of one snapshot share what is prepared', () => {
  const counting = { action: 'aggregate', snapshot: '2026-11' } as const;
  const [one, other] = ['1', '2'].map((run) => keyOf({ ...counting, analysis: { name: 'a', run } }));
  expect(one).toBe(other);
});

test('the officer and the case, which no rule reads, share what is prepared', () => {
  expect(keyOf({ officer: 'officer-2', caseReference: 'c', emergencyReason: 'r', onRefusal: 'reject' })).toBe(keyOf({}));
});
