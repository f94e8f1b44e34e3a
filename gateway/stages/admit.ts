import { hash as digest } from 'node:crypto';
import {
  getArgumentValues,
  getOperationAST,
  getVariableValues,
  GraphQLError,
  Lexer,
  OperationTypeNode,
  parse,
  Source,
  TokenKind,
  validate,
  visit,
  type DocumentNode,
  type GraphQLFieldMap,
  type OperationDefinitionNode,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import type { RequestConsents } from '../consent/request.ts';
import type { Limits } from '../limits.ts';
import { conditionVariables, decideConditions, hasConditions } from '../execution/conditions.ts';
import { refuse, type Refusal } from '../errors.ts';
import type { Graph } from '../graph.ts';
import type { Caller, GatewayRequest } from '../request.ts';
import type { EstimateCost } from './admit-cost.ts';
import { documentError, refuseValues } from './admit-errors.ts';
import { measure, rootFieldsOf, type Measures } from './admit-measures.ts';
import { renameValues, renameVariables } from './admit-names.ts';
import { hasUnfitNull } from './admit-nulls.ts';

/** A request whose document is small enough, parses, is valid, and whose variables fit. Nothing has been decided yet. */
export interface Admitted {
  readonly kind: 'admitted';
  readonly request: GatewayRequest;
  readonly caller: Caller;
  readonly text: string;
  /** SHA-256 of the text, hex. */
  readonly hash: string;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly operationName: string | undefined;
  /** Coerced by the API schema: what policies, plans and subgraphs see. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** The persons that root arguments name. */
  readonly asked: readonly AskedRoot[];
  /** Of the people met in this request; undefined where nobody is asked for consent. */
  readonly consents?: RequestConsents | undefined;
}

/** One root field whose arguments name persons. `ids` keeps duplicates. */
export interface AskedRoot {
  readonly coordinate: string;
  readonly ids: readonly string[];
}

/** Documents that were admitted once, by SHA-256 of their text; the answer depends on the text and the schema alone. */
export type DocumentCache = LRUCache<string, DocumentNode>;

export function createDocumentCache(limits: Limits): DocumentCache {
  return new LRUCache({
    max: limits.documentCacheMax,
    // Counted by their text as well: as many of the largest documents as of usual ones would take gigabytes.
    maxSize: limits.documentCacheCharactersMax,
    sizeCalculation: (document) => document.loc?.source.body.length ?? 1,
  });
}

export interface AdmitParts {
  readonly graph: Graph;
  readonly limits: Limits;
  readonly documents: DocumentCache;
  /** Undefined where the supergraph says nothing of costs. */
  readonly estimateCost?: EstimateCost | undefined;
}

/**
 * Reads the GraphQL request out of the body (GraphQL-over-HTTP, "Request Parameters"), holds it against every limit before the work that
 * the limit bounds, and validates it. Sizes first, because validation itself can be made to take minutes (ATTACKS 10 and 11).
 */
export function admit(request: GatewayRequest, caller: Caller, parts: AdmitParts): Admitted | Refusal {
  const parameters = readParameters(request.body);
  if (parameters.kind === 'refusal') return parameters;
  // Until operations can be approved there are none, so an application that may run nothing else runs nothing.
  if (caller.approvedOperationsOnly) return refuse('OPERATION_NOT_APPROVED');
  const text = parameters.query;
  const hash = digest('sha256', text, 'hex');
  const document = parts.documents.get(hash) ?? readDocument(text, parts);
  if ('code' in document) return document;
  parts.documents.set(hash, document);

  const operation = getOperationAST(document, parameters.operationName);
  if (!operation) return refuse('OPERATION_RESOLUTION_FAILURE');
  const rootType = parts.graph.apiSchema.getRootType(operation.operation);
  if (operation.operation === OperationTypeNode.SUBSCRIPTION) return refuse('OPERATION_NOT_SUPPORTED');
  if (!rootType) return refuse('GRAPHQL_VALIDATION_FAILED', `The schema has no ${operation.operation} type. Send a query.`);

  const variables = getVariableValues(parts.graph.apiSchema, operation.variableDefinitions ?? [], renameValues(parameters.variables), {
    maxErrors: parts.limits.validationErrorsMax,
    hideSuggestions: true,
  });
  if (variables.errors) return refuseValues(variables.errors);
  if (hasUnfitNull(document, operation, variables.coerced, parts.graph.apiSchema)) {
    return refuse('BAD_USER_INPUT', 'A variable is null and stands where null cannot. Give it a value, or leave it out for its default.');
  }
  // A root that `@skip` takes out asks for nobody.
  const present = hasConditions(document) ? decideConditions(document, variables.coerced) : document;
  const presentOperation = getOperationAST(present, parameters.operationName) ?? operation;
  const asked = idsAsked(present, presentOperation, rootType.getFields(), variables.coerced, parts.graph, caller.citizen);
  if (asked.reduce((sum, root) => sum + root.ids.length, 0) > parts.limits.idsMax) {
    return refuse('OPERATION_TOO_LARGE', `At most ${parts.limits.idsMax} ID numbers can be asked for at once. Split the request.`);
  }
  const conditions = (): readonly unknown[] => conditionVariables(document).map((name) => variables.coerced[name]);
  const costKey = (): string => JSON.stringify([hash, parameters.operationName, conditions()]);
  const cost = parts.estimateCost?.(costKey(), present, presentOperation, variables.coerced) ?? 0;
  if (typeof cost !== 'number') return cost;
  if (cost > parts.limits.operationCostMax) return refuse('OPERATION_TOO_LARGE', tooDear(cost, parts.limits));
  return {
    kind: 'admitted',
    request,
    caller: operation.operation === OperationTypeNode.MUTATION ? { ...caller, action: 'write' } : caller,
    text,
    hash,
    document,
    operation,
    operationName: parameters.operationName,
    variables: variables.coerced,
    asked,
  };
}

interface Parameters {
  readonly kind: 'parameters';
  readonly query: string;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
}

function readParameters(body: unknown): Parameters | Refusal {
  if (Array.isArray(body)) return refuse('BAD_REQUEST', 'Batches are not taken. Send one operation in a JSON object.');
  if (!isRecord(body)) return refuse('BAD_REQUEST');
  const { query, operationName, variables, extensions } = body;
  if (typeof query !== 'string' || query.trim() === '') return refuse('BAD_REQUEST');
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string') {
    return refuse('BAD_REQUEST', '"operationName" is a string or null. Correct the request.');
  }
  if (variables !== undefined && variables !== null && !isRecord(variables)) {
    return refuse('BAD_REQUEST', '"variables" is a JSON object or null. Correct the request.');
  }
  if (extensions !== undefined && extensions !== null && !isRecord(extensions)) {
    return refuse('BAD_REQUEST', '"extensions" is a JSON object or null. Correct the request.');
  }
  // An empty name means the same as none; clients that always send the member rely on it.
  return {
    kind: 'parameters',
    query,
    operationName: operationName === null || operationName === '' ? undefined : operationName,
    variables: variables ?? {},
  };
}

