import type { Analysis } from '../definition.ts';
import type { Queryable } from '../../../platform/database.ts';
import type { RawTable, ReleasedTable } from '../model.ts';

/**
 * `running` and `paused` are under way. `held` is counted and waits for a second checker; `released`, `withheld` (the checker's no), `failed`
 * and `cancelled` are ends.
 */
export type RunState = 'running' | 'paused' | 'held' | 'released' | 'withheld' | 'failed' | 'cancelled';

export function isUnderWay(state: RunState): boolean {
  return state === 'running' || state === 'paused';
}

/** What an analyst asks of an approved analysis. */
export interface AnalysisQuestion {
  readonly variables: Readonly<Record<string, unknown>>;
  /** Bins by filter whose people are counted, under differential privacy only; empty counts all. */
  readonly filters: Readonly<Record<string, readonly string[]>>;
  /** Of differential privacy; undefined without it. */
  readonly epsilon?: number | undefined;
}

/** A run as it stands in the database. */
export interface Run {
  readonly id: string;
  /** Counts up: what pages of a list go by. */
  readonly number: number;
  readonly analysis: string;
  /** Content address of the approved analysis, `sha256:…`. */
  readonly address: string;
  readonly question: AnalysisQuestion;
  readonly policyVersion: string;
  /** SHA-256 of the supergraph, hex. */
  readonly schemaVersion: string;
  readonly register: string;
  readonly snapshot: string;
  readonly takenAt: Date;
  /** The day in Vietnam on which the snapshot was taken, `YYYY-MM-DD`: ages are as of it. */
  readonly day: string;
  readonly people: number;
  readonly peoplePerRange: number;
  readonly peopleDone: number;
  /** Account of the analyst and the natural person behind it. */
  readonly analyst: string;
  readonly person: string;
  readonly state: RunState;
  readonly reason: string | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly checker: string | null;
  readonly checkedAt: Date | null;
}

/** What is known when a run begins. */
export type NewRun = Pick<
  Run,
  | 'id'
  | 'analysis'
  | 'address'
  | 'question'
  | 'policyVersion'
  | 'schemaVersion'
  | 'register'
  | 'snapshot'
  | 'takenAt'
  | 'day'
  | 'people'
  | 'peoplePerRange'
  | 'analyst'
  | 'person'
  | 'createdAt'
>;

/** Ordinals of a population, both included; they begin at 1. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** The ranges of a population, in order. */
export function* rangesOf(people: number, peoplePerRange: number): Generator<Range> {
  for (let from = 1; from <= people; from += peoplePerRange) yield { from, to: Math.min(people, from + peoplePerRange - 1) };
}

/** Why something about a run is not done: a word for programs, a sentence that says what to do. */
export interface RunRefusal {
  readonly kind: 'refused';
  readonly code: string;
  readonly message: string;
}

export function refused(code: string, message: string): RunRefusal {
  return { kind: 'refused', code, message };
}

/** An analysis that may be run now. */
export interface ApprovedAnalysis {
  readonly kind: 'approved';
  readonly address: string;
  readonly name: string;
  readonly application: string;
  readonly purpose: string;
  /** GraphQL; asks for the people of its variable `idNumbers`. */
  readonly document: string;
  /** The definition, held against the document. */
  readonly analysis: Analysis;
  readonly counting: Counting;
}

/** An analysis as it is listed, whether it may be run now or not. */
export interface ListedAnalysis {
  readonly name: string;
  readonly address: string;
  readonly application: string;
  readonly purpose: string;
  /** What it is for, in words of whoever proposed it. */
  readonly why: string;
  /** Of its approval: approved, expired, suspended and so on. */
  readonly state: string;
  readonly register: string;
  readonly dimensions: readonly string[];
  readonly measures: readonly string[];
  /** Dimensions that an analyst may filter by, under differential privacy. */
  readonly filters: readonly string[];
  readonly secondChecker: boolean;
  /** JSON Schema of its variables. */
  readonly variables: unknown;
  readonly expiresAt: Date | null;
}

