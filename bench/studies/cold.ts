import Table from 'cli-table3';
import { cpuMsOf } from '../run/cpu.ts';
import type { RunningTarget } from '../run/start.ts';
import { send } from '../run/verify.ts';
import { idNumberAt, WORKS } from '../work/documents.ts';
import { study } from './study.ts';

// Entry file: what a document costs that was never seen before: parsed, validated, decided, planned. node bench/studies/cold.ts [targets]

const DOCUMENTS = 200;
/** Sent before the ones that count, so that the gateway's own code is warm and only the documents are cold. */
const WARM_UP_DOCUMENTS = 100;

const table = new Table({ head: ['a document never seen before', 'median ms', 'p99 ms', 'CPU ms', 'the same again, median ms'] });
await study(['ours-open', 'ours-policies', 'ours-everything', 'apollo-undici'], async (running) => {
  for (let index = 0; index < WARM_UP_DOCUMENTS; index += 1) await timed(running, documentAt(-1 - index));
  const before = await cpuMsOf(running.pid);
  const cold: number[] = [];
  for (let index = 0; index < DOCUMENTS; index += 1) cold.push(await timed(running, documentAt(index)));
  const cpuMs = ((await cpuMsOf(running.pid)) - before) / DOCUMENTS;
  const warm: number[] = [];
  for (let index = 0; index < DOCUMENTS; index += 1) warm.push(await timed(running, documentAt(index)));
  table.push([running.target.title, quantile(cold, 0.5), quantile(cold, 0.99), cpuMs.toFixed(1), quantile(warm, 0.5)]);
});
process.stdout.write(`${table.toString()}\n`);

/** Q1 with one field under another alias in each. */
function documentAt(index: number): string {
  return WORKS.q1.query.replace('fullName', `${index < 0 ? 'w' : 'c'}${Math.abs(index)}: fullName`);
}

/** Milliseconds until the answer is there. Rejects when it is none. */
async function timed({ url, headers }: RunningTarget, query: string): Promise<number> {
  const startedAt = performance.now();
  const { status, text } = await send(url, headers, JSON.stringify({ query, variables: { id: idNumberAt(0) } }));
  if (status !== 200 || text.includes('"errors"')) throw new Error(`A document was answered with ${status} ${text.slice(0, 600)}`);
  return performance.now() - startedAt;
}

function quantile(values: readonly number[], share: number): string {
  const sorted = values.toSorted((one, other) => one - other);
  return (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(2);
}
