import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSchema, parse, TypeInfo, visit, visitWithTypeInfo } from 'graphql';
import { expect, test } from 'vitest';
import { SUPERGRAPH_FILE } from '../../bench/work/graph.ts';
import { WORKS } from '../../bench/work/documents.ts';
import { checkPolicies } from '../../gateway/policy/check.ts';
import { loadPolicies } from '../../gateway/policy/load.ts';
import { classify, governedBy } from '../../platform/classification.ts';
import { asked } from '../policy/small-graph.ts';

const supergraphSdl = readFileSync(SUPERGRAPH_FILE, 'utf8');
const directory = fileURLToPath(new URL('../../bench/policies', import.meta.url));

test('the policies of the bench pass their own check', async () => {
  const report = await checkPolicies(directory, supergraphSdl);
  // The snapshot of the Cedar schema is kept once, beside the shipped policies.
  expect(report.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(report.cases).toBeGreaterThanOrEqual(2 * report.policies);
});

test('they give the application of the bench every field of the work by law, and no other agency is known', async () => {
  const policies = await loadPolicies({ directory, supergraphSdl, clock: Date.now, decisionCacheMax: 1_000 });
  const context = asked({ application: 'bench-by-law', purpose: 'bench.file' });
  for (const coordinate of coordinatesOfWork()) {
    expect([coordinate, policies.decide(context, coordinate, {})]).toMatchObject([coordinate, { kind: 'permitted', law: {} }]);
  }
  expect(policies.decide(context, 'Resident.religion', {}).kind).toBe('refused');
  expect([...policies.registry.applications.keys()]).toEqual(['bench-by-law', 'bench-by-consent']);
});

test('the other application gets the phone and the health insurance by consent, and everything else by law too', async () => {
  const policies = await loadPolicies({ directory, supergraphSdl, clock: Date.now, decisionCacheMax: 1_000 });
  const context = asked({ application: 'bench-by-consent', purpose: 'bench.file' });
  const byConsent = coordinatesOfWork().filter((coordinate) => {
    const decision = policies.decide(context, coordinate, {});
    expect([coordinate, decision]).toMatchObject([coordinate, { kind: 'permitted' }]);
    return decision.kind === 'permitted' && decision.consent !== undefined;
  });
  expect(byConsent.toSorted()).toEqual(['Resident.coverage', 'Resident.phone']);
});

/** What a rule decides on, of all that the three documents select. */
function coordinatesOfWork(): readonly string[] {
  const schema = buildSchema(readFileSync(new URL('../../schema/api.graphql', import.meta.url), 'utf8'));
  const classification = classify(parse(supergraphSdl));
  const coordinates = new Set<string>();
  for (const { query } of Object.values(WORKS)) {
    const info = new TypeInfo(schema);
    visit(
      parse(query),
      visitWithTypeInfo(info, {
        Field: ({ name }) => {
          const parent = info.getParentType();
          if (parent && governedBy(classification, parent.name, name.value) !== 'parent') coordinates.add(`${parent.name}.${name.value}`);
        },
      }),
    );
  }
  return [...coordinates];
}