function readDocument(text: string, { graph, limits }: AdmitParts): DocumentNode | Refusal {
  let document: DocumentNode;
  try {
    const tooLong = excessOfTokens(text, limits);
    if (tooLong !== undefined) return refuse('OPERATION_TOO_LARGE', tooLong);
    document = parse(text);
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    return { kind: 'refusal', code: 'GRAPHQL_PARSE_FAILED', errors: [documentError('GRAPHQL_PARSE_FAILED', error)] };
  }
  const measures = measure(document, limits);
  const excess = excessOf(measures, limits);
  if (excess !== undefined) return refuse('OPERATION_TOO_LARGE', excess);
  if (measures.reservedName) {
    return refuse(
      'GRAPHQL_VALIDATION_FAILED',
      'An alias or a variable has a reserved name. Choose one that does not begin with two underscores.',
    );
  }
  document = renameVariables(document);
  const errors = validate(graph.apiSchema, document, undefined, { maxErrors: limits.validationErrorsMax, hideSuggestions: true });
  if (errors.length === 0) return document;
  if (asksForIncrements(document)) return refuse('OPERATION_NOT_SUPPORTED');
  return {
    kind: 'refusal',
    code: 'GRAPHQL_VALIDATION_FAILED',
    errors: errors.map((error) => documentError('GRAPHQL_VALIDATION_FAILED', error)),
  };
}

