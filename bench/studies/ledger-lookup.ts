import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { monthOf } from '../../gateway/ledger/months.ts';
import { createPartitions } from '../../gateway/ledger/store.ts';
import { migrate, openDatabase } from '../../platform/database.ts';
import { openBenchDatabase } from '../run/database.ts';
import { ENTRIES_SHOWN, openLookups } from '../run/database-lookup.ts';

// Entry file: how long a person's look-up takes while the ledger grows. node bench/studies/ledger-lookup.ts [millions of entries] [months]
// It fills the index of people with entries of made-up pseudonyms, and looks single people up who have a few dozen.

const millions = Number(process.argv[2] ?? 10);
const months = Number(process.argv[3] ?? 12);
const STEPS = [0.01, 0.1, 0.3, 1];
/** Entries of one person in a month. */
const OWN = 4;
const LOOKS = 300;
const FROM_MS = Date.parse('2026-01-01T00:00:00Z');
const STATEMENT_TIMEOUT_MS = 600_000;

await using bench = await openBenchDatabase();
await using database = await openDatabase({ url: bench.url, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
await migrate(database, join(import.meta.dirname, '..', '..', 'gateway', 'migrations'));
const spans = Array.from({ length: months }, (_, index) => monthOf(FROM_MS, index));
for (const { name, begins, ends } of spans) await database.transaction(async (tx) => createPartitions(tx, name, begins, ends));
const lookups = await openLookups(bench.url);
const people = Array.from({ length: LOOKS }, () => spans.map(() => randomBytes(16)));
for (const own of people) {
  for (const [index, span] of spans.entries()) await lookups.addOwn(own[index] ?? Buffer.alloc(0), span, OWN);
}
let filled = 0;
for (const step of STEPS) {
  const each = Math.round((millions * 1_000_000 * step) / months) - filled;
  for (const span of spans) await lookups.fill(`${span.name}/${step}`, span, each);
  filled += each;
  await lookups.settle();
  const times: number[] = [];
  for (const own of people) {
    const startedAt = performance.now();
    const found = await lookups.look(own, spans);
    times.push(performance.now() - startedAt);
    if (found !== ENTRIES_SHOWN) throw new Error('Somebody lacks entries of their own.');
  }
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(2);
  const total = ((filled + LOOKS * OWN) * months) / 1e6;
  const size = Math.round((await bench.sizeBytes()) / 1e6);
  process.stdout.write(`${total.toFixed(2)} million entries: median ${at(0.5)} ms, 95 % ${at(0.95)} ms, ${size} MB\n`);
}
const [first = []] = people;
process.stdout.write(`${await lookups.explain(first, spans)}\n`);
await lookups.end();
