import { hash as digest } from 'node:crypto';
import {
  getArgumentValues,
  getOperationAST,
  getVariableValues,
  OperationTypeNode,
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
import type { Policies } from '../policy/decision.ts';
import type { Caller, GatewayRequest } from '../request.ts';
import type { EstimateCost } from './admit-cost.ts';
import { readDocument } from './admit-document.ts';
import { refuseValues } from './admit-errors.ts';
import { rootFieldsOf } from './admit-measures.ts';
import { renameValues } from './admit-names.ts';
import { hasUnfitNull } from './admit-nulls.ts';
import { isRecord, nestsDeeper, readParameters, type Parameters } from './admit-parameters.ts';

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
  /** What was approved and is run by its document id; undefined for a document that the client sent. */
  readonly approved?: RunnableOperation | undefined;
  /** Of the people met in this request; undefined where nobody is asked for consent. */
  readonly consents?: RequestConsents | undefined;
  /** Ids of the grants that registers were sent for this request, as it goes on. */
  readonly grants?: Set<string> | undefined;
}

/** One root field whose arguments name persons. `ids` keeps duplicates. */
export interface AskedRoot {
  readonly coordinate: string;
  readonly ids: readonly string[];
}

/** An approved operation as the stages see it. */
export interface RunnableOperation {
  readonly name: string;
  /** Source text of the document. */
  readonly document: string;
  /** Why these variables are none that it was approved for, as a sentence without their values; undefined when they are. */
  readonly unfit: (variables: Readonly<Record<string, unknown>>) => string | undefined;
  /** Why it does not run under these rules, as a sentence; undefined when it gives exactly what was approved. */
  readonly lapsedUnder: (policies: Policies) => string | undefined;
}

/** Finds what a caller may run by a document id, or refuses it. */
export type FindApproved = (documentId: string, caller: Caller) => RunnableOperation | Refusal;

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
  /** Undefined where nothing is registered (`--open`, `--scopes`). */
  readonly findApproved?: FindApproved | undefined;
}

/**
 * Reads the GraphQL request out of the body (GraphQL-over-HTTP, "Request Parameters"), holds it against every limit before the work that
 * the limit bounds, and validates it. Sizes first, because validation itself can be made to take minutes (ATTACKS 10 and 11).
 */
export function admit(request: GatewayRequest, caller: Caller, parts: AdmitParts): Admitted | Refusal {
  const parameters = readParameters(request.body);
  if (parameters.kind === 'refusal') return parameters;
  if (nestsDeeper(parameters.variables, parts.limits.nestingMax)) {
    return refuse('OPERATION_TOO_LARGE', `Variables may nest ${parts.limits.nestingMax} deep. Send a flatter value.`);
  }
  const source = sourceOf(parameters, caller, parts);
  if ('code' in source) return source;
  const { text, hash, approved } = source;
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
  const { peoplePerRequest } = caller;
  if (peoplePerRequest !== undefined && new Set(asked.flatMap(({ ids }) => ids)).size > peoplePerRequest) {
    return refuse('OPERATION_TOO_LARGE', `This application may ask for ${peoplePerRequest} people at once. Split the request.`);
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
    approved,
  };
}

interface Source {
  readonly text: string;
  /** SHA-256 of the text, hex. */
  readonly hash: string;
  readonly approved: RunnableOperation | undefined;
}

/**
 * The document to run: the one that was sent, or the approved one of an id. INVARIANT: an application that may run approved operations only gets
 * no document past here that it sent itself, whatever stands in it.
 */
function sourceOf({ query, documentId, variables }: Parameters, caller: Caller, { findApproved }: AdmitParts): Source | Refusal {
  if (documentId === undefined) {
    if (caller.approvedOperationsOnly || query === undefined) return refuse('OPERATION_NOT_APPROVED');
    return { text: query, hash: digest('sha256', query, 'hex'), approved: undefined };
  }
  const approved =
    findApproved?.(documentId, caller) ??
    refuse('OPERATION_NOT_APPROVED', 'No operations are registered here. Send the document as "query".');
  if ('code' in approved) return approved;
  const unfit = approved.unfit(variables);
  if (unfit !== undefined) return refuse('BAD_USER_INPUT', unfit);
  return { text: approved.document, hash: documentId.slice(DOCUMENT_ID_PREFIX.length), approved };
}

const DOCUMENT_ID_PREFIX = 'sha256:';

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