/** `@defer` and `@stream` are in no schema of ours; a client that sends them is told what it is about, not that they are unknown. */
function asksForIncrements(document: DocumentNode): boolean {
  let found = false;
  visit(document, {
    Directive: ({ name }) => {
      found ||= name.value === 'defer' || name.value === 'stream';
    },
  });
  return found;
}

/** Lexes the text up to the limits: the parser calls itself for every bracket, so it must not see a text with thousands open. */
function excessOfTokens(text: string, limits: Limits): string | undefined {
  const lexer = new Lexer(new Source(text));
  let open = 0;
  for (let tokens = 1; lexer.advance().kind !== TokenKind.EOF; tokens += 1) {
    if (tokens > limits.tokensMax) return `A document may have ${limits.tokensMax} tokens. Ask for less at a time.`;
    if (OPENING.has(lexer.token.kind)) open += 1;
    else if (CLOSING.has(lexer.token.kind)) open -= 1;
    if (open > limits.nestingMax) return `A document may have ${limits.nestingMax} brackets open at once. Ask for less at a time.`;
  }
  return undefined;
}

const OPENING: ReadonlySet<string> = new Set([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L]);
const CLOSING: ReadonlySet<string> = new Set([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R]);

function excessOf(measures: Measures, limits: Limits): string | undefined {
  if (measures.depth > limits.depthMax) return `A document may nest ${limits.depthMax} deep. Ask for less at a time.`;
  if (measures.aliases > limits.aliasesMax) return `A document may have ${limits.aliasesMax} aliases. Use variables and lists instead.`;
  if (measures.rootFields > limits.rootFieldsMax) return `An operation may have ${limits.rootFieldsMax} root fields. Use lists instead.`;
  if (measures.expandedSelections > limits.expandedSelectionsMax) {
    return `A document may select ${limits.expandedSelectionsMax} times with its fragments expanded. Ask for less at a time.`;
  }
  if (measures.repeatedSelections > limits.repeatedSelectionsMax) {
    return `A field may be selected ${limits.repeatedSelectionsMax} times in one place. Select it once.`;
  }
  return undefined;
}

function tooDear(cost: number, limits: Limits): string {
  return `By the weights and list sizes of the schema the operation costs ${cost}; it may cost ${limits.operationCostMax}. Ask for less at a time.`;
}

/** The persons that root arguments name: keys of `@lookup` fields and the arguments of `@subject(of: ["$…"])`. */
function idsAsked(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  fields: GraphQLFieldMap<unknown, unknown>,
  variables: Readonly<Record<string, unknown>>,
  graph: Graph,
  citizen: string | undefined,
): readonly AskedRoot[] {
  const { lookups, selves, subjectsOf } = graph.classification;
  const rootName = graph.apiSchema.getRootType(operation.operation)?.name ?? '';
  const asked: AskedRoot[] = [];
  for (const node of rootFieldsOf(document, operation)) {
    const coordinate = `${rootName}.${node.name.value}`;
    if (selves.has(coordinate) && citizen !== undefined) asked.push({ coordinate, ids: [citizen] });
    const field = fields[node.name.value];
    const paths = (subjectsOf.get(coordinate) ?? []).filter((path) => path.startsWith('$'));
    if (!field || (!lookups.has(coordinate) && paths.length === 0)) continue;
    const values = getArgumentValues(field, node, { ...variables });
    const ids = lookups.has(coordinate) ? Object.values(values).flatMap(texts) : [];
    for (const path of paths) ids.push(...texts(path.slice(1).split('.').reduce<unknown>(member, values)));
    asked.push({ coordinate, ids });
  }
  return asked;
}

function member(value: unknown, name: string): unknown {
  return isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function texts(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
