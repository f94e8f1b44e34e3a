import type { Queryable, Statement } from '../../../platform/database.ts';
import type { Release } from '../disclosure/release.ts';
import type { PastQuestion } from './budgets.ts';

const MILLION = 1e6;

const LOCK: Statement = { name: 'questions-lock', text: 'SELECT pg_advisory_xact_lock(4711093)' };

/** Until the transaction ends nobody else takes budget, or releases: what is decided by the questions so far stays right. */
export async function lockQuestions(tx: Queryable): Promise<void> {
  await tx.query(LOCK);
}

interface QuestionRow {
  readonly key: string;
  readonly run: string;
  readonly population: string;
  readonly period: string;
  readonly analyst: string;
  readonly team: string;
  readonly micro_units: string;
  readonly is_filtered: boolean;
}

const PAST: Statement = {
  name: 'questions-past',
  text: `SELECT key, run, population, period, analyst, team, micro_units::text AS micro_units, is_filtered
         FROM analysis_questions WHERE period BETWEEN $1 AND $2 OR key = $3`,
};

/** Questions over snapshots from a month to another (`YYYY-MM`, both included), and the one with a key. */
export async function readPast(database: Queryable, from: string, to: string, key: string): Promise<readonly PastQuestion[]> {
  const rows = await database.query<QuestionRow>(PAST, [from, to, key]);
  return rows.map(({ micro_units, is_filtered, ...row }) => ({ ...row, units: Number(micro_units) / MILLION, isFiltered: is_filtered }));
}

const INSERT: Statement = {
  name: 'questions-insert',
  text: `INSERT INTO analysis_questions (key, run, population, period, analyst, team, micro_units, is_filtered, asked_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
};

export async function insertQuestion(tx: Queryable, question: PastQuestion, at: Date): Promise<void> {
  const { key, run, population, period, analyst, team, units, isFiltered } = question;
  await tx.query(INSERT, [key, run, population, period, analyst, team, Math.round(units * MILLION), isFiltered, at]);
}

const GIVE_BACK: Statement = { name: 'questions-give-back', text: 'DELETE FROM analysis_questions WHERE run = $1 AND release IS NULL' };

/** Forgets a question of which nothing was released. */
export async function deleteUnreleased(tx: Queryable, run: string): Promise<void> {
  await tx.query(GIVE_BACK, [run]);
}

export interface AskedQuestion {
  readonly key: string;
  readonly population: string;
  readonly period: string;
  /** What was released to it. */
  readonly release: Release | null;
}

const OF_RUN: Statement = {
  name: 'questions-of-run',
  text: 'SELECT key, population, period, release FROM analysis_questions WHERE run = $1',
};

/** The question of a run; undefined when none was taken under it, or it was given back. */
export async function readQuestion(database: Queryable, run: string): Promise<AskedQuestion | undefined> {
  return (await database.query<AskedQuestion>(OF_RUN, [run]))[0];
}

const RELEASED: Statement = {
  name: 'questions-released',
  text: `SELECT key, population, period, release FROM analysis_questions
         WHERE population = $1 AND period = $2 AND release IS NOT NULL ORDER BY asked_at, key`,
};

/** All that was released over a population and period. */
export async function readReleased(database: Queryable, population: string, period: string): Promise<readonly AskedQuestion[]> {
  return database.query<AskedQuestion>(RELEASED, [population, period]);
}

const KEEP: Statement = { name: 'questions-keep', text: 'UPDATE analysis_questions SET release = $2::jsonb WHERE run = $1' };

/** Keeps what is released to a run's question. */
export async function keepRelease(tx: Queryable, run: string, release: Release): Promise<void> {
  await tx.query(KEEP, [run, JSON.stringify(release)]);
}
