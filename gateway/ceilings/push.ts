import { request } from 'undici';
import type { Database, Queryable } from '../../platform/database.ts';
import { seal, SEAL_HEADER } from '../../platform/grant.ts';
import type { Logger } from '../../platform/log.ts';
import { CEILING_CHANNEL, readCeilingsInForce, type CeilingRow } from './store.ts';

/** What stands for a grant's id in the seal (subgraphs/guard.ts). */
const CEILING_GRANT_ID = 'ceiling';
const TIMEOUT_MS = 2_000;
/** A register that does not take a ceiling is tried again after so many looks, each another time as many, up to the bound. */
const LOOKS_MAX = 64;

export interface PushParts {
  readonly database: Database;
  /** Address of a register's graph. */
  readonly urlOf: (register: string) => string | undefined;
  readonly sealKeys: ReadonlyMap<string, Buffer>;
  readonly pollMs: number;
  readonly log: Logger;
  readonly clock: () => number;
}

export interface CeilingPush extends AsyncDisposable {
  /** Brings what is in force to the registers that have not taken it; resolves when each was tried. */
  readonly push: () => Promise<void>;
}

/**
 * Brings ceilings to registers: when one comes into force, at the start, and again until each register has said that it took it. Every gateway
 * does; a register takes the same one twice without harm.
 */
export async function startCeilingPush(parts: PushParts): Promise<CeilingPush> {
  const { database, log } = parts;
  const taken = new Map<string, number>();
  const waits = new Map<string, { readonly looks: number; left: number }>();

  const look = async (on: Queryable, isWanted: boolean): Promise<void> => {
    const rows = await readCeilingsInForce(on);
    await Promise.all(
      rows.map(async (row) => {
        if ((taken.get(row.register) ?? 0) >= row.version) return;
        const wait = waits.get(row.register);
        if (!isWanted && wait !== undefined && (wait.left -= 1) > 0) return;
        if (await bring(row, parts)) {
          taken.set(row.register, row.version);
          waits.delete(row.register);
          log.info({ register: row.register, version: row.version }, 'a register has taken its ceiling');
        } else {
          const looks = Math.min((wait?.looks ?? 1) * 2, LOOKS_MAX);
          waits.set(row.register, { looks, left: looks });
        }
      }),
    );
  };
  let looking: Promise<void> = Promise.resolve();
  const after = async (isWanted: boolean, on: Queryable): Promise<void> => {
    const next = looking.then(async () => look(on, isWanted));
    looking = next.catch((error: unknown) => log.warn({ err: error }, 'ceilings could not be looked at; they are looked at again'));
    return looking;
  };
  const listener = await database.listen(CEILING_CHANNEL, () => void after(true, database));
  const timer = setInterval(() => void after(false, listener), parts.pollMs);
  timer.unref();
  void after(true, database);
  return {
    push: async () => after(true, database),
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await listener[Symbol.asyncDispose]();
      await looking;
    },
  };
}

async function bring(
  { register, version, statement, signatures }: CeilingRow,
  { urlOf, sealKeys, log, clock }: PushParts,
): Promise<boolean> {
  const url = urlOf(register);
  const key = sealKeys.get(register);
  if (url === undefined || key === undefined) return false;
  const body = JSON.stringify({ statement, signatures });
  try {
    const response = await request(new URL('/ceiling', url), {
      method: 'POST',
      headers: { 'content-type': 'application/json', [SEAL_HEADER]: seal(CEILING_GRANT_ID, body, key, clock()) },
      body,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    });
    await response.body.dump();
    if (response.statusCode === 200) return true;
    log.warn({ register, version, status: response.statusCode }, 'a register does not take its ceiling');
  } catch (error) {
    log.warn({ register, version, err: error }, 'a ceiling could not be brought to its register');
  }
  return false;
}
