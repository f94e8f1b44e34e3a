import { composeServices } from '@apollo/composition';
import { parse, print } from 'graphql';
import { createPlanner } from '../../gateway/apollo.ts';
import type { CallSubgraph } from '../../gateway/execution/plan-run.ts';
import { loadGraph } from '../../gateway/graph.ts';
import { openClassification } from '../../gateway/policy/open.ts';
import { loadScopes } from '../../gateway/policy/scopes-load.ts';
import type { Credentials, Policies } from '../../gateway/policy/decision.ts';
import { prepare, run, type Executable, type Ran } from '../execution/in-process.ts';

/** What a schema begins with to use every directive that is tried here. */
export const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key", "@external", "@requires",
  "@shareable", "@inaccessible", "@interfaceObject", "@context", "@fromContext", "@authenticated", "@requiresScopes", "@policy"])\n`;

/** Scopes of a token, `[]` for one without scopes; undefined for no token at all. */
export type Scopes = readonly string[] | undefined;

export interface Asked {
  /** What is left of the document, on one line; undefined when nothing is. */
  readonly kept: string | undefined;
  /** Paths of what was refused. */
  readonly refused: readonly string[];
  readonly executable: Executable;
}

/** A supergraph under its access directives, in this process. */
export interface Guarded {
  readonly ask: (query: string, scopes?: Scopes, variables?: Readonly<Record<string, unknown>>) => Asked;
  /** The answer, with subgraphs that answer as `call` does. */
  readonly answer: (query: string, scopes: Scopes, call: CallSubgraph) => Promise<Ran>;
  /** The credentials of a caller with these scopes. */
  readonly credentials: (scopes: readonly string[]) => Credentials;
}

/** Composes subgraphs, SDL by name. Throws what composition says when it refuses them. */
export function composed(subgraphs: Readonly<Record<string, string>>): string {
  const services = Object.entries(subgraphs).map(([name, sdl]) => ({ name, url: `http://${name}.invalid/graphql`, typeDefs: parse(sdl) }));
  const { supergraphSdl, errors } = composeServices(services);
  if (supergraphSdl === undefined) throw new Error(errors.map(({ message }) => message).join('\n'));
  return supergraphSdl;
}

/** Guards one subgraph's schema, without its first line. */
export function guardedSchema(types: string, truths: Readonly<Record<string, boolean>> = {}): Guarded {
  return guarded(composed({ one: LINK + types }), truths);
}

export function guarded(supergraphSdl: string, truths: Readonly<Record<string, boolean>> = {}): Guarded {
  const loaded = loadGraph(supergraphSdl, { ourScalars: false });
  const access = loadScopes(loaded.supergraph, loaded.classification, new Map(Object.entries(truths)));
  const graph = { ...loaded, classification: openClassification(loaded.apiSchema) };
  const planDocument = createPlanner(supergraphSdl);

  const prepared = (query: string, scopes: Scopes, variables: Readonly<Record<string, unknown>>): Executable => {
    const { policies } = access;
    const credentials = scopes && access.credentials(scopes);
    // The stages are given no caller here, so the policies know theirs.
    const { places } = policies;
    if (!places) throw new Error('Access directives are rules about places.');
    const asked: Policies = { ...policies, places: (context, document) => places({ ...context, credentials }, document) };
    return prepare({ graph, planDocument }, query, variables, asked);
  };
  return {
    ask: (query, scopes, variables = {}) => {
      const executable = prepared(query, scopes, variables);
      const { document, refusals } = executable.pruned;
      return {
        kept: document && print(document).replaceAll(/\s+/g, ' '),
        refused: refusals.map(({ path }) => path.join('.')),
        executable,
      };
    },
    answer: async (query, scopes, call) => run(prepared(query, scopes, {}), call, { passMessages: false }),
    credentials: access.credentials,
  };
}
