import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse as parseYaml } from 'yaml';
import { expect, test } from 'vitest';
import { parseHTML } from 'linkedom';
import { checkAnalysis } from '../../gateway/analysis/check.ts';
import { loadTrees } from '../../gateway/analysis/load-trees.ts';
import { csvOf } from '../../gateway/analysis/results/csv.ts';
import { labelsOf } from '../../gateway/analysis/results/labels.ts';
import type { Labels, ResultTable } from '../../gateway/analysis/results/model.ts';
import { svgOf } from '../../gateway/analysis/results/svg.ts';
import { textTable } from '../../gateway/analysis/results/text.ts';
import { loadGraph } from '../../gateway/graph.ts';

const NOTES = ['Counts have noise.', 'Cells of 7 or fewer are redacted, others rounded to 5.'];
const NOTES_VI = ['Số đếm có nhiễu.', 'Ô từ 7 trở xuống không được công bố, ô khác làm tròn đến 5.'];
const RESULT: ResultTable = {
  analysis: 'residents-by-province-sex-age',
  snapshot: '2026-11',
  dimensions: ['province', 'sex'],
  measures: [{ name: 'meanTotal', kind: 'mean' }],
  cells: [
    { province: 'HA_NOI', sex: 'MALE', count: 1_230, meanTotal: 18.25 },
    { province: 'HA_NOI', sex: 'FEMALE', count: null, meanTotal: null },
    { province: 'unknown', sex: 'FEMALE', count: 10, meanTotal: -1.5 },
  ],
  notes: NOTES,
  notesVi: NOTES_VI,
};

async function shippedLabels(): Promise<Labels> {
  const directory = fileURLToPath(new URL('../../policies', import.meta.url));
  const trees = await loadTrees(directory);
  const graph = loadGraph(readFileSync(new URL('../../schema/supergraph.graphql', import.meta.url), 'utf8'), { ourScalars: true });
  const content = parseYaml(readFileSync(`${directory}/analyses/${RESULT.analysis}.yaml`, 'utf8')) as {
    document: string;
    analysis: unknown;
  };
  const checked = checkAnalysis(content.analysis, content.document, { graph, trees, populations: new Set(['residents']) });
  if (checked.kind === 'refused') throw new Error(checked.problems.join('\n'));
  return labelsOf(checked.analysis, trees, graph.apiSchema);
}

test('a CSV has its notes as comments, names as in the JSON, and nothing where a number is redacted', () => {
  expect(csvOf(RESULT).split('\r\n')).toEqual([
    '# residents-by-province-sex-age, snapshot 2026-11',
    '# Counts have noise.',
    '# Cells of 7 or fewer are redacted, others rounded to 5.',
    '# An empty number is redacted or withheld.',
    'province,sex,count,meanTotal',
    'HA_NOI,MALE,1230,18.25',
    'HA_NOI,FEMALE,,',
    'unknown,FEMALE,10,-1.5',
    '',
  ]);
});

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx'])('a bin like %j is no formula in a spreadsheet, and a number stays one', (bin) => {
  const [first = ''] = csvOf({ ...RESULT, dimensions: ['bin'], measures: [], cells: [{ bin, count: 10 }] })
    .split('count\r\n')
    .slice(1);
  expect(first.replace(/^"/, '').startsWith("'")).toBe(true);
});

test('a note or a bin cannot add rows to a CSV', () => {
  const text = csvOf({
    ...RESULT,
    notes: ['a\r\nHA_NOI,MALE,1'],
    dimensions: ['bin'],
    measures: [],
    cells: [{ bin: 'a,"b"\r\nc', count: 1 }],
  });
  expect(text).toContain('# a HA_NOI,MALE,1\r\n');
  expect(text.endsWith('"a,""b""\r\nc",1\r\n')).toBe(true);
});

test('a table for a terminal speaks Vietnamese or English, by words of the analysis, the lattices and the schema', async () => {
  const labels = await shippedLabels();
  const vi = textTable(RESULT, 'vi', labels);
  for (const word of ['Dân số theo tỉnh', 'Tỉnh, thành phố', 'Hà Nội', 'Nam', 'Không rõ', '1.230', 'không công bố'])
    expect(vi).toContain(word);
  const en = textTable(RESULT, 'en', labels);
  for (const word of ['Residents by province', 'Ha Noi', 'Male', 'Unknown', '1,230', 'redacted']) expect(en).toContain(word);
  for (const note of NOTES_VI) expect(vi).toContain(note);
  for (const note of NOTES) expect(en).toContain(note);
  // As results of earlier versions are.
  for (const note of NOTES) expect(textTable({ ...RESULT, notesVi: undefined }, 'vi', labels)).toContain(note);
});

test('a long table lists what is shown and counts what is not', () => {
  const cells = Array.from({ length: 150 }, (_, index) => ({ province: `P${index}`, count: index < 20 ? 100 : null }));
  const text = textTable({ ...RESULT, dimensions: ['province'], measures: [], cells }, 'en');
  expect(text).toContain('P19');
  expect(text).not.toContain('P20');
  expect(text).toContain('130 cells are redacted and not listed.');
});

test.each(['vi', 'en'] as const)(
  'a chart in %s names and describes itself, has a bar for what is shown and a word for what is not',
  async (language) => {
    const labels = await shippedLabels();
    const text = await svgOf(RESULT, language, labels);
    const { document } = parseHTML(text);
    const svg = document.querySelector('svg');
    expect(svg?.getAttribute('role')).toBe('img');
    expect(svg?.getAttribute('lang')).toBe(language);
    expect(svg?.querySelector('title')?.textContent).toBe(labels.title[language]);
    for (const note of language === 'vi' ? NOTES_VI : NOTES) expect(svg?.querySelector('desc')?.textContent).toContain(note);
    const words = [...(svg?.querySelectorAll('text') ?? [])].map(({ textContent }) => textContent);
    expect(words).toContain(language === 'vi' ? 'Hà Nội' : 'Ha Noi');
    expect(words).toContain(language === 'vi' ? 'không công bố' : 'redacted');
    expect(words).toContain(language === 'vi' ? '1.000' : '1,000');
    expect(words).not.toContain(language === 'vi' ? '1,000' : '1.000');
    expect(svg?.querySelectorAll('[aria-label="bar"] rect')).toHaveLength(3);
    expect(text).not.toContain('<script');
  },
);

test('a chart escapes what it is made from', async () => {
  const text = await svgOf({ ...RESULT, cells: [{ province: '<script>x</script>', sex: '"&', count: 10 }] }, 'en');
  expect(text).not.toContain('<script>');
  expect(text).toContain('&lt;script&gt;');
});

test('a chart is not made of what it cannot show', async () => {
  await expect(svgOf({ ...RESULT, dimensions: ['a', 'b', 'c', 'd'] }, 'en')).rejects.toThrow('Take the table.');
});
