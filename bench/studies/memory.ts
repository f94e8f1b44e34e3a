import Table from 'cli-table3';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { runWrk, writeScript } from '../run/wrk.ts';
import { WORKS } from '../work/documents.ts';
import { study } from './study.ts';

// Entry file: what memory a gateway holds over a long run of Q1 and Q2 by turns. node bench/studies/memory.ts [targets] [seconds]

const seconds = Number(process.argv[3] ?? 60);
const TURN_SECONDS = 10;
const CONNECTIONS = 64;
const SAMPLE_MS = 500;
const PARTS = 5;

const heads = Array.from({ length: PARTS }, (_, part) => `${Math.round((seconds * (part + 1)) / PARTS)} s`);
const table = new Table({ head: ['resident memory, MB: median until', ...heads, 'most'] });
await study(['ours-open', 'ours-policies', 'ours-everything'], async ({ target, pid, url, headers, directory }) => {
  const scripts = [await writeScript(WORKS.q1, headers, directory), await writeScript(WORKS.q2, headers, directory)];
  const samples: number[] = [];
  const over = new AbortController();
  const sampling = (async (): Promise<void> => {
    while (!over.signal.aborted) {
      samples.push(await residentMb(pid));
      await delay(SAMPLE_MS);
    }
  })();
  for (let turn = 0; turn * TURN_SECONDS < seconds; turn += 1) {
    const turnSeconds = Math.min(TURN_SECONDS, seconds - turn * TURN_SECONDS);
    await runWrk({ url, scriptFile: scripts[turn % scripts.length] ?? '', connections: CONNECTIONS, seconds: turnSeconds, directory });
  }
  over.abort();
  await sampling;
  const medians = heads.map((_, part) => {
    const own = samples
      .slice(Math.floor((samples.length * part) / PARTS), Math.ceil((samples.length * (part + 1)) / PARTS))
      .toSorted((a, b) => a - b);
    return String(own[Math.floor(own.length / 2)] ?? 0);
  });
  table.push([target.title, ...medians, String(Math.max(...samples))]);
});
process.stdout.write(`${table.toString()}\n`);

async function residentMb(pid: number): Promise<number> {
  const kb = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kb === undefined) throw new Error('The gateway is gone.');
  return Math.round(Number(kb) / 1024);
}
