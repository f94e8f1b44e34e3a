import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { Queryable } from '../../platform/database.ts';
import { createHmacSha256 } from '../../platform/hmac.ts';
import type { Logger } from '../../platform/log.ts';
import { addKey, readKeys } from './keys/store.ts';
import { monthNamed } from './months.ts';
import type { PersonSpan } from './store.ts';

/** Turns ID numbers into the pseudonyms under which the ledger knows people in one period. */
export interface PseudonymKey {
  /** The period, like 2026-11: it stands in each record. */
  readonly id: string;
  /** HMAC-SHA256 under the key, 128 bits of it in hex. Without the key it cannot be found by trying all ID numbers, of which there are few. */
  readonly pseudonymise: (idNumber: string) => string;
}

/** The keys of pseudonyms. */
export interface PseudonymKeys {
  /** The key of the month of a moment; at hand except for the first record of a month. Undefined when it cannot be had. */
  at(atMs: number): PseudonymKey | Promise<PseudonymKey | undefined>;
  /** A person under every key that there is, the newest period first: where to look for what is recorded of them. */
  spansOf(idNumber: string): Promise<readonly PersonSpan[]>;
}

interface PseudonymParts {
  readonly clock: () => number;
  readonly log: Logger;
}

const HEX_LENGTH = 32;
const KEY_BYTES = 32;

/**
 * Keys of a month each, drawn at random and kept in the database for all gateways, wrapped under `master` (RFC 3394). A month's key that is
 * destroyed leaves records that name nobody any more, whoever holds the master key.
 */
export function createPseudonymKeys(database: Queryable, master: Buffer, { clock, log }: PseudonymParts): PseudonymKeys {
  const wrapping = Buffer.from(hkdfSync('sha256', master, '', 'lien-thong ledger pseudonym keys', KEY_BYTES));
  const known = new Map<string, PseudonymKey>();

  const load = async (period: string): Promise<PseudonymKey> => {
    let [row] = await readKeys(database, period);
    if (row === undefined) {
      await addKey(database, period, wrap(randomBytes(KEY_BYTES), wrapping), new Date(clock()));
      // Another gateway may have been first.
      [row] = await readKeys(database, period);
    }
    if (row?.wrapped === undefined) throw new Error(`The key of the ledger's pseudonyms of ${period} was destroyed. Set the clock right.`);
    const key = pseudonymKey(period, unwrap(row.wrapped, wrapping));
    known.set(period, key);
    return key;
  };

  return {
    at(atMs) {
      const period = new Date(atMs).toISOString().slice(0, 7);
      return (
        known.get(period) ??
        load(period).catch((error: unknown) => {
          log.error({ err: error }, 'the key of pseudonyms cannot be had; nothing can be recorded');
          return undefined;
        })
      );
    },
    async spansOf(idNumber) {
      const rows = await readKeys(database);
      return rows.toReversed().flatMap(({ period, wrapped }) => {
        const month = monthNamed(period);
        if (wrapped === undefined || month === undefined) return [];
        const key = known.get(period) ?? pseudonymKey(period, unwrap(wrapped, wrapping));
        return [{ pseudonym: key.pseudonymise(idNumber), begins: month.begins, ends: month.ends }];
      });
    },
  };
}

function pseudonymKey(id: string, key: Buffer): PseudonymKey {
  const hmac = createHmacSha256(key);
  // Nothing is kept: looking one up and making room for it costs half of making it.
  return { id, pseudonymise: (idNumber) => hmac(idNumber, 'hex').slice(0, HEX_LENGTH) };
}

/** RFC 3394, section 2.2.3.1. */
const WRAP_IV = Buffer.alloc(8, 0xa6);

function wrap(key: Buffer, wrapping: Buffer): Buffer {
  const cipher = createCipheriv('id-aes256-wrap', wrapping, WRAP_IV);
  return Buffer.concat([cipher.update(key), cipher.final()]);
}

function unwrap(wrapped: Buffer, wrapping: Buffer): Buffer {
  try {
    const cipher = createDecipheriv('id-aes256-wrap', wrapping, WRAP_IV);
    return Buffer.concat([cipher.update(wrapped), cipher.final()]);
  } catch (cause) {
    throw new Error(
      "The ledger's pseudonyms were made under another key. Set PSEUDONYM_KEY_FILE (or DATA_DIR) to the one that this database was begun with.",
      { cause },
    );
  }
}
