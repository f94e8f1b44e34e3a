import { isEnumType, isInputObjectType, isInterfaceType, isUnionType } from 'graphql';
import { coordinates, fieldAt, keysOf, objectTypes, type Classified, type ClassificationCheck } from './classification-model.ts';
import { didYouMean, error, type Problem } from './problems.ts';

const FILE = 'classification.yaml';

/** Everything that the file names is in the graph. A rule about something that is not there would protect nothing. */
export const nameProblems: ClassificationCheck = (classified) => [
  ...Object.entries(classified.entries.persons).flatMap(([type, { key }]) => personProblems(classified, type, key)),
  ...Object.keys(classified.entries.fields).flatMap((coordinate) => fieldProblems(classified, coordinate)),
];

function personProblems({ schema, classification, at }: Classified, name: string, key: string): readonly Problem[] {
  const type = objectTypes(schema).find((one) => one.name === name);
  const path = ['persons', name];
  if (type === undefined) return [error(FILE, at(path), noType(schema, name))];
  if (classification.roots.has(name)) return [error(FILE, at(path), `"${name}" is a root type and no person.`)];
  const keys = keysOf(type);
  if (keys.includes(key)) return [];
  const known = keys.filter((text) => /^\w+$/.test(text));
  const advice =
    known.length === 0 ? 'A person has a key of one field that is a @key in some subgraph.' : `Its keys are ${known.join(', ')}.`;
  return [error(FILE, at([...path, 'key']), `"${key}" is no key of ${name}. ${advice}${didYouMean(key, known)}`)];
}

function fieldProblems(classified: Classified, coordinate: string): readonly Problem[] {
  const { schema, entries, at } = classified;
  const path = ['fields', coordinate];
  const found = fieldAt(schema, coordinate);
  if (found === undefined) return [error(FILE, at(path), noField(classified, coordinate))];
  const problems: Problem[] = [];
  const entry = entries.fields[coordinate] ?? {};
  const refer = (other: string, where: readonly PropertyKey[]): void => {
    if (fieldAt(schema, other) === undefined) problems.push(error(FILE, at([...path, ...where]), noField(classified, other)));
  };
  for (const [index, source] of (entry.sources ?? []).entries()) refer(source, ['sources', index]);
  const known = found.field.args.map(({ name }) => name);
  for (const [name, { reads }] of Object.entries(entry.arguments ?? {})) {
    if (!known.includes(name)) {
      problems.push(error(FILE, at([...path, 'arguments', name]), `${coordinate} has no argument "${name}".${didYouMean(name, known)}`));
    }
    for (const [index, read] of reads.entries()) refer(read, ['arguments', name, 'reads', index]);
  }
  return problems;
}

function noField({ schema }: Classified, coordinate: string): string {
  const [type = '', field, ...rest] = coordinate.split('.');
  if (field === undefined || rest.length > 0) return `"${coordinate}" is no coordinate. Write Type.field.`;
  const named = schema.getType(type);
  if (named === undefined) return noType(schema, type);
  if (isInterfaceType(named) || isUnionType(named)) {
    const concrete = schema.getPossibleTypes(named).map(({ name }) => `${name}.${field}`);
    return `"${type}" is abstract, and decisions are made on the types that values have. Classify ${concrete.join(', ')}.`;
  }
  const all = coordinates(schema);
  const near = all.filter((one) => one.startsWith(`${type}.`));
  return `The graph has no field "${coordinate}".${didYouMean(coordinate, near) || didYouMean(coordinate, all)}`;
}

function noType(schema: Classified['schema'], name: string): string {
  const named = schema.getType(name);
  if (named === undefined)
    return `The graph has no type "${name}".${didYouMean(
      name,
      objectTypes(schema).map((type) => type.name),
    )}`;
  if (isInterfaceType(named) || isUnionType(named)) {
    const concrete = schema.getPossibleTypes(named).map((type) => type.name);
    return `"${name}" is abstract. Name the types that values have: ${concrete.join(', ')}.`;
  }
  const kind = isInputObjectType(named) ? 'an input type' : isEnumType(named) ? 'an enum' : 'a scalar';
  return `"${name}" is ${kind}. Only fields of object types are classified.`;
}
