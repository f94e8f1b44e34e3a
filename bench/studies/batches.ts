import Table from 'cli-table3';
import { measure, untilIdle } from '../run/measure.ts';
import { runWrk, writeScript } from '../run/wrk.ts';
import { WORKS, type Work } from '../work/documents.ts';
import { study } from './study.ts';

// Entry file: what a citizen costs in batches of 1 to 1,000, by the gateway's CPU time. node bench/studies/batches.ts [targets]

const CITIZENS = [1, 3, 10, 30, 100, 300, 1_000];
const CONNECTIONS = 16;
const WARM_UP_SECONDS = 3;
const SECONDS = 4;

const table = new Table({ head: ['CPU µs for each citizen', ...CITIZENS.map(String)] });
await study(['floor', 'ours-open', 'ours-policies', 'ours-everything', 'apollo-undici'], async (running) => {
  const row: string[] = [];
  for (const citizens of CITIZENS) {
    const work: Work = { ...WORKS.q2, citizens };
    const scriptFile = await writeScript(work, running.headers, running.directory);
    const { url, directory } = running;
    await runWrk({ url, scriptFile, connections: CONNECTIONS, seconds: WARM_UP_SECONDS, directory });
    await untilIdle(running);
    const { cpuUs } = await measure(running, scriptFile, CONNECTIONS, SECONDS);
    await untilIdle(running);
    row.push((cpuUs / citizens).toFixed(1));
  }
  table.push([running.target.title, ...row]);
});
process.stdout.write(`${table.toString()}\n`);
