import {
  getNamedType,
  isEnumType,
  isListType,
  isNonNullType,
  isSpecifiedScalarType,
  Kind,
  OperationTypeNode,
  parse,
  typeFromAST,
  visit,
  type DocumentNode,
  type GraphQLType,
  type OperationDefinitionNode,
} from 'graphql';
import { holdsIdNumber } from '../../platform/id-number.ts';
import type { Graph } from '../graph.ts';
import type { Limits } from '../limits.ts';
import { asksForSchema } from '../policy/own-schema.ts';
import { readDocument } from '../stages/admit-document.ts';
import type { Tryable } from './circumstances.ts';
import type { OperationContent } from './content.ts';
import { compileVariables, type ValueSchema, type VariableCheck } from './variable-schema.ts';

/** What is wrong with the definition of an analysis, one sentence each; what it is counted from and by is the engine's to judge. */
export type CheckAnalysis = (content: OperationContent) => readonly string[];

/** Variable of an analysis that the engine gives: the people of a batch. */
const ENGINES_VARIABLE = 'idNumbers';

export interface ReadingParts {
  readonly graph: Pick<Graph, 'apiSchema'>;
  readonly limits: Limits;
  /** Undefined where no analyses are run: then none can be registered. */
  readonly checkAnalysis: CheckAnalysis | undefined;
}

/** A content read against the graph: ready to be tried, or what is wrong with it. `doubts` stop nothing and are shown to those who approve. */
export type OperationReading =
  | { readonly kind: 'read'; readonly tryable: Tryable; readonly doubts: readonly string[] }
  | { readonly kind: 'wrong'; readonly problems: readonly string[] };

/** Checks what does not depend on the rules: document, variables, definition. Pure. */
export function readOperation(content: OperationContent, { graph, limits, checkAnalysis }: ReadingParts): OperationReading {
  const document = readDocument(content.document, { graph, limits });
  if ('code' in document) return wrong(document.errors.map(({ message }) => `The document: ${message}`));
  const operations = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
  const [operation] = operations;
  if (operation === undefined || operations.length > 1)
    return wrong(['The document: It has exactly one operation. Register each by itself.']);
  const problems = [...documentProblems(document, operation), ...variableProblems(content)];
  if (content.kind === 'analysis') {
    if (operation.operation !== OperationTypeNode.QUERY) problems.push('The document: An analysis is a query.');
    problems.push(...(checkAnalysis?.(content) ?? ['Analyses are not run by this gateway.']));
  }
  let variables: VariableCheck;
  try {
    variables = compileVariables(content.variables);
  } catch (error) {
    return wrong([...problems, error instanceof Error ? error.message : String(error)]);
  }
  if (problems.length > 0) return wrong(problems);
  return { kind: 'read', tryable: { content, document, operation, variables }, doubts: unbounded(content, operation, graph) };
}

function wrong(problems: readonly string[]): OperationReading {
  return { kind: 'wrong', problems };
}

function documentProblems(document: DocumentNode, operation: OperationDefinitionNode): string[] {
  const problems: string[] = [];
  if (operation.operation === OperationTypeNode.SUBSCRIPTION) problems.push('The document: Subscriptions are not served here.');
  if (asksForSchema(document)) problems.push('The document: It asks for the schema. Leave __schema and __type out.');
  let namesSomebody = false;
  const look = ({ value }: { readonly value: string }): void => {
    namesSomebody ||= holdsIdNumber(value);
  };
  visit(document, { StringValue: look, IntValue: look, FloatValue: look });
  if (namesSomebody) problems.push('The document: It holds what looks like an ID number. Give numbers by variables.');
  return problems;
}

/** The schema has the operation's variables and no others; those of an analysis without the one that the engine gives. */
function variableProblems({ kind, document, variables }: OperationContent): readonly string[] {
  const [first] = parse(document, { noLocation: true }).definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
  const declared = new Set(first?.variableDefinitions?.map(({ variable }) => variable.name.value));
  const described = new Set(Object.keys(variables.properties));
  const isEngines = (name: string): boolean => kind === 'analysis' && name === ENGINES_VARIABLE;
  return [
    ...[...declared]
      .filter((name) => !described.has(name) && !isEngines(name))
      .map((name) => `The variables: "${name}" of the document has no schema. Say which values it may have.`),
    ...[...described].filter((name) => !declared.has(name)).map((name) => `The variables: The document has no variable "${name}".`),
    ...(variables.required ?? [])
      .filter((name) => !described.has(name))
      .map((name) => `The variables: "${name}" is required and has no schema.`),
  ];
}

/** Variables that may hold any text or a list of any length: allowed, and told to those who approve. */
function unbounded(
  { variables }: OperationContent,
  operation: OperationDefinitionNode,
  { apiSchema }: ReadingParts['graph'],
): readonly string[] {
  return (operation.variableDefinitions ?? []).flatMap(({ variable, type: node }) => {
    const name = variable.name.value;
    const schema = variables.properties[name];
    const type: GraphQLType | undefined = typeFromAST(apiSchema, node);
    if (schema === undefined || type === undefined) return [];
    const doubt = doubtOf(schema, type);
    return doubt === undefined ? [] : [`The variable "${name}" ${doubt}.`];
  });
}

function doubtOf(schema: ValueSchema, type: GraphQLType): string | undefined {
  if (isNonNullType(type)) return doubtOf(schema, type.ofType);
  if (schema.enum !== undefined || schema.const !== undefined) return undefined;
  if (isListType(type)) {
    if (schema.maxItems === undefined) return 'may be a list of any length';
    return schema.items === undefined ? 'may be a list of anything' : doubtOf(schema.items, type.ofType);
  }
  const named = getNamedType(type);
  // Scalars of the graph's own check themselves.
  if (isEnumType(named) || !isSpecifiedScalarType(named) || named.name === 'Boolean') return undefined;
  if (named.name === 'String' || named.name === 'ID') return schema.maxLength === undefined ? 'may be any text' : undefined;
  const hasEnds = (schema.minimum ?? schema.exclusiveMinimum) !== undefined && (schema.maximum ?? schema.exclusiveMaximum) !== undefined;
  return hasEnds ? undefined : 'may be any number';
}
