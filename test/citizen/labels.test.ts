import { readFileSync } from 'node:fs';
import { buildSchema } from 'graphql';
import { expect, test } from 'vitest';
import { fieldLabels } from '../../gateway/consent/labels.ts';
import { loadGraph } from '../../gateway/graph.ts';

const graph = loadGraph(readFileSync(new URL('../../schema/supergraph.graphql', import.meta.url), 'utf8'), { ourScalars: true });

test('every field of personal data has a name for people in both languages', () => {
  const labelOf = fieldLabels(graph.supergraph.supergraphSchema);
  const nameless = [...graph.classification.personal.keys()].filter((coordinate) => labelOf(coordinate).vi === coordinate);
  expect(nameless).toEqual([]);
  expect(labelOf('Resident.phone')).toEqual({ vi: 'số điện thoại', en: 'phone number' });
  expect(labelOf('Resident.idCard')).toEqual({ vi: 'thẻ căn cước', en: 'ID card' });
});

test('a field of a graph that says nothing of it goes by its coordinate', () => {
  const labelOf = fieldLabels(buildSchema('type Query { a: Int "Plain words." b: Int }'));
  for (const coordinate of ['Query.a', 'Query.b', 'Query.gone', 'Nobody.a']) expect(labelOf(coordinate).vi).toBe(coordinate);
});
