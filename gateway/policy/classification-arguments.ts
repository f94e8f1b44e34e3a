import { getNamedType, isEnumType, isInputObjectType, type GraphQLArgument } from 'graphql';
import { objectTypes, possibleTypes, type Classified, type ClassificationCheck } from './classification-model.ts';
import { error, type Problem } from './problems.ts';

const FILE = 'classification.yaml';

/**
 * Selecting or ordering by personal data reads it: whoever may not see phones may not find people by them either. So an argument that is
 * named like a classified field of what is selected, itself or by a part of its input type or a value of its enum, says what it reads, be it nothing (`reads: []`).
 */
export const argumentProblems: ClassificationCheck = (classified) =>
  objectTypes(classified.schema).flatMap((type) =>
    Object.values(type.getFields()).flatMap((field) => {
      const coordinate = `${type.name}.${field.name}`;
      const guarded = guardedNames(classified, type.name, coordinate, getNamedType(field.type).name);
      return field.args.flatMap((argument): readonly Problem[] => {
        const said = classified.entries.fields[coordinate]?.arguments;
        if (said !== undefined && Object.hasOwn(said, argument.name)) return [];
        const read = new Set(namesInside(argument).flatMap((name) => guarded.get(plain(name)) ?? []));
        if (read.size === 0) return [];
        const reads = [...read].toSorted();
        const message =
          `${coordinate}(${argument.name}:) can select by ${reads.join(', ')}. ` +
          `Say under "${coordinate}" what it reads, arguments: { ${argument.name}: { reads: [${reads.join(', ')}] } }, or [] when it reads nothing.`;
        return [error(FILE, classified.at(['fields', coordinate]), message)];
      });
    }),
  );

/** Classified fields that are not PUBLIC and no key, of the types around a field, by name. */
function guardedNames(
  { schema, classification }: Classified,
  parent: string,
  coordinate: string,
  output: string,
): ReadonlyMap<string, readonly string[]> {
  const { personal, keys, roots } = classification;
  const own = personal.get(coordinate)?.sources ?? [];
  const around = new Set([...possibleTypes(schema, output), ...(roots.has(parent) ? [] : [parent])]);
  const guarded = [...personal].filter(([other, { class: dataClass }]) => {
    const [type = ''] = other.split('.');
    const isKey = keys.get(type)?.has(other) === true;
    return around.has(type) && dataClass !== 'PUBLIC' && !isKey && other !== coordinate && !own.includes(other);
  });
  return Map.groupBy(
    guarded.map(([other]) => other),
    (other) => plain(other.slice(other.indexOf('.') + 1)),
  );
}

/** The argument's own name, and below it the fields of input objects and the values of enums. */
function namesInside(argument: GraphQLArgument): readonly string[] {
  const names = [argument.name];
  const seen = new Set<string>();
  const waiting = [getNamedType(argument.type)];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next.name)) continue;
    seen.add(next.name);
    if (isEnumType(next)) names.push(...next.getValues().map(({ name }) => name));
    if (!isInputObjectType(next)) continue;
    for (const field of Object.values(next.getFields())) {
      names.push(field.name);
      waiting.push(getNamedType(field.type));
    }
  }
  return names;
}

function plain(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}
