import type { Queryable } from '../../platform/database.ts';
import type { Registry } from '../policy/registry.ts';
import type { Consents, ConsentQuestion, ConsentsFound } from './consents.ts';
import type { ConsentGroups } from './groups.ts';
import { readInForce, type InForceRow } from './store.ts';

export interface ConsentLookupOptions {
  readonly database: Queryable;
  readonly groups: ConsentGroups;
  /** As registered now. */
  readonly purposes: () => Registry['purposes'];
  readonly clock: () => number;
  readonly timeoutMs: number;
}

interface Waiting {
  readonly idNumbers: readonly string[];
  readonly settle: (rows: Promise<readonly InForceRow[]>) => void;
}

/**
 * Looks consents up in the database. While a statement is under way, questions of the same agency and purpose gather for the next, so that
 * many requests share one. INVARIANT: a question is answered by a statement that began after it was asked, and the answer is not kept: a
 * withdrawal that was committed before a request came holds for it.
 */
export function createConsents({ database, groups, purposes, clock, timeoutMs }: ConsentLookupOptions): Consents {
  const lanes = new Map<string, { waiting: Waiting[] }>();

  const read = async (question: ConsentQuestion): Promise<readonly InForceRow[]> => {
    const { agency, purpose, idNumbers } = question;
    const purposeVersion = purposes().get(purpose)?.version;
    if (purposeVersion === undefined) return [];
    return withinTime(readInForce(database, idNumbers, { agency, purpose, purposeVersion, at: new Date(clock()) }), timeoutMs);
  };

  const run = async (key: string, question: ConsentQuestion, lane: { waiting: Waiting[] }): Promise<void> => {
    while (lane.waiting.length > 0) {
      const group = lane.waiting.splice(0);
      const rows = read({ ...question, idNumbers: [...new Set(group.flatMap(({ idNumbers }) => idNumbers))] });
      for (const { settle } of group) settle(rows);
      // Whoever asked is told of a failure; here only the end matters.
      await rows.catch(() => undefined);
    }
    lanes.delete(key);
  };

  return {
    keyOf: groups.keyOf,
    async find(question) {
      const key = JSON.stringify([question.agency, question.purpose]);
      const known = lanes.get(key);
      const lane = known ?? { waiting: [] };
      const rows = new Promise<readonly InForceRow[]>((settle) => {
        lane.waiting.push({ idNumbers: question.idNumbers, settle });
      });
      if (known === undefined) {
        lanes.set(key, lane);
        void run(key, question, lane);
      }
      return foundIn(await rows, new Set(question.idNumbers), groups);
    },
  };
}

function foundIn(rows: readonly InForceRow[], wanted: ReadonlySet<string>, groups: ConsentGroups): ConsentsFound {
  const found = new Map<string, Map<string, string>>();
  for (const { id_number, consent_id, group_name, group_version } of rows) {
    if (!wanted.has(id_number)) continue;
    let keys = found.get(id_number);
    if (keys === undefined) found.set(id_number, (keys = new Map()));
    for (const key of groups.keysOf(group_name, group_version)) keys.set(key, consent_id);
  }
  return found;
}

async function withinTime<Value>(work: Promise<Value>, timeoutMs: number): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Consents were not found within ${timeoutMs} ms.`)), timeoutMs);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
