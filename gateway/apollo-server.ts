import { ApolloServer, HeaderMap } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import { ApolloServerPluginLandingPageDisabled, ApolloServerPluginUsageReportingDisabled } from '@apollo/server/plugin/disabled';
import apolloGateway from '@apollo/gateway';
import { Kind, parse, print, visit, type ConstArgumentNode, type ConstDirectiveNode, type DocumentNode } from 'graphql';
import type { Logger } from '../platform/log.ts';

/** An admitted operation on its way through Apollo Server, and what the stages behind it made of it. */
export interface Passage<Result> {
  readonly text: string;
  readonly operationName: string | undefined;
  readonly execute: () => Promise<Result>;
}

export interface ApolloHost extends AsyncDisposable {
  /** Passes an admitted document through Apollo Server: its plugins see every operation, its executor is the rest of our pipeline. */
  pass<Result extends object>(passage: Passage<Result>): Promise<Result>;
}

/**
 * Starts Apollo Server in gateway mode. ApolloGateway keeps the supergraph's life cycle; the executor it hands to Apollo Server is ours.
 * Parsing and validation are done before (stages/admit.ts), so the document store answers with what was admitted, by SHA-256 of its text.
 */
export async function startApollo(
  supergraphSdl: string,
  documentOf: (sha256: string) => DocumentNode | undefined,
  log: Logger,
): Promise<ApolloHost> {
  const gateway = new OurGateway({ supergraphSdl: withoutSecurityPurpose(supergraphSdl), logger: quiet(log) });
  const server = new ApolloServer<PassageContext>({
    gateway,
    logger: quiet(log),
    persistedQueries: false,
    allowBatchedHttpRequests: false,
    introspection: true,
    includeStacktraceInErrorResponses: false,
    hideSchemaDetailsFromClientErrors: true,
    stopOnTerminationSignals: false,
    documentStore: {
      get: async (key) => documentOf(key.slice(-SHA256_HEX_LENGTH)),
      set: async () => undefined,
      delete: async () => undefined,
    },
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
    ],
  });
  await server.start();
  return {
    async pass<Result extends object>(passage: Passage<Result>): Promise<Result> {
      const outcome: PassageOutcome = { result: undefined, failure: undefined };
      await server.executeOperation(
        {
          query: passage.text,
          ...(passage.operationName === undefined ? {} : { operationName: passage.operationName }),
          http: { method: 'POST', headers: new HeaderMap(), search: '', body: undefined },
        },
        { contextValue: { execute: passage.execute, outcome } },
      );
      if (outcome.failure !== undefined) throw outcome.failure;
      if (outcome.result === undefined) throw new Error('Apollo Server ended an operation without running it.');
      return outcome.result as Result;
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
    },
  };
}

const SHA256_HEX_LENGTH = 64;

/**
 * ApolloGateway refuses links with `for: SECURITY`, since its executor enforces none. Ours does (policy/scopes.ts), and its planner, which
 * reads the whole supergraph, refuses those that it does not know. Without their purpose they are links like others.
 */
function withoutSecurityPurpose(supergraphSdl: string): string {
  if (!supergraphSdl.includes('SECURITY')) return supergraphSdl;
  const without = visit(parse(supergraphSdl, { noLocation: true }), {
    // Only directives on the schema itself have this argument.
    SchemaDefinition: (schema) => ({ ...schema, directives: schema.directives?.map(withoutPurpose) ?? [] }),
    SchemaExtension: (schema) => ({ ...schema, directives: schema.directives?.map(withoutPurpose) ?? [] }),
  });
  return print(without);
}

function withoutPurpose(link: ConstDirectiveNode): ConstDirectiveNode {
  const isPurpose = ({ name, value }: ConstArgumentNode): boolean =>
    name.value === 'for' && value.kind === Kind.ENUM && value.value === 'SECURITY';
  return { ...link, arguments: link.arguments?.filter((argument) => !isPurpose(argument)) ?? [] };
}

interface PassageContext {
  readonly execute: () => Promise<object>;
  /** Apollo Server hands plugins and executor a copy of the context; this stays one object. */
  readonly outcome: PassageOutcome;
}

interface PassageOutcome {
  result: object | undefined;
  failure: Error | undefined;
}

class OurGateway extends apolloGateway.ApolloGateway {
  override async load(options?: Parameters<apolloGateway.ApolloGateway['load']>[0]): ReturnType<apolloGateway.ApolloGateway['load']> {
    const loaded = await super.load(options);
    return {
      schema: loaded.schema,
      executor: async ({ context }) => {
        const { execute, outcome } = context as PassageContext;
        try {
          outcome.result = await execute();
        } catch (error) {
          outcome.failure = error instanceof Error ? error : new Error('A stage failed with something that is no error.', { cause: error });
        }
        return { data: {} };
      },
    };
  }
}

/** Apollo's own messages are for debugging; nothing of them is told to clients. */
function quiet(log: Logger): { debug: Write; info: Write; warn: Write; error: Write } {
  const write: Write = (message) => log.debug({ source: 'apollo' }, String(message));
  return { debug: write, info: write, warn: write, error: (message) => log.error({ source: 'apollo' }, String(message)) };
}
type Write = (message?: unknown) => void;
