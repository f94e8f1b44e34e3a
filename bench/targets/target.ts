import type { SubgraphUrls } from '../work/graph.ts';

/** A gateway that takes part. Each has a file of its own beside this one. */
export interface Target {
  readonly name: string;
  readonly title: string;
  /** A sentence: what of its work is in the figures. */
  readonly what: string;
  /** Package whose version is reported with the figures, resolved from the bench. */
  readonly package?: string;
  /** Installed by bench/peers/package.json and not by the project's own. */
  readonly isPeerPackage?: true;
  /** Body of a small request that is answered with a name; the first of Q3 unless told. */
  readonly probe?: string;
  readonly launch: (context: TargetContext) => Promise<Launch>;
  /** What of whom it may not answer: each such field is null, with an error. Nothing unless told. */
  readonly withheld?: Withheld;
}

export interface Withheld {
  /** Names of fields of a person. */
  readonly fields: ReadonlySet<string>;
  readonly of: (idNumber: string) => boolean;
}

export interface TargetContext {
  readonly port: number;
  readonly subgraphUrls: SubgraphUrls;
  /** Supergraph of the same graph without our own directives, with the subgraphs' addresses in it. */
  readonly peerSupergraphFile: string;
  /** A directory of this target's own, removed at the end. */
  readonly directory: string;
  /** Let go of when the target has been stopped, the last opened first. */
  readonly resources: AsyncDisposableStack;
}

/** How a target is started; the runner pins it to its core and stops it. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Where POST requests go; `/graphql` unless told. */
  readonly path?: string;
  /** Done before each round, outside the time measured. */
  readonly beforeRound?: () => Promise<void>;
}

/**
 * Options of Node that every target written in JavaScript gets: a young generation of 64 MB, which any operator can give and which
 * spares all of them a good part of their garbage collection.
 */
export const NODE_OPTIONS = '--max-semi-space-size=64';

/** Environment of every target: production mode, nobody is told of anything. */
export const TARGET_ENVIRONMENT = {
  NODE_ENV: 'production',
  NODE_OPTIONS,
  APOLLO_TELEMETRY_DISABLED: 'true',
  DO_NOT_TRACK: '1',
  GRAFBASE_TELEMETRY_DISABLED: '1',
} as const;

/** Connections to each subgraph for those targets whose file here decides it; this gateway's own bound. */
export const SUBGRAPH_CONNECTIONS_MAX = 32;
