import { buildSubgraphSchema } from '@apollo/subgraph';
import {
  isAbstractType,
  Kind,
  parse,
  print,
  validate,
  valueFromASTUntyped,
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { federation1Sdl, federation2Sdl, type Subgraph } from '../work/graph.ts';
import { profile, profileOf, PROFILES, type Entity, type Value } from '../work/person.ts';
import { bytesOf, type Bytes } from './http.ts';

/** Different texts remembered; a gateway that writes ID numbers into its texts sends many. */
const DOCUMENTS_MAX = 2_000;
/** Stands for the ID number in texts made beforehand; no text of the data holds a control character. */
const PLACEHOLDER = '\u0001';

type Variables = Readonly<Record<string, unknown>>;
type Reply = (variables: Variables) => Bytes;

/** What is answered of a person: the pieces of the JSON text between which the ID number stands. */
type PersonText = readonly Bytes[];

/**
 * Makes the answers of one subgraph. Each text is validated against the subgraph's own SDL once, so that a gateway that asks the wrong
 * subgraph is told so, and compiled: after that an answer is put together from JSON text made beforehand for each file of a person.
 */
export function createReplies(subgraph: Subgraph): (body: string) => Bytes {
  const schema = buildSubgraphSchema(parse(federation2Sdl(subgraph)));
  const sdl = federation1Sdl(subgraph);
  const compiled = new LRUCache<string, Reply>({ max: DOCUMENTS_MAX });
  // Gateways select the same in different documents, and share the texts then.
  const people = new Map<string, (idNumber: string) => Bytes>();
  return (body) => {
    try {
      const { query, variables } = JSON.parse(body) as { query: string; variables?: Variables | null };
      let reply = compiled.get(query);
      if (reply === undefined) {
        reply = compileDocument({ schema, sdl, people, document: parse(query) });
        compiled.set(query, reply);
      }
      return reply(variables ?? {});
    } catch (error) {
      return failure(error instanceof Error ? error.message : String(error));
    }
  };
}

function failure(message: string): Bytes {
  return bytesOf(JSON.stringify({ errors: [{ message }] }));
}

interface Parts {
  readonly schema: GraphQLSchema;
  readonly sdl: string;
  readonly people: Map<string, (idNumber: string) => Bytes>;
  readonly document: DocumentNode;
}

function compileDocument(parts: Parts): Reply {
  const [wrong] = validate(parts.schema, parts.document);
  if (wrong) throw wrong;
  const operations = parts.document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  const [operation] = operations;
  if (!operation || operations.length > 1) throw new Error('One operation in a document, please.');
  const fields = collect(parts, 'Query', operation.selectionSet).map(([key, nodes]) => {
    const write = compileRoot(parts, nodes);
    const prefix = `${JSON.stringify(key)}:`;
    return (variables: Variables): Bytes => prefix + write(variables);
  });
  return (variables) => `{"data":{${fields.map((write) => write(variables)).join(',')}}}`;
}

function compileRoot(parts: Parts, nodes: readonly FieldNode[]): Reply {
  const [first] = nodes;
  const name = first?.name.value;
  const argument = (of: string): ((variables: Variables) => unknown) =>
    argumentReader(first?.arguments?.find((node) => node.name.value === of));
  switch (name ?? '') {
    case '__typename':
      return () => '"Query"';
    case '_service': {
      const service = { __typename: '_Service', sdl: parts.sdl };
      return () => bytesOf(writeValue(parts, service, nodes));
    }
    case 'resident': {
      const person = personWriter(parts, nodes);
      const idNumber = argument('idNumber');
      return (variables) => person(String(idNumber(variables)));
    }
    case 'residents': {
      const person = personWriter(parts, nodes);
      const idNumbers = argument('idNumbers');
      return (variables) => `[${(idNumbers(variables) as readonly string[]).map(person).join(',')}]`;
    }
    case '_entities': {
      const person = personWriter(parts, nodes);
      const representations = argument('representations');
      return (variables) =>
        `[${(representations(variables) as readonly { idNumber: string }[]).map(({ idNumber }) => person(idNumber)).join(',')}]`;
    }
    default:
      throw new Error(`The work does not ask for Query.${name}.`);
  }
}

function argumentReader(node: ArgumentNode | undefined): (variables: Variables) => unknown {
  const value = node?.value;
  if (value === undefined) throw new Error('An argument is missing.');
  if (value.kind === Kind.VARIABLE) return (variables) => variables[value.name.value];
  return (variables) => valueFromASTUntyped(value, variables);
}

/** Writes the selected fields of a person; the text of each file is made at its first use. */
function personWriter(parts: Parts, nodes: readonly FieldNode[]): (idNumber: string) => Bytes {
  const key = selectionText(parts, nodes);
  const known = parts.people.get(key);
  if (known) return known;
  const texts: (PersonText | undefined)[] = Array.from({ length: PROFILES });
  const write = (idNumber: string): Bytes => {
    const index = profileOf(idNumber);
    const text = (texts[index] ??= bytesOf(writeValue(parts, profile(index, PLACEHOLDER), nodes)).split('\\u0001'));
    return text.join(idNumber);
  };
  parts.people.set(key, write);
  return write;
}

/** The selection with everything that decides what is written. */
function selectionText({ document }: Parts, nodes: readonly FieldNode[]): string {
  const fragments = document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  return [...nodes.flatMap(({ selectionSet }) => selectionSet ?? []), ...fragments].map(print).join('\n');
}

function writeValue(parts: Parts, value: Value, nodes: readonly FieldNode[]): string {
  if (Array.isArray(value)) return `[${value.map((item: Value) => writeValue(parts, item, nodes)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entity = value as Entity;
  const selections = nodes.flatMap(({ selectionSet }) => selectionSet?.selections ?? []);
  const fields = collect(parts, entity.__typename, { kind: Kind.SELECTION_SET, selections });
  return `{${fields
    .map(([key, children]) => `${JSON.stringify(key)}:${writeValue(parts, entity[children[0]?.name.value ?? ''] ?? null, children)}`)
    .join(',')}}`;
}

/** The fields of a selection on one type by response key (specification, 6.3.2, CollectFields). */
function collect(parts: Parts, type: string, selectionSet: SelectionSetNode): readonly (readonly [string, readonly FieldNode[]])[] {
  const fields = new Map<string, FieldNode[]>();
  const visit = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      // A gateway may write @include with a variable of its own; the work has none, and guessing would falsify it.
      if ((selection.directives?.length ?? 0) > 0) throw new Error('Directives are not served here.');
      if (selection.kind === Kind.FIELD) {
        const key = selection.alias?.value ?? selection.name.value;
        const known = fields.get(key);
        if (known) known.push(selection);
        else fields.set(key, [selection]);
      } else {
        const on = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragment(parts, selection.name.value);
        if (on.typeCondition === undefined || applies(parts.schema, on.typeCondition.name.value, type)) visit(on.selectionSet);
      }
    }
  };
  visit(selectionSet);
  return [...fields];
}

function fragment({ document }: Parts, name: string): FragmentDefinitionNode {
  const found = document.definitions.find((definition) => definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === name);
  if (found?.kind !== Kind.FRAGMENT_DEFINITION) throw new Error(`There is no fragment ${name}.`);
  return found;
}

function applies(schema: GraphQLSchema, condition: string, typeName: string): boolean {
  if (condition === typeName) return true;
  const type = schema.getType(condition);
  const concrete = schema.getType(typeName);
  return (
    type !== undefined &&
    isAbstractType(type) &&
    concrete !== undefined &&
    schema.getPossibleTypes(type).some(({ name }) => name === concrete.name)
  );
}
