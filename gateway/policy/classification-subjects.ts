import { getNamedType, isInputObjectType, isListType, isNonNullType, type GraphQLArgument, type GraphQLOutputType } from 'graphql';
import { fieldAt, keysOf, objectTypes, possibleTypes, type Classified, type ClassificationCheck } from './classification-model.ts';
import { didYouMean, error, type Problem } from './problems.ts';

const FILE = 'classification.yaml';

/** Each way of `subjectOf` leads to a person: over fields of the value, or, from `$`, to an argument that holds a person's key. */
export const pathProblems: ClassificationCheck = (classified) =>
  Object.entries(classified.entries.fields).flatMap(([coordinate, { subjectOf = [] }]) =>
    subjectOf.flatMap((way, index) => {
      const fault = way.startsWith('$') ? argumentFault(classified, coordinate, way) : valueFault(classified, coordinate, way);
      return fault === undefined ? [] : [error(FILE, classified.at(['fields', coordinate, 'subjectOf', index]), fault)];
    }),
  );

function valueFault({ schema, classification }: Classified, coordinate: string, way: string): string | undefined {
  let types = outputOf(fieldAt(schema, coordinate)?.field.type, schema);
  for (const step of way.split('.')) {
    const next = types.flatMap((type) => fieldAt(schema, `${type}.${step}`)?.field ?? []);
    if (next.length === 0) {
      const known = objectTypes(schema).flatMap((type) => (types.includes(type.name) ? Object.keys(type.getFields()) : []));
      return `"${way}" leads nowhere: ${types.join(', ')} has no field "${step}".${didYouMean(step, known)}`;
    }
    types = next.flatMap((field) => outputOf(field.type, schema));
  }
  return types.some((type) => classification.subjects.has(type)) ? undefined : `"${way}" leads to no person. Name a field that does.`;
}

function argumentFault({ schema, classification }: Classified, coordinate: string, way: string): string | undefined {
  const [name = '', ...rest] = way.slice(1).split('.');
  const args = fieldAt(schema, coordinate)?.field.args ?? [];
  const argument = args.find((one) => one.name === name);
  if (argument === undefined) {
    const known = args.map((one) => one.name);
    return `"${way}" leads nowhere: ${coordinate} has no argument "${name}".${didYouMean(name, known)}`;
  }
  let type = getNamedType(argument.type);
  for (const step of rest) {
    const next = isInputObjectType(type) ? type.getFields()[step] : undefined;
    if (next === undefined) return `"${way}" leads nowhere: ${type.name} has no field "${step}".`;
    type = getNamedType(next.type);
  }
  const keyTypes = [...classification.subjects].flatMap(([person, { key }]) => {
    const field = fieldAt(schema, `${person}.${key}`)?.field;
    return field === undefined ? [] : [getNamedType(field.type).name];
  });
  return keyTypes.includes(type.name) ? undefined : `"${way}" is of type ${type.name}, which is no person's key.`;
}

/** Everybody's data is somebody's: what is not PUBLIC is reached only through a person, or says by `subjectOf` who is concerned. */
export const ownerProblems: ClassificationCheck = (classified) => {
  const { classification, entries, at } = classified;
  const owned = ownedTypes(classified);
  return Object.entries(entries.fields).flatMap(([coordinate, { class: own, subjectOf, self }]): readonly Problem[] => {
    const [type = ''] = coordinate.split('.');
    if (own === undefined || own === 'PUBLIC' || subjectOf !== undefined || self === true) return [];
    if (owned.has(type) && !classification.roots.has(type)) return [];
    const message = `Nothing says whose data ${coordinate} is. Add subjectOf, reach ${type} only through a person, or call it PUBLIC when it is about nobody.`;
    return [error(FILE, at(['fields', coordinate]), message)];
  });
};

/** Types whose values are always below a person. The largest such set: begin with all, strike out until nothing changes. */
function ownedTypes({ schema, classification }: Classified): ReadonlySet<string> {
  const { roots, subjects, subjectsOf } = classification;
  const types = objectTypes(schema);
  const owned = new Set(types.map(({ name }) => name).filter((name) => !roots.has(name)));
  for (let before = -1; before !== owned.size;) {
    before = owned.size;
    for (const type of types) {
      if (owned.has(type.name)) continue;
      for (const field of Object.values(type.getFields())) {
        if (subjectsOf.has(`${type.name}.${field.name}`)) continue;
        for (const given of outputOf(field.type, schema)) if (!subjects.has(given)) owned.delete(given);
      }
    }
  }
  return owned;
}

/** A look-up's arguments are a key of the type that it gives, whole and nothing else; a field of the logged-in person gives a person. */
export const lookupProblems: ClassificationCheck = (classified) => {
  const { schema, entries, at, classification } = classified;
  const queryName = schema.getQueryType()?.name;
  return Object.entries(entries.fields).flatMap(([coordinate, { lookup, self }]): readonly Problem[] => {
    const found = fieldAt(schema, coordinate);
    if (found === undefined) return [];
    const problems: Problem[] = [];
    const isRoot = found.type.name === queryName;
    if (self === true && !(isRoot && outputOf(found.field.type, schema).every((type) => classification.subjects.has(type)))) {
      problems.push(error(FILE, at(['fields', coordinate, 'self']), `${coordinate} is no field of ${queryName} that gives a person.`));
    }
    if (lookup === true) {
      const fault = isRoot ? lookupFault(classified, found.field.type, found.field.args) : `is no field of ${queryName}`;
      if (fault !== undefined) problems.push(error(FILE, at(['fields', coordinate, 'lookup']), `${coordinate} ${fault}.`));
    }
    return problems;
  });
};

function lookupFault({ schema }: Classified, output: GraphQLOutputType, args: readonly GraphQLArgument[]): string | undefined {
  const named = getNamedType(output);
  const type = objectTypes(schema).find(({ name }) => name === named.name);
  const keys = type === undefined ? [] : keysOf(type).map((key) => key.split(/[\s,]+/));
  if (type === undefined || keys.length === 0) return `gives ${named.name}, which is no entity, and is no look-up`;
  const isList = depth(output) === 1;
  if (isList && args.length > 1) return 'finds many by several lists, which do not say what belongs together, and is no look-up';
  const fits = (key: string, { name, type: given }: GraphQLArgument): boolean => {
    const names = isList ? [key, `${key}s`, `${key}es`, key.replace(/y$/, 'ies')] : [key];
    const keyType = type.getFields()[key]?.type;
    return names.includes(name) && depth(given) === (isList ? 1 : 0) && keyType !== undefined && sameName(given, keyType);
  };
  const covered = keys.some((key) => key.length === args.length && key.every((name) => args.some((argument) => fits(name, argument))));
  if (covered) return undefined;
  return `is no look-up: its arguments are not a key of ${named.name} (${keys.map((key) => key.join(' and ')).join(', or ')}) and nothing else`;
}

function sameName(one: { toString: () => string }, other: { toString: () => string }): boolean {
  return one.toString().replaceAll(/[[\]!]/g, '') === other.toString().replaceAll(/[[\]!]/g, '');
}

function depth(type: unknown): number {
  if (isNonNullType(type)) return depth(type.ofType);
  return isListType(type) ? 1 + depth(type.ofType) : 0;
}

function outputOf(type: GraphQLOutputType | undefined, schema: Classified['schema']): readonly string[] {
  return type === undefined ? [] : possibleTypes(schema, getNamedType(type).name);
}
