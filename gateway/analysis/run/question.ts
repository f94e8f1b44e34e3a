import { createHash } from 'node:crypto';
import { parse, print, type ArgumentNode, type GraphQLSchema } from 'graphql';
import { canonicalJson } from '../../admin/canonical.ts';
import { type Contribution, ROW_ITEMS_MAX } from '../disclosure/parameters.ts';
import type { KeptDimension } from '../disclosure/kept.ts';
import { readAnswered, type Answered } from '../paths.ts';
import type { Question } from '../questions/question.ts';
import { layOut } from '../tabulate.ts';
import type { Trees } from '../trees.ts';
import type { Asked } from './model.ts';

/** A question as disclosure control sees it, with what its table is made of. */
export interface QuestionOf {
  readonly question: Question;
  /** With all bins that there can be, in the order of the table. */
  readonly dimensions: readonly KeptDimension[];
  readonly contribution: Contribution;
}

/** Says of an analysis with an analyst's variables and filters what is asked, of which values, over whom. */
export function questionOf({ analysis, question, register, snapshot, day }: Asked, trees: Trees, schema: GraphQLSchema): QuestionOf {
  const { definition, people, rows, filters } = analysis.analysis;
  const variables = canonicalJson(question.variables);
  const answered = readAnswered(parse(analysis.document, { noLocation: true }), schema);
  const valueAt = (ofRow: boolean, path: readonly string[]): string =>
    valueText([...people, ...(ofRow ? rows : []), ...path], people.length, answered, variables);
  const laidOut = layOut(analysis.analysis, trees, day);
  const dimensions = laidOut.dimensions.map(({ ofRow, path, level, bins }) => ({ of: valueAt(ofRow, path), level, bins, isOfRow: ofRow }));
  const measures = analysis.analysis.measures.map(({ ofRow, path }, index) => {
    const { name: _, ...spec } = laidOut.measures[index] ?? { name: '', kind: 'distinct' as const };
    return { ...spec, of: valueAt(ofRow, path) };
  });
  return {
    question: {
      population: register,
      period: snapshot,
      document: canonicalJson([createHash('sha256').update(analysis.document).digest('hex'), question.variables, definition.rows ?? null]),
      dimensions: dimensions.map(({ bins, ...dimension }) => ({ ...dimension, bins: bins.length })),
      measures,
      filters: Object.entries(question.filters).map(([name, bins]) => {
        const filter = filters.find((one) => one.name === name);
        if (filter === undefined) throw new Error('Filters were looked at before.');
        return { of: valueAt(filter.ofRow, filter.path), level: filter.level, bins };
      }),
      epsilon: question.epsilon,
    },
    dimensions: dimensions.map(({ of, level, bins }) => ({ of, level, bins })),
    contribution: {
      cells: dimensions.some(({ isOfRow }) => isOfRow) ? ROW_ITEMS_MAX : 1,
      items: analysis.analysis.measures.some(({ ofRow }) => ofRow) ? ROW_ITEMS_MAX : 1,
    },
  };
}

/** The same text for the same value of a person: the fields on the way to it with their arguments, whatever the document calls them. */
function valueText(path: readonly string[], from: number, answered: Answered, variables: string): string {
  const steps = path.slice(from).map((_, index) => {
    const place = answered.at(path.slice(0, from + index + 1));
    if ('problem' in place) throw new Error('The paths of an analysis were looked at before.');
    const [node] = place.nodes;
    return `${place.coordinates.toSorted().join('|')}${argumentsText(node?.arguments ?? [], variables)}`;
  });
  return steps.join(' ');
}

function argumentsText(given: readonly ArgumentNode[], variables: string): string {
  const text = given
    .map((argument) => print(argument))
    .toSorted()
    .join(', ');
  if (text === '') return '';
  return text.includes('$') ? `(${text} ${variables})` : `(${text})`;
}
