import { isScalarType, parse, type GraphQLScalarType, type GraphQLSchema } from 'graphql';
import { classify, type Classification } from '../platform/classification.ts';
import { SCALARS } from '../platform/scalars.ts';
import { loadSupergraph, type Supergraph } from './apollo.ts';

/** The graph that is served: what clients see, what the rules know of it, and where its parts live. Frozen after loading. */
export interface Graph {
  readonly supergraph: Supergraph;
  /** What clients may ask; validation and introspection read it. */
  readonly apiSchema: GraphQLSchema;
  readonly classification: Classification;
  readonly subgraphs: ReadonlyMap<string, SubgraphPart>;
}

export interface SubgraphPart {
  readonly name: string;
  /** As the supergraph says. */
  readonly url: string;
  readonly schema: GraphQLSchema;
}

/**
 * Loads a supergraph. With `ourScalars`, scalars that share a name with platform/scalars.ts take its checks; a foreign supergraph's scalar
 * of that name may mean something else and is left alone. `classifiedSdl` is the text that says whose data each field is, where that is not
 * the supergraph itself. Throws when the supergraph is broken, with the reason.
 */
export function loadGraph(sdl: string, options: { readonly ourScalars: boolean; readonly classifiedSdl?: string | undefined }): Graph {
  const supergraph = readSupergraph(sdl);
  if (options.ourScalars) useOurScalars(supergraph.apiSchema);
  return {
    supergraph,
    apiSchema: supergraph.apiSchema,
    classification: classify(parse(options.classifiedSdl ?? sdl, { noLocation: true })),
    subgraphs: new Map(supergraph.subgraphs.map((subgraph) => [subgraph.name, subgraph])),
  };
}

/** Where a subgraph is called: at the address given for its name, else at its own in the supergraph. Throws when that is none. */
export function addressOf(subgraph: SubgraphPart, urls: Readonly<Record<string, string>>): string {
  const address = urls[subgraph.name] ?? subgraph.url;
  if (URL.canParse(address)) return address;
  throw new Error(`The subgraph "${subgraph.name}" has no usable address. Give one in the supergraph or in SUBGRAPH_URLS.`);
}

function readSupergraph(sdl: string): Supergraph {
  try {
    return loadSupergraph(sdl);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`The supergraph is not one that Federation 2 composes: ${reason}\nCompose it again, and give that file.`, { cause });
  }
}

function useOurScalars(schema: GraphQLSchema): void {
  for (const scalar of Object.values(SCALARS)) {
    const type = schema.getType(scalar.name);
    if (isScalarType(type)) {
      const target: GraphQLScalarType<unknown, unknown> = type;
      target.parseValue = scalar.parseValue;
      target.parseLiteral = scalar.parseLiteral;
      target.serialize = scalar.serialize;
    }
  }
}
