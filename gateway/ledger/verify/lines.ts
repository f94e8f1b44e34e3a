import { z } from 'zod';
import type { ExportLine } from './export.ts';

const whole = z.int().min(0);
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const record = {
  chain: whole,
  sequence: whole,
  id: z.string(),
  at: z.string(),
  kind: z.string(),
  application: z.string().nullable(),
  leaf: hash,
  chainHash: hash,
  salt: z.string().regex(/^[0-9a-f]{32}$/),
  head: z.string(),
  persons: z.string(),
};

const LINE = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ledger'), version: z.literal(1), key: z.string(), witnesses: z.array(z.string()) }),
  z.strictObject({ type: z.literal('chain'), chain: whole, writer: z.string(), epoch: whole }),
  z.strictObject({ type: z.literal('run'), first: whole, chain: whole, sequence: whole, leaves: z.string() }),
  z.strictObject({ type: z.literal('record'), ...record }),
  z.strictObject({ type: z.literal('tail'), ...record }),
  z.strictObject({ type: z.literal('checkpoint'), size: whole, root: hash, heads: z.string(), note: z.string() }),
]);

/** Reads a line of an export; undefined unless it is written in the one way that `exportPage` writes it. */
export function readLine(text: string): ExportLine | undefined {
  const parsed = LINE.safeParse(parseJson(text));
  return parsed.success && JSON.stringify(parsed.data) === text ? parsed.data : undefined;
}

/** JSON that is written in the one way that JSON.stringify writes it; undefined otherwise. */
export function readCanonical(text: string): unknown {
  const value = parseJson(text);
  return value !== undefined && JSON.stringify(value) === text ? value : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
