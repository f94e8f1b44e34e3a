import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { requestBody, REQUESTS_PER_WORK, type Work } from '../work/documents.ts';
import { LOAD_CORE, startPinned } from './processes.ts';

/** One run of wrk. Latencies in milliseconds. */
export interface Load {
  readonly requests: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface LoadPlan {
  readonly url: string;
  readonly scriptFile: string;
  readonly connections: number;
  readonly seconds: number;
  readonly directory: string;
}

/** Writes the script that sends the work's bodies in turn with these headers, and gives its path. */
export async function writeScript(
  work: Work,
  headers: Readonly<Record<string, string>>,
  directory: string,
  bodies: readonly string[] = Array.from({ length: REQUESTS_PER_WORK }, (_, index) => requestBody(work, index)),
): Promise<string> {
  const bodiesFile = join(directory, `${work.name}.bodies`);
  await writeFile(bodiesFile, `${bodies.join('\n')}\n`);
  const all = { 'content-type': 'application/json', ...headers };
  const table = Object.entries(all).map(([name, value]) => `[${lua(name)}] = ${lua(value)}`);
  const script = `
local requests = {}
local next_request = 0

function init(args)
  for body in io.lines(${lua(bodiesFile)}) do
    requests[#requests + 1] = wrk.format("POST", nil, { ${table.join(', ')} }, body)
  end
end

function request()
  next_request = next_request % #requests + 1
  return requests[next_request]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"microseconds":%d,"bytes":%d,"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d,"p50":%d,"p99":%d}\\n',
    summary.requests, summary.duration, summary.bytes, e.connect, e.read, e.write, e.status, e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
`;
  const scriptFile = join(directory, `${work.name}.lua`);
  await writeFile(scriptFile, script);
  return scriptFile;
}

function lua(text: string): string {
  if (/["\\\n\r]/.test(text)) throw new Error('A header or path with quotes or backslashes cannot be put into the script.');
  return `"${text}"`;
}

/** Runs wrk on its core. Rejects on any answer that is not 2xx and on any error of a connection: such a round measured something else. */
export async function runWrk({ url, scriptFile, connections, seconds, directory }: LoadPlan): Promise<Load> {
  await using process_ = startPinned(
    LOAD_CORE,
    'wrk',
    ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', scriptFile, url],
    { environment: {}, directory, logFile: join(directory, 'wrk.log'), readStdout: true },
  );
  let output = '';
  process_.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await new Promise<void>((resolve, reject) => {
    process_.child.once('error', reject);
    process_.child.once('close', () => resolve());
  });
  const text = /^RESULT (.*)$/m.exec(output)?.[1];
  if (text === undefined) throw new Error(`wrk gave no result. ${output.trim()}`);
  const result = JSON.parse(text) as Record<string, number>;
  const failed = ['connect', 'read', 'write', 'status', 'timeout'].filter((name) => (result[name] ?? 0) > 0);
  if (failed.length > 0) throw new Error(`wrk saw errors (${failed.map((name) => `${name}: ${result[name]}`).join(', ')}).`);
  const { requests = 0, microseconds = 0, bytes = 0, p50 = 0, p99 = 0 } = result;
  return { requests, seconds: microseconds / 1e6, bytes, p50Ms: p50 / 1000, p99Ms: p99 / 1000 };
}
