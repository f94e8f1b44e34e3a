import { isNonNullType } from 'graphql';
import { DATA_CLASSES, type DataClass } from '../../platform/classification.ts';
import { TRANSFORMS } from './annotations.ts';
import { fieldAt, possibleTypes, type Classified, type ClassificationCheck } from './classification-model.ts';
import { didYouMean, error, warning, type Problem } from './problems.ts';

const FILE = 'classification.yaml';
const GROUP = /^([A-Za-z][\w-]*)\.[a-z][a-z0-9-]*$/;

/** A group is what a person consents to, and belongs to one register: one of those that resolve the field. */
export const groupProblems: ClassificationCheck = ({ entries, decided, at }) =>
  Object.entries(entries.fields).flatMap(([coordinate, { group }]) => {
    if (group === undefined) return [];
    const resolvers = decided.get(coordinate)?.subgraphs ?? [];
    const names = [...new Set(resolvers.flatMap((name) => [name, plainName(name)]))];
    const prefix = GROUP.exec(group)?.[1];
    if (prefix !== undefined && names.includes(prefix)) return [];
    const wanted = resolvers.map((name) => `"${plainName(name)}.…"`).join(' or ');
    const message = `${coordinate} is resolved by ${resolvers.join(', ')}, so its group is called ${wanted}: the register's name, a dot, and small letters.`;
    return [error(FILE, at(['fields', coordinate, 'group']), `${message}${didYouMean(prefix ?? group, names)}`)];
  });

/** A subgraph's name in the form of a register's id. */
function plainName(subgraph: string): string {
  return subgraph.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}

/**
 * What is computed from data is at least as sensitive as the data: what the file calls sources, and all that `@requires` and
 * `@fromContext` hand on, whether named or not (GHSA-m8jr-fxqx-8xx6, ATTACKS 3). What is handed on must itself be classified.
 */
export const derivedProblems: ClassificationCheck = (classified) =>
  Object.entries(classified.entries.fields).flatMap(([coordinate, { class: own, sources = [] }]): readonly Problem[] => {
    if (own === undefined) return [];
    const position = classified.at(['fields', coordinate, 'class']);
    const handed = [...(classified.inputs.get(coordinate) ?? [])].filter((input) => !isOwnKey(classified, coordinate, input));
    return [...new Set([...sources, ...handed])].flatMap((source) => {
      const of = classOf(classified, source);
      if (of === undefined) {
        return [error(FILE, position, `${coordinate} is computed from ${source}, which has no class. Classify ${source} too.`)];
      }
      if (DATA_CLASSES.indexOf(own as DataClass) >= DATA_CLASSES.indexOf(of)) return [];
      return [error(FILE, position, `${coordinate} is ${own} and computed from ${source}, which is ${of}. Raise its class to ${of}.`)];
    });
  });

function isOwnKey({ classification }: Classified, coordinate: string, input: string): boolean {
  const type = coordinate.slice(0, coordinate.indexOf('.'));
  return classification.keys.get(type)?.has(input) ?? false;
}

/**
 * The class that a coordinate is treated as: its own; that of what leads to its value type, the highest; of an unclassified key BASIC for a
 * person and PUBLIC for others. Undefined when nothing says.
 */
function classOf(classified: Classified, coordinate: string, seen: ReadonlySet<string> = new Set()): DataClass | undefined {
  const { personal, keys, subjects, valueTypes } = classified.classification;
  const own = personal.get(coordinate)?.class;
  if (own !== undefined) return own;
  const [type = ''] = coordinate.split('.');
  if (keys.get(type)?.has(coordinate) === true) return subjects.has(type) ? 'BASIC' : 'PUBLIC';
  if (seen.has(coordinate) || !valueTypes.has(type)) return undefined;
  const leading = leadingTo(classified, type).map((other) => classOf(classified, other, new Set([...seen, coordinate])));
  const known = leading.filter((one) => one !== undefined);
  return DATA_CLASSES[Math.max(...known.map((one) => DATA_CLASSES.indexOf(one)))];
}

/** Fields that give a value of the type. */
function leadingTo({ schema, classification }: Classified, type: string): readonly string[] {
  const all = [...classification.personal.keys()];
  return all.filter((coordinate) => {
    const field = fieldAt(schema, coordinate)?.field;
    return field !== undefined && possibleTypes(schema, nameOf(field.type)).includes(type);
  });
}

function nameOf(type: { toString: () => string }): string {
  return type.toString().replaceAll(/[[\]!]/g, '');
}

/** What is left of a value under a transform is said in its value type, and transforms are a closed list. */
export const retainedProblems: ClassificationCheck = ({ entries, classification, at }) =>
  Object.entries(entries.fields).flatMap(([coordinate, { retained }]) => {
    if (retained === undefined) return [];
    const [type = ''] = coordinate.split('.');
    const place = ['fields', coordinate, 'retained'];
    const problems = retained.flatMap((name, index) =>
      TRANSFORMS.some((one) => one === name)
        ? []
        : [
            error(
              FILE,
              at([...place, index]),
              `There is no transform "${name}". They are ${TRANSFORMS.join(', ')}.${didYouMean(name, TRANSFORMS)}`,
            ),
          ],
    );
    if (classification.valueTypes.has(type)) return problems;
    const message = `${type} is no value type, so nothing leads to it under a transform. Put the transform on the permit of ${coordinate}.`;
    return [...problems, error(FILE, at(place), message)];
  });

/** A withheld field is null; where the type forbids null, the object around it goes too. Nothing is given away, and much may be missing. */
export const withheldProblems: ClassificationCheck = ({ entries, schema, classification, at }) =>
  Object.entries(entries.fields).flatMap(([coordinate, { class: own }]) => {
    const found = fieldAt(schema, coordinate);
    if (own === undefined || found === undefined || !isNonNullType(found.field.type)) return [];
    if (classification.keys.get(found.type.name)?.has(coordinate) === true) return [];
    const message = `${coordinate} may not be null, so that withholding it withholds the ${found.type.name} around it.`;
    return [warning(FILE, at(['fields', coordinate]), message)];
  });
