import DataLoader from 'dataloader';
import { badInput } from './page.ts';

/** People in one statement. The gateway asks for at most as many, so that a request's people cost one statement for each table. */
const KEYS_PER_STATEMENT_MAX = 1_000;
/** Distinct argument sets of one field in one request: each costs a statement of its own. */
const ARGUMENT_SETS_MAX = 50;

interface OfPerson {
  readonly idNumber: string;
}

/** A loader of at most one row for each person, null without one. `find` runs one statement for all keys. */
export function loadOne<Row extends OfPerson>(
  find: (idNumbers: readonly string[]) => Promise<readonly Row[]>,
): DataLoader<string, Row | null> {
  return new DataLoader(
    async (idNumbers) => {
      const byPerson = new Map<string, Row>();
      for (const row of await find(idNumbers)) byPerson.set(row.idNumber, row);
      return idNumbers.map((idNumber) => byPerson.get(idNumber) ?? null);
    },
    { maxBatchSize: KEYS_PER_STATEMENT_MAX },
  );
}

/** A loader of the rows of each person, in the order that `find` gives them; an empty list for a person without any. */
export function loadMany<Row extends OfPerson>(
  find: (idNumbers: readonly string[]) => Promise<readonly Row[]>,
): DataLoader<string, readonly Row[]> {
  return new DataLoader(
    async (idNumbers) => {
      const byPerson = new Map<string, Row[]>();
      for (const row of await find(idNumbers)) {
        const rows = byPerson.get(row.idNumber);
        if (rows === undefined) byPerson.set(row.idNumber, [row]);
        else rows.push(row);
      }
      return idNumbers.map((idNumber) => byPerson.get(idNumber) ?? []);
    },
    { maxBatchSize: KEYS_PER_STATEMENT_MAX },
  );
}

/**
 * One loader for each distinct set of arguments, made when it is first asked for. Throws a GraphQLError beyond 50 sets: aliases would
 * otherwise multiply statements without end (ATTACKS 21).
 */
export function perArguments<Arguments, Value>(
  make: (args: Arguments) => DataLoader<string, Value>,
): (args: Arguments) => DataLoader<string, Value> {
  const loaders = new Map<string, DataLoader<string, Value>>();
  return (args) => {
    const key = JSON.stringify(args);
    const known = loaders.get(key);
    if (known !== undefined) return known;
    if (loaders.size >= ARGUMENT_SETS_MAX)
      throw badInput(`A field takes at most ${ARGUMENT_SETS_MAX} different sets of arguments in a request.`);
    const loader = make(args);
    loaders.set(key, loader);
    return loader;
  };
}
