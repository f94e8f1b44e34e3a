import { hkdfSync } from 'node:crypto';
import { canonicalJson } from '../../admin/canonical.ts';
import { createHmacSha256 } from '../../../platform/hmac.ts';
import type { Perturbation } from './perturbation.ts';

const KEY_BYTES = 32;
const HEX_OF_32_BITS = 8;

/** A number from 0 to 2^32 - 1 for a person: the sum of those of a cell's people, modulo 2^32, is the cell's key. */
export type RecordKey = (idNumber: string) => number;

/** What a number of a cell is, as far as its noise goes. */
export interface NoisyPart {
  /** Of the count, or which number of which measure. */
  readonly part: string;
  readonly bins: readonly string[];
  readonly cellKey: number;
}

/** Gives the noise of a number by a law. */
export type Noise = (of: NoisyPart, law: Perturbation) => number;

/**
 * Record keys of the people of one population and period (cell-key method: Fraser and Wooton 2005; Thompson, Broadfoot and Elazar 2013). Other
 * periods and populations have other keys: a cell whose people stayed the same would else show the same count in both, and one that a person left
 * would not.
 */
export function createRecordKeys(secret: Buffer, population: string, period: string): RecordKey {
  const hmac = createHmacSha256(derive(secret, 'record keys', population, period));
  return (idNumber) => Number.parseInt(hmac(idNumber, 'hex').slice(0, HEX_OF_32_BITS), 16);
}

/**
 * Noise of the cells of one question: the same members of the same cell have the same noise, however often they are counted, so that asking again
 * averages nothing.
 *
 * The question and the bins stand in the key beside the members. By the members alone, as the ABS has it, two cells of different tables would show
 * the same count exactly when nobody distinguishes them, and whoever compares "20 to 29" with "20 to 24 in a place without anybody older but
 * perhaps one" reads the bit off, nine times in ten (`test/analysis/disclosure/attacks.test.ts` plays it). Asking the same in other words gives
 * another noise instead, and that is what the budget counts.
 *
 * `question` is the canonical key of the question (questions/question.ts).
 */
export function createCellKeyNoise(secret: Buffer, question: string): Noise {
  const hmac = createHmacSha256(derive(secret, 'cell noise', question));
  return ({ part, bins, cellKey }, law) =>
    law.draw(Number.parseInt(hmac(canonicalJson([part, bins, cellKey]), 'hex').slice(0, HEX_OF_32_BITS), 16));
}

function derive(secret: Buffer, ...about: readonly string[]): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `lien-thong analysis ${canonicalJson(about)}`, KEY_BYTES));
}
