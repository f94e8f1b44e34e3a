import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkAnalysis, tooThin } from '../../gateway/analysis/check.ts';
import type { CheckParts } from '../../gateway/analysis/check-values.ts';
import { loadTrees } from '../../gateway/analysis/load-trees.ts';
import { loadGraph } from '../../gateway/graph.ts';

const supergraph = readFileSync(new URL('../../schema/supergraph.graphql', import.meta.url), 'utf8');
const label = { vi: 'x', en: 'x' };
const POPULATIONS = ['residents', 'civil-status', 'health-insurance', 'education'];

const DOCUMENT = `query A($idNumbers: [IdNumber!]!, $skipped: Boolean = false) {
  residents(idNumbers: $idNumbers) {
    idNumber
    name: fullName
    dateOfBirth
    ...Home
    phone @skip(if: $skipped)
    visits(first: 100) { date facility totalAmount }
    exams: examResults { year subject score }
    enrolments { level grade }
    mother { sex idNumber }
    ... on Resident { sex insured: insuredOn(date: "2026-01-01") }
  }
}
fragment Home on Resident { home: currentResidence { province commune } }`;

const dimension = (path: string, bins: string, name = path.replaceAll('.', '')) => ({ name, path, bins, label });
const SOUND = { title: label, population: 'residents', people: 'residents', dimensions: [dimension('home.province', 'province')] };

