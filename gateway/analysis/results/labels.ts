import { getNamedType, isEnumType, isInterfaceType, isObjectType, type GraphQLSchema } from 'graphql';
import type { Analysis, Grouped } from '../definition.ts';
import type { Bilingual, Trees } from '../trees.ts';
import type { Labels } from './model.ts';

/** The words of an analysis: its own, those of the trees, and for values of an enum what the schema says of them in Vietnamese. */
export function labelsOf({ definition, dimensions }: Analysis, trees: Trees, schema: GraphQLSchema): Labels {
  const columns = [...definition.dimensions, ...definition.measures].map(({ name, label }): [string, Bilingual] => [name, label]);
  return {
    title: definition.title,
    columns: Object.fromEntries(columns),
    bins: Object.fromEntries(dimensions.map((dimension) => [dimension.name, binsOf(dimension, trees, schema)])),
  };
}

function binsOf({ level, coordinate }: Grouped, trees: Trees, schema: GraphQLSchema): Readonly<Record<string, Bilingual>> {
  const tree = trees.levels.get(level);
  // The finest level of a tree has no words of its own: its bins are the field's values.
  if (tree !== undefined && tree.labels.size > 0) return Object.fromEntries(tree.labels);
  if (tree === undefined && level !== 'each') return {};
  const [type = '', field = ''] = coordinate.split('.');
  const parent = schema.getType(type);
  const output = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[field]?.type : undefined;
  const named = output && getNamedType(output);
  if (!isEnumType(named)) return {};
  return Object.fromEntries(named.getValues().map(({ name, description }) => [name, wordsOf(name, description)]));
}

/** Descriptions of enum values are the Vietnamese term, after a code where there is one: `01 Hà Nội`. */
function wordsOf(name: string, description: string | null | undefined): Bilingual {
  const en = name
    .toLowerCase()
    .split('_')
    .map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`)
    .join(' ');
  const vi = description?.trim().replace(/^\d+ /, '');
  return { vi: vi === undefined || vi === '' ? en : vi, en };
}