/** How the answers of an analysis are counted. */
export interface Counting {
  /** Whose population is walked. */
  readonly register: string;
  /** Every register that is asked, that one too: each has to have the snapshot. */
  readonly registers: ReadonlySet<string>;
  /** Whether another person decides on each release. */
  readonly secondChecker: boolean;
  /** Counts of nobody, as of a snapshot. */
  readonly begin: (question: AnalysisQuestion, snapshot: Pick<Run, 'snapshot' | 'day'>) => Counts;
}

/** One batch of people with what the pipeline answered about them. */
export interface CountedBatch {
  readonly data: Readonly<Record<string, unknown>>;
  /** In the order of the request. */
  readonly idNumbers: readonly string[];
  /** Who did not consent to all that is counted takes no part. */
  readonly withheld: readonly WithheldAt[];
}

/** Where in an answer something was withheld for want of a person's consent. */
export interface WithheldAt {
  readonly path?: readonly (string | number)[];
}

/** What is counted so far. About persons: it stays in memory, or is sealed. */
export interface Counts {
  /** Throws when the answer does not have the form that the analysis says. */
  readonly add: (batch: CountedBatch) => void;
  /** Adds what `write` of others gave. */
  readonly merge: (written: string) => void;
  readonly write: () => string;
  readonly table: () => RawTable;
}

/** A snapshot of a register's population. */
export interface PopulationSnapshot {
  readonly kind: 'snapshot';
  readonly snapshot: string;
  readonly takenAt: Date;
  readonly day: string;
  readonly people: number;
}

/** The register cannot be asked now; asking again later may succeed. */
export interface RegisterAway {
  readonly kind: 'away';
  readonly register: string;
}

/** Asks registers for the people of a snapshot, under the grants of the analysis' application. */
export interface Populations {
  /** The snapshot of the current period of a register, with all of `registers` having it, made when nobody has asked for it before. */
  readonly snapshot: (register: string, registers: ReadonlySet<string>) => Promise<PopulationSnapshot | RegisterAway | RunRefusal>;
  readonly idNumbers: (
    register: string,
    snapshot: string,
    range: Range,
    who: { readonly agency: string; readonly purpose: string },
  ) => Promise<{ readonly kind: 'people'; readonly idNumbers: readonly string[] } | RegisterAway | RunRefusal>;
}

/** Who asks, to whom budgets belong. */
export interface Asker {
  readonly account: string;
  readonly agency: string;
  readonly person: string;
}

/** What a question would take, and what its accounts hold: units of a budget, one for each count and measure (questions/budgets.ts). */
export interface QuestionCost {
  readonly kind: 'cost';
  readonly units: number;
  readonly accounts: readonly { readonly name: string; readonly spent: number; readonly max: number }[];
  /** The epsilon account of population and period, of a question with filters. */
  readonly epsilon?: { readonly ofQuestion: number; readonly spent: number; readonly max: number } | undefined;
}

/** Judges questions before anything is counted, and lets tables out. */
export interface DisclosureControl {
  /**
   * Judged from the questions asked so far alone, never from data: refused; answered before by the run named; or free to run, with its budget
   * taken under the id of the run. INVARIANT: `begin` writes the run in the transaction that takes its budget: whoever asks the same again is sent to
   * that run, which therefore has to be there.
   */
  readonly ask: (
    asked: Asked,
    begin: (tx: Queryable) => Promise<void>,
  ) => Promise<{ readonly kind: 'answered'; readonly run: string } | { readonly kind: 'free' } | RunRefusal>;
  /** What `ask` would say now; nothing is taken. */
  readonly preview: (asked: Asked) => Promise<QuestionCost | { readonly kind: 'answered'; readonly run: string } | RunRefusal>;
  /** The run ended and nothing was let out: its budget is free again, in the transaction that ends it. */
  readonly giveBack: (run: string, tx: Queryable) => Promise<void>;
  readonly release: (asked: Asked, table: RawTable) => Promise<ReleasedTable>;
}

export interface Asked {
  readonly run: string;
  readonly analysis: ApprovedAnalysis;
  readonly question: AnalysisQuestion;
  readonly register: string;
  readonly snapshot: string;
  readonly day: string;
  readonly asker: Asker;
}
