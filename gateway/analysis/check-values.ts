import type { Graph } from '../graph.ts';
import type { DimensionSpec, Grouped, Measured } from './definition.ts';
import { levelProblem } from './lattice.ts';
import { isList, leafOf, type Answered, type Place } from './paths.ts';
import type { Trees } from './trees.ts';

/** What an analysis is held against. */
export interface CheckParts {
  readonly graph: Pick<Graph, 'apiSchema' | 'classification' | 'subgraphs'>;
  readonly trees: Trees;
  /** Registers that keep snapshots. */
  readonly populations: ReadonlySet<string>;
}

/** Where values are looked for, and who is told of problems. */
export interface Within {
  readonly people: readonly string[];
  readonly rows: readonly string[];
  readonly answered: Answered;
  readonly parts: CheckParts;
  readonly problems: string[];
}

/** What a dimension or filter is counted by; none, with a problem pushed, where it cannot be counted by. */
export function groupedOf({ name, path, bins }: DimensionSpec, what: 'dimension' | 'filter', within: Within): readonly Grouped[] {
  const found = findValue(name, path, within);
  if (found === undefined) return [];
  const { parts, problems } = within;
  const leaf = leafOf(found.place);
  const refuse = (why: string): readonly [] => {
    problems.push(`The ${what} "${name}" cannot be ${path} by "${bins}": ${why}.`);
    return [];
  };
  if (leaf === undefined) return refuse('it leads to more than a value');
  if (found.place.coordinates.some((coordinate) => isKey(coordinate, parts.graph)))
    return refuse('it tells people apart, and no table does');
  const problem = levelProblem(bins, leaf, parts.trees);
  if (problem !== undefined) return refuse(problem);
  const { ofRow, place } = found;
  return [{ name, level: bins, leaf, ofRow, path: found.path, coordinate: place.coordinates[0] ?? '' }];
}

/** What a measure is of; none, with a problem pushed, where it is of no numbers. */
export function measuredOf({ name, path }: { readonly name: string; readonly path: string }, within: Within): readonly Measured[] {
  const found = findValue(name, path, within);
  if (found === undefined) return [];
  const { parts, problems } = within;
  const leaf = leafOf(found.place);
  const isNumber = leaf?.kind === 'number' || (leaf?.kind === 'text' && !NO_NUMBERS.has(typeNameOf(found.place)));
  if (!isNumber || found.place.coordinates.some((coordinate) => isKey(coordinate, parts.graph))) {
    problems.push(`The measure "${name}" cannot be ${path}: it is no number.`);
    return [];
  }
  return [{ name, ofRow: found.ofRow, path: found.path }];
}

/** Scalars of the specification that hold no numbers; what a scalar of the graph's own holds shows when it is counted. */
const NO_NUMBERS: ReadonlySet<string> = new Set(['String', 'ID']);

function typeNameOf({ type }: Place): string {
  return String(type).replaceAll('!', '');
}

/** Whether a coordinate tells people, or things, apart. */
export function isKey(coordinate: string, { classification }: Pick<Graph, 'classification'>): boolean {
  const type = coordinate.slice(0, coordinate.indexOf('.'));
  return classification.keys.get(type)?.has(coordinate) === true || coordinate === `${type}.${classification.subjects.get(type)?.key}`;
}

interface Found {
  readonly place: Place;
  readonly ofRow: boolean;
  readonly path: readonly string[];
}

/** Finds the value that a path leads to, through the rows or through no list; pushes the problem where there is one. */
function findValue(name: string, path: string, { people, rows, answered, problems }: Within): Found | undefined {
  const names = path.split('.');
  const lists = listsOn(people, names, answered);
  const place = answered.at([...people, ...names]);
  if (typeof lists === 'string' || 'problem' in place) {
    problems.push(`"${name}" cannot lead to ${path}: ${typeof lists === 'string' ? lists : 'it is not there'}.`);
    return undefined;
  }
  const ofRow = rows.length > 0 && rows.every((step, index) => names[index] === step);
  const others = lists.filter((length) => !ofRow || length !== rows.length);
  if (others.length > 0) {
    problems.push(`"${name}" leads through a list, ${path}. Name the list as "rows", of which there is one, or take another value.`);
    return undefined;
  }
  return { place, ofRow, path: ofRow ? names.slice(rows.length) : names };
}

/** Lengths of those beginnings of a path from a person that are lists; or why there is no such path. */
export function listsOn(people: readonly string[], path: readonly string[], answered: Answered): readonly number[] | string {
  const lists: number[] = [];
  for (let length = 1; length <= path.length; length += 1) {
    const place = answered.at([...people, ...path.slice(0, length)]);
    if ('problem' in place) return place.problem;
    if (isList(place.type)) lists.push(length);
  }
  return lists;
}
