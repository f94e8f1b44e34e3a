import type { Database } from '../../../platform/database.ts';
import type { Days } from '../../quota/day.ts';
import { rollUp, type UsualHours } from './rollup.ts';
import { addRollup, advance, forget, readBehind, readNext, type BehindRow } from './store.ts';

/** Records of one transaction: long enough to be cheap, short enough for an embedded database that does one thing at a time. */
const RECORDS_AT_ONCE = 250;
/** Runs of one turn, so that whoever waits for it does not wait for a long backlog. */
const RUNS_MAX = 40;
/** Days for which people are told apart. */
const PEOPLE_DAYS = 3;
const GRANT_DAYS = 90;
const DAY_MS = 86_400_000;

export interface FollowParts {
  readonly database: Database;
  readonly days: Days;
  readonly usualHours: UsualHours;
  readonly reviewSeconds: number;
  readonly clock: () => number;
}

/**
 * Follows the ledger: each chain from where it was left, so that every record is counted once, whoever of the gateways does it and whatever
 * ends in between: sums and place are one transaction. Gives whether everything was followed.
 */
export async function follow(parts: FollowParts): Promise<boolean> {
  const { database } = parts;
  let runs = 0;
  for (const behind of await readBehind(database)) {
    for (let from: BehindRow | undefined = behind; from !== undefined;) {
      if (runs >= RUNS_MAX) return false;
      const next = await step(parts, from);
      if (next === 'taken') break;
      runs += 1;
      from = next;
    }
  }
  const nowMs = parts.clock();
  await forget(database, parts.days.at(nowMs - PEOPLE_DAYS * DAY_MS), new Date(nowMs - GRANT_DAYS * DAY_MS));
  return true;
}

/** One run of a chain: where it stands behind it, undefined at its end, `taken` when another gateway was first. */
async function step(parts: FollowParts, from: BehindRow): Promise<BehindRow | undefined | 'taken'> {
  const { database, days, usualHours, reviewSeconds } = parts;
  const rows = await readNext(database, from, RECORDS_AT_ONCE);
  const last = rows.at(-1);
  if (last === undefined) return undefined;
  const rollup = rollUp(
    rows.map(({ record }) => record),
    days,
    usualHours,
  );
  const isOurs = await database.transaction(async (tx) => {
    if (!(await advance(tx, from, last))) return false;
    await addRollup(tx, rollup, reviewSeconds);
    return true;
  });
  if (!isOurs) return 'taken';
  return rows.length < RECORDS_AT_ONCE ? undefined : { chain: from.chain, sequence: last.sequence, at: last.at };
}
