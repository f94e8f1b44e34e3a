import { createHmac, createSecretKey } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/** Turns an ID number into the pseudonym under which the ledger knows the person. */
export type Pseudonymise = (idNumber: string) => string;

const KEPT_MAX = 100_000;
const HEX_LENGTH = 32;

/**
 * Pseudonyms by HMAC-SHA256 under a key of the gateway's, 128 bits of it in hex. Without the key they cannot be found by trying all ID
 * numbers, of which there are few.
 */
export function createPseudonymise(key: Buffer): Pseudonymise {
  const secret = createSecretKey(key);
  const kept = new LRUCache<string, string>({ max: KEPT_MAX });
  return (idNumber) => {
    const known = kept.get(idNumber);
    if (known !== undefined) return known;
    const pseudonym = createHmac('sha256', secret).update(idNumber).digest('hex').slice(0, HEX_LENGTH);
    kept.set(idNumber, pseudonym);
    return pseudonym;
  };
}
