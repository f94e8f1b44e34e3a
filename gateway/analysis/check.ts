import { Kind, OperationTypeNode, parse, validate, type DocumentNode, type FieldNode } from 'graphql';
import { z } from 'zod';
import { coordinatesOf } from '../../platform/coordinates.ts';
import { groupedOf, isKey, listsOn, measuredOf, type CheckParts, type Within } from './check-values.ts';
import { AnalysisDefinition, PEOPLE_VARIABLE, type Analysis, type CheckedAnalysis } from './definition.ts';
import { binsOf } from './lattice.ts';
import { isList, readAnswered, type Answered } from './paths.ts';

/**
 * Cells of one table. A province by sex and five-year age group has 2,205; what is much more is a list of people under another name, and every
 * cell of 7 or fewer people costs other cells that are redacted with it.
 */
export const CELLS_MAX = 5_000;

/**
 * Checks the grouping of an analysis against its document and the graph: every path leads through the document, dimensions lead to values
 * that have few bins and name nobody, measures to numbers. Refused with every problem found, each a sentence.
 */
export function checkAnalysis(value: unknown, documentText: string, parts: CheckParts): CheckedAnalysis {
  const read = AnalysisDefinition.safeParse(value);
  if (!read.success) return { kind: 'refused', problems: [`The grouping cannot be read. ${z.prettifyError(read.error)}`] };
  const definition = read.data;
  const document = readDocument(documentText, parts);
  if (typeof document === 'string') return { kind: 'refused', problems: [document] };

  const problems: string[] = [];
  const answered = readAnswered(document, parts.graph.apiSchema);
  if (!parts.populations.has(definition.population)) {
    problems.push(
      `There is no register "${definition.population}" that keeps snapshots. Name one of ${[...parts.populations].join(', ')}.`,
    );
  }
  problems.push(...peopleProblems(definition.people, document, answered, parts));
  const people = definition.people.split('.');
  const rows = rowsOf(definition, answered, problems);
  const within: Within = { people, rows: rows ?? [], answered, parts, problems };

  problems.push(...namesTwice([...definition.dimensions, ...definition.measures].map(({ name }) => name)));
  problems.push(...namesTwice(definition.filters.map(({ name }) => name)));
  const dimensions = definition.dimensions.flatMap((dimension) => groupedOf(dimension, 'dimension', within));
  const filters = definition.filters.flatMap((filter) => groupedOf(filter, 'filter', within));
  const measures = definition.measures.flatMap((measure) => measuredOf(measure, within));
  const paths = definition.dimensions.map(({ path }) => path);
  if (new Set(paths).size < paths.length) problems.push('Two dimensions lead to the same value. Keep the finer one.');
  if (rows !== undefined && rows.length > 0 && ![...dimensions, ...measures].some(({ ofRow }) => ofRow)) {
    problems.push('Nothing is counted of the rows. Leave "rows" out, or take a dimension or measure of them.');
  }
  const cells = dimensions.reduce((product, { level, leaf }) => product * binsOf(level, leaf, parts.trees), 1);
  if (cells > CELLS_MAX) {
    problems.push(
      `The table would have ${cells} cells, of which most would be empty or redacted: ${CELLS_MAX} are the most. Take coarser bins.`,
    );
  }
  if (problems.length > 0) return { kind: 'refused', problems };
  const registers = registersOf(document, parts);
  registers.add(definition.population);
  const foreign = [...registers].filter((register) => !parts.populations.has(register));
  if (foreign.length > 0) return { kind: 'refused', problems: [`${foreign.join(', ')} keeps no snapshots. Leave its fields out.`] };
  return { kind: 'checked', analysis: { definition, people, rows: rows ?? [], dimensions, filters, measures, cells, registers } };
}

/**
 * Why a population is too small for a table; undefined when it is not. Were people spread evenly, each cell would hold less than one: hardly any
 * would hold the eight that are shown, and each that is not costs others.
 */
export function tooThin({ cells }: Pick<Analysis, 'cells'>, people: number): string | undefined {
  if (people >= cells) return undefined;
  return `The table has ${cells} cells and the population ${people} people: most cells would be redacted. Take coarser bins.`;
}

function readDocument(text: string, { graph }: CheckParts): DocumentNode | string {
  let document: DocumentNode;
  try {
    document = parse(text, { noLocation: true });
  } catch {
    return 'The document does not parse. Correct its syntax.';
  }
  const [problem] = validate(graph.apiSchema, document, undefined, { maxErrors: 1, hideSuggestions: true });
  if (problem !== undefined) return `The document does not fit the schema: ${problem.message}`;
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  const [operation] = operations;
  if (operations.length !== 1 || operation?.operation !== OperationTypeNode.QUERY) return 'The document of an analysis is one query.';
  return document;
}

/** The list of people has to be a look-up by the engine's variable, and the only root: nobody else is asked for beside the population. */
function peopleProblems(people: string, document: DocumentNode, answered: Answered, { graph }: CheckParts): readonly string[] {
  const place = answered.at(people.split('.'));
  const [root, ...others] = answered.root;
  if ('problem' in place || people.includes('.')) return [`"people" has to be the root of the document: ${people} is none.`];
  if (others.length > 0) return ['The document of an analysis has one root field, the people. Leave the others out.'];
  const coordinate = place.coordinates[0] ?? '';
  if (!isList(place.type) || !graph.classification.lookups.has(coordinate)) {
    return [`"${people}" is no list of people looked up by their keys. Ask for a root like residents(idNumbers: $${PEOPLE_VARIABLE}).`];
  }
  const isEngines = root !== undefined && root.node.arguments?.length === 1 && isVariable(root.node, PEOPLE_VARIABLE);
  const isDeclared = document.definitions.some(
    (definition) =>
      definition.kind === Kind.OPERATION_DEFINITION &&
      (definition.variableDefinitions ?? []).some(({ variable, defaultValue }) => variable.name.value === PEOPLE_VARIABLE && !defaultValue),
  );
  return isEngines && isDeclared
    ? []
    : [`The people are the engine's: give "${people}" the variable $${PEOPLE_VARIABLE} alone, without a default.`];
}

function isVariable({ arguments: given }: FieldNode, name: string): boolean {
  const value = given?.[0]?.value;
  return value?.kind === Kind.VARIABLE && value.name.value === name;
}

function rowsOf({ people, rows }: AnalysisDefinition, answered: Answered, problems: string[]): readonly string[] | undefined {
  if (rows === undefined) return [];
  const path = rows.split('.');
  const lists = listsOn(people.split('.'), path, answered);
  if (typeof lists === 'string') problems.push(`"rows" cannot be ${rows}: ${lists}.`);
  else if (lists.length !== 1 || lists[0] !== path.length)
    problems.push(`"rows" has to lead to a list, through no other: ${rows} does not.`);
  else return path;
  return undefined;
}

function namesTwice(names: readonly string[]): readonly string[] {
  const twice = [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
  return twice.map((name) => `"${name}" is the name of two columns. Rename one.`);
}

/** Subgraphs that have a field which the document selects. Keys stand in all of them and say nothing. */
function registersOf(document: DocumentNode, { graph }: CheckParts): Set<string> {
  const registers = new Set<string>();
  for (const coordinate of coordinatesOf(graph.apiSchema, document)) {
    if (isKey(coordinate, graph)) continue;
    const [type = '', field = ''] = coordinate.split('.');
    for (const { name, schema } of graph.subgraphs.values()) {
      const within = schema.getType(type);
      if (within !== undefined && 'getFields' in within && Object.hasOwn(within.getFields(), field)) registers.add(name);
    }
  }
  return registers;
}
