import type { Database } from '../platform/database.ts';
import { createPopulation, type Population } from './population.ts';
import type { AnyRegister } from './register.ts';
import { dropOldest } from './snapshots/store.ts';
import { analyseTables, beginSyntheticStamp, completeSyntheticStamp, emptyTables, findSyntheticStamp, hasRows } from './store.ts';

export interface LoadProgress {
  readonly register: string;
  readonly table: string;
  /** Of `total`, an estimate that reaches it at the end: a table counts as many steps as there are people. */
  readonly done: number;
  readonly total: number;
}

/** People kept in memory while loading, some 400 bytes each: a register goes through them once for each table. */
const PEOPLE_REMEMBERED_MAX = 100_000;
/** Rows between two reports of progress. */
const REPORT_EVERY_ROWS = 1_000;

/**
 * Loads the register's part of a synthetic population in bulk. Does nothing when the same one stands there, replaces another synthetic
 * one, begins again after a load that was cut off. Throws a sentence when the register holds data that is not stamped synthetic. One
 * process at a time loads a register.
 */
export async function loadSynthetic(
  database: Database,
  register: AnyRegister,
  population: { readonly seed: number; readonly size: number },
  onProgress: (progress: LoadProgress) => void = () => undefined,
): Promise<'loaded' | 'present'> {
  const seed = String(population.seed);
  const stamp = await findSyntheticStamp(database);
  if (stamp?.complete === true && stamp.seed === seed && stamp.size === population.size) return 'present';

  const tables = [...register.synthesise(remembered(createPopulation(population)))];
  const names = tables.map(({ table }) => table);
  if (stamp === undefined && (await hasRows(database, names))) {
    throw new Error(
      `The database of ${register.name} holds data that is not stamped synthetic, so no synthetic people are loaded into it. ` +
        'Start without --demo, or give the demo an empty database.',
    );
  }
  // INVARIANT: the stamp stands before the first row, so that rows without a stamp are never ours.
  await beginSyntheticStamp(database, seed, population.size);
  await emptyTables(database, names);
  // Snapshots are of the people who were here before.
  await database.transaction(async (tx) => dropOldest(tx, 0));
  const total = population.size * tables.length;
  for (const [index, { table, columns, lines }] of tables.entries()) {
    const before = population.size * index;
    let reported = before;
    const report = (rows: number): void => {
      const done = before + Math.min(rows, population.size);
      if (done === reported) return;
      reported = done;
      onProgress({ register: register.name, table, done, total });
    };
    await database.copyIn(table, columns, counted(lines, report));
    report(population.size);
  }
  await analyseTables(database, names);
  await completeSyntheticStamp(database);
  return 'loaded';
}

/** A small population made once; a large one is made again each time it is gone through. */
function remembered(population: Population): Population {
  if (population.size > PEOPLE_REMEMBERED_MAX) return population;
  const people = [...population.people()];
  return { ...population, people: () => people };
}

function* counted(lines: Iterable<string>, report: (rows: number) => void): Generator<string> {
  let rows = 0;
  for (const line of lines) {
    yield line;
    rows += 1;
    if (rows % REPORT_EVERY_ROWS === 0) report(rows);
  }
}
