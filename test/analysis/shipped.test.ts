import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkAnalysis, tooThin } from '../../gateway/analysis/check.ts';
import type { CheckParts } from '../../gateway/analysis/check-values.ts';
import { loadTrees } from '../../gateway/analysis/load-trees.ts';
import { loadGraph } from '../../gateway/graph.ts';

const directory = fileURLToPath(new URL('../../policies', import.meta.url));
const supergraph = readFileSync(new URL('../../schema/supergraph.graphql', import.meta.url), 'utf8');
const files = readdirSync(join(directory, 'analyses')).filter((file) => file !== 'lattices.yaml');

interface Content {
  readonly kind: string;
  readonly name: string;
  readonly application: string;
  readonly purpose: string;
  readonly document: string;
  readonly why: string;
  readonly analysis: unknown;
}

describe('the ready analyses', () => {
  let parts: CheckParts;
  beforeAll(async () => {
    const populations = new Set(['residents', 'civil-status', 'health-insurance', 'education']);
    parts = { graph: loadGraph(supergraph, { ourScalars: true }), trees: await loadTrees(directory), populations };
  });

  it('are the six that the office begins with', () => {
    expect(files.toSorted()).toEqual([
      'births-by-month-and-province.yaml',
      'exam-results-by-region.yaml',
      'insurance-coverage.yaml',
      'insured-pupils.yaml',
      'residents-by-province-sex-age.yaml',
      'residents-by-province.yaml',
    ]);
  });

  it.each(files)('%s fits the graph, is of the office, and has few cells for the people of the demo', (file) => {
    const content = parseYaml(readFileSync(join(directory, 'analyses', file), 'utf8')) as Content;
    expect(content).toMatchObject({ kind: 'analysis', application: 'statistics-office', purpose: 'statistics.official' });
    expect(`${content.name}.yaml`).toBe(file);
    const checked = checkAnalysis(content.analysis, content.document, parts);
    if (checked.kind === 'refused') throw new Error(checked.problems.join('\n'));
    expect(tooThin(checked.analysis, 2_000)).toBeUndefined();
    expect(checked.analysis.registers.has('citizen')).toBe(false);
  });
});