describe('a grouping', () => {
  let parts: CheckParts;
  beforeAll(async () => {
    const trees = await loadTrees(fileURLToPath(new URL('../../policies', import.meta.url)));
    parts = { graph: loadGraph(supergraph, { ourScalars: true }), trees, populations: new Set(POPULATIONS) };
  });
  const check = (more: object, document = DOCUMENT) => checkAnalysis({ ...SOUND, ...more }, document, parts);
  const problemsOf = (more: object, document?: string): string => {
    const checked = check(more, document);
    return checked.kind === 'refused' ? checked.problems.join('\n') : '';
  };

  it('finds its paths through aliases and fragments, and every register that has to keep the snapshot', () => {
    const checked = check({
      dimensions: [
        dimension('home.province', 'region'),
        dimension('sex', 'each'),
        dimension('insured', 'each'),
        dimension('dateOfBirth', 'age-10'),
      ],
    });
    if (checked.kind === 'refused') throw new Error(checked.problems.join('\n'));
    expect(checked.analysis.dimensions.map(({ coordinate }) => coordinate)).toEqual([
      'Address.province',
      'Resident.sex',
      'Resident.insuredOn',
      'Resident.dateOfBirth',
    ]);
    expect(checked.analysis.cells).toBe(7 * 3 * 3 * 13);
    expect([...checked.analysis.registers].toSorted()).toEqual(['education', 'health-insurance', 'residents']);
  });

  it('takes a value beside the rows for the person, and one in them for the row', () => {
    const checked = check({
      rows: 'exams',
      dimensions: [dimension('exams.subject', 'each'), dimension('sex', 'each')],
      measures: [{ name: 'mean', path: 'exams.score', kind: 'mean', label }],
    });
    if (checked.kind === 'refused') throw new Error(checked.problems.join('\n'));
    expect(checked.analysis.dimensions).toMatchObject([
      { ofRow: true, path: ['subject'] },
      { ofRow: false, path: ['sex'] },
    ]);
    expect(checked.analysis.measures).toEqual([{ name: 'mean', ofRow: true, path: ['score'] }]);
  });

  it.each([
    ['ID numbers', { dimensions: [dimension('idNumber', 'each')] }, 'tells people apart'],
    ['whether there is an ID number', { dimensions: [dimension('idNumber', 'presence')] }, 'tells people apart'],
    ["a relative's ID number", { dimensions: [dimension('mother.idNumber', 'presence')] }, 'tells people apart'],
    ['names', { dimensions: [dimension('name', 'each')] }, 'any number of values'],
    ['days of birth', { dimensions: [dimension('dateOfBirth', 'each')] }, 'any number of values'],
    ['free text by a tree of provinces under another level', { dimensions: [dimension('home.commune', 'commune')] }, 'no level "commune"'],
    ['a place that is not there', { dimensions: [dimension('home.district', 'each')] }, 'does not select it'],
    ['a place that is sometimes there', { dimensions: [dimension('phone', 'presence')] }, '@skip or @include'],
    ['an object', { dimensions: [dimension('home', 'each')] }, 'more than a value'],
    ['a list that is not the rows', { dimensions: [dimension('exams.subject', 'each')] }, 'leads through a list'],
    ['a second list', { rows: 'exams', dimensions: [dimension('enrolments.level', 'each')] }, 'leads through a list'],
    ['rows that are no list', { rows: 'home' }, 'has to lead to a list'],
    ['rows of which nothing is counted', { rows: 'exams' }, 'Nothing is counted of the rows'],
    [
      'the same value twice',
      { dimensions: [dimension('dateOfBirth', 'age', 'a'), dimension('dateOfBirth', 'age-10', 'b')] },
      'Keep the finer',
    ],
    ['one name twice', { dimensions: [dimension('sex', 'each', 'a'), dimension('home.province', 'province', 'a')] }, 'two columns'],
    ['text as a measure', { measures: [{ name: 'm', path: 'name', kind: 'mean', label }] }, 'is no number'],
    ['a date as a measure', { measures: [{ name: 'm', path: 'dateOfBirth', kind: 'mean', label }] }, 'is no number'],
    ['a register that keeps no snapshots', { population: 'citizen' }, 'keeps snapshots'],
    ['another list than the people', { people: 'residents.exams' }, 'has to be the root'],
    [
      'so many dimensions',
      { dimensions: Array.from({ length: 5 }, (_, index) => dimension('sex', 'each', `d${index}`)) },
      'cannot be read',
    ],
    [
      'more cells than tables have',
      { dimensions: [dimension('home.province', 'province'), dimension('dateOfBirth', 'age'), dimension('sex', 'each')] },
      'The table would have 10815 cells',
    ],
    ['a quantile beyond the last', { measures: [{ name: 'm', path: 'sex', kind: 'quantile', at: 1, label }] }, 'cannot be read'],
    ['a column named as the count', { dimensions: [dimension('sex', 'each', 'count')] }, 'cannot be read'],
    ['something that is no member', { dimension: [] }, 'cannot be read'],
  ])('is not by %s', (_, more, problem) => {
    expect(problemsOf(more)).toContain(problem);
  });

  it.each([
    ['a number of its own', 'query ($mine: [IdNumber!]!) { residents(idNumbers: $mine) { sex } }', 'are the engine'],
    ['people by default', 'query ($idNumbers: [IdNumber!]! = []) { residents(idNumbers: $idNumbers) { sex } }', 'are the engine'],
    ['one person', 'query ($idNumbers: IdNumber!) { residents: resident(idNumber: $idNumbers) { sex } }', 'no list of people'],
    [
      'somebody beside the population',
      'query ($idNumbers: [IdNumber!]!, $n: IdNumber!) { residents(idNumbers: $idNumbers) { sex } resident(idNumber: $n) { sex } }',
      'one root field',
    ],
    ['a mutation', 'mutation { withdrawConsent(input: { agency: "a", purpose: "p" }) { refusal } }', 'is one query'],
    [
      'a field that is not there',
      'query ($idNumbers: [IdNumber!]!) { residents(idNumbers: $idNumbers) { gender } }',
      'does not fit the schema',
    ],
    ['no syntax', 'query {', 'does not parse'],
  ])('is of no document that asks for %s', (_, document, problem) => {
    expect(problemsOf({ dimensions: [dimension('sex', 'each')] }, document)).toContain(problem);
  });

  it('is not run over a population that has fewer people than the table has cells', () => {
    expect(tooThin({ cells: 100 }, 99)).toContain('most cells would be redacted');
    expect(tooThin({ cells: 100 }, 100)).toBeUndefined();
  });
});
