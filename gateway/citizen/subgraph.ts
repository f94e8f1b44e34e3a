import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSubgraphSchema, type GraphQLResolverMap } from '@apollo/subgraph';
import { execute, GraphQLError, parse, type DocumentNode, type ExecutionResult } from 'graphql';
import { gql } from 'graphql-tag';
import { LRUCache } from 'lru-cache';
import { SCALARS } from '../../platform/scalars.ts';
import type { ConsentService } from '../consent/service.ts';
import type { SubgraphClient } from '../execution/fetch.ts';
import type { ShowHistory } from '../oversight/history/shown.ts';
import { citizenResolvers, type CitizenContext } from './resolvers.ts';

/** Name of the subgraph by which the gateway answers citizens itself. */
export const CITIZEN_SUBGRAPH = 'citizen';

const DOCUMENTS_KEPT_MAX = 500;
/** What every subgraph's schema begins with; its own. */
const SDL_FILES = [join(import.meta.dirname, '..', '..', 'schema', 'directives.graphql'), join(import.meta.dirname, 'schema.graphql')];

export interface CitizenParts {
  readonly consents: ConsentService;
  readonly showHistory: ShowHistory;
  /** Told of what failed while a field was resolved. */
  readonly failed: (error: Error) => void;
}

/**
 * The gateway's own subgraph, composed like the others and called like them, without a connection between: `me`, consents and what changes
 * them, for the citizen who is logged in.
 */
export function createCitizenSubgraph(parts: CitizenParts): SubgraphClient {
  const typeDefs = gql(SDL_FILES.map((file) => readFileSync(file, 'utf8')).join('\n'));
  const resolvers = { ...SCALARS, ...citizenResolvers(parts) };
  const schema = buildSubgraphSchema([{ typeDefs, resolvers: resolvers as GraphQLResolverMap }]);
  const documents = new LRUCache<string, DocumentNode>({ max: DOCUMENTS_KEPT_MAX });

  const read = (query: string): DocumentNode => {
    const known = documents.get(query) ?? parse(query, { noLocation: true });
    documents.set(query, known);
    return known;
  };

  return {
    async send({ query, operationName, variables, caller }) {
      const contextValue: CitizenContext = { caller };
      const result = await execute({ schema, document: read(query), operationName, variableValues: variables, contextValue });
      return { kind: 'answered', data: plain(result), errors: (result.errors ?? []).map((error) => readError(error, parts)) };
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** Objects with a prototype, as they come over a connection. */
function plain({ data }: ExecutionResult): Record<string, unknown> | null {
  return data === null || data === undefined ? null : (JSON.parse(JSON.stringify(data)) as Record<string, unknown>);
}

function readError(error: GraphQLError, { failed }: CitizenParts) {
  if (error.originalError && !(error.originalError instanceof GraphQLError)) failed(error.originalError);
  const { message, path, extensions } = error;
  return { message, path, extensions };
}
