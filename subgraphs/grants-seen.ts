import { LRUCache } from 'lru-cache';
import type { Database } from '../platform/database.ts';
import type { Grant } from '../platform/grant.ts';
import type { Logger } from '../platform/log.ts';
import { forgetGrantsSeen, insertGrantsSeen, type GrantSeen } from './store.ts';

/** Ids known to be kept already, so that a grant used a thousand times is written once. */
const KNOWN_MAX = 10_000;
/** Ids waiting to be kept. When the database takes none for so long, calls are refused rather than left out of the record. */
const WAITING_MAX = 10_000;
const WRITE_EVERY_MS = 200;
/** Ids are kept for so long: the gateway compares them every few minutes. */
const KEPT_MS = 35 * 86_400_000;
const FORGET_EVERY_MS = 3_600_000;

export interface GrantsSeen extends AsyncDisposable {
  /** Notes a grant's first use without waiting for the database. False when no more can be noted: then the call is refused. */
  note(grant: Grant, now: Date): boolean;
  /** Writes what waits. */
  flush(): Promise<void>;
}

/** Keeps the ids of grants served, for the reconciliation with the gateway's ledger; writes them in groups, and the last at the end. */
export function keepGrantsSeen(database: Database, log: Logger): GrantsSeen {
  const known = new LRUCache<string, true>({ max: KNOWN_MAX });
  let waiting: GrantSeen[] = [];
  let forgotMs = 0;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  return {
    note(grant, now) {
      if (known.has(grant.id)) return true;
      if (waiting.length >= WAITING_MAX) return false;
      known.set(grant.id, true);
      waiting.push({ grantId: grant.id, application: grant.application, firstSeen: now.toISOString() });
      schedule();
      return true;
    },
    flush,
    async [Symbol.asyncDispose]() {
      clearTimeout(timer);
      await flush();
    },
  };

  function schedule(): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      void flush();
    }, WRITE_EVERY_MS).unref();
  }

  async function flush(): Promise<void> {
    writing = writing.then(write);
    return writing;
  }

  async function write(): Promise<void> {
    const batch = waiting;
    if (batch.length === 0) return;
    waiting = [];
    try {
      await insertGrantsSeen(database, batch);
      const latestMs = Math.max(...batch.map(({ firstSeen }) => Date.parse(firstSeen)));
      if (latestMs - forgotMs > FORGET_EVERY_MS) {
        forgotMs = latestMs;
        await forgetGrantsSeen(database, new Date(latestMs - KEPT_MS).toISOString());
      }
    } catch (error) {
      // They wait for the next try; nothing is lost while the process lives.
      waiting = [...batch, ...waiting];
      log.error({ err: error, waiting: waiting.length }, 'grant ids could not be kept, trying again');
      schedule();
    }
  }
}
