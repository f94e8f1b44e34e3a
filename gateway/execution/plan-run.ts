import type { SubgraphError } from '../apollo.ts';
import type { Data } from './data.ts';
import type { FetchAnswer } from './reply.ts';
import type { Lookup } from './lookups.ts';
import type { Asked } from './merge.ts';

/** One fetch of a plan: what is sent, to whom, and as which of the plan's fetches. */
export interface FetchPart {
  readonly index: number;
  readonly subgraph: string;
  readonly operation: string;
  readonly operationName: string | undefined;
  readonly operationKind: 'query' | 'mutation' | 'subscription';
  /** It asks for entities by their keys and for nothing else, so that several such can be one. */
  readonly isEntities: boolean;
}

/** Makes one fetch. Never rejects; whatever is no proper answer is `unavailable`. */
export type CallSubgraph = (fetch: FetchPart, variables: Readonly<Record<string, unknown>>) => Promise<FetchAnswer>;

/** A part of a plan. Gives undefined when it is done without waiting. */
export interface Step {
  (run: Run): Promise<void> | undefined;
  /** The same in two halves where that can be: what has come is taken in when it is said. */
  readonly begin?: Begin;
}

export type Begin = (run: Run) => Promise<TakeIn> | undefined;
export type TakeIn = () => Promise<void> | void;

/** One execution under way. */
export interface Run {
  /** Everything fetched so far, merged. */
  readonly root: Data;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly call: CallSubgraph;
  readonly distrusted: Distrusted;
  /** Takes an error of a subgraph, with its path through the fetched data. */
  tell(error: SubgraphError, dataPath: readonly (string | number)[]): void;
  /** Says that what a fetch asked for at this path is not to be had. */
  tellUnavailable(dataPath: readonly (string | number)[], asked: Asked): void;
  /** Told by the fetches that find people of look-ups; undefined where there are none. */
  readonly finding?: Finding | undefined;
}

/** What comes of looking for people by their keys. */
export interface Finding extends Pick<Run, 'tell' | 'tellUnavailable'> {
  /** The person is not there, whatever others say. */
  lost(person: Data): void;
  /** Nobody of the look-up could be looked for. */
  failed(lookup: Lookup): void;
}

/** Told when an answer was proper JSON and yet not what was asked for; `why` holds nothing that the subgraph sent. */
export type Distrusted = (fetch: FetchPart, why: string) => void;
