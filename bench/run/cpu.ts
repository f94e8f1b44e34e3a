import { readdir, readFile } from 'node:fs/promises';

/** /proc counts CPU time in ticks of USER_HZ, which is 100 on every Linux that Node runs on (proc(5)). */
const TICK_MS = 10;

/** CPU time of a process and its descendants since their start, all threads, in milliseconds. */
export async function cpuMsOf(pid: number): Promise<number> {
  let ms = await ownCpuMs(pid);
  for (const child of await childrenOf(pid)) ms += await cpuMsOf(child);
  return ms;
}

async function ownCpuMs(pid: number): Promise<number> {
  const text = await readOrEmpty(`/proc/${pid}/stat`);
  // The command in brackets may hold spaces; utime and stime are the 12th and 13th field behind it.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * TICK_MS;
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(threads.map(async (thread) => readOrEmpty(`/proc/${pid}/task/${thread}/children`)));
  return lists.flatMap((list) =>
    list
      .split(' ')
      .filter((text) => text.trim() !== '')
      .map(Number),
  );
}

export interface CoreTimes {
  readonly busyMs: number;
  readonly idleMs: number;
}

/** What a core has done since the machine started. */
export async function coreTimes(core: number): Promise<CoreTimes> {
  const line = (await readFile('/proc/stat', 'utf8')).split('\n').find((text) => text.startsWith(`cpu${core} `));
  if (line === undefined) throw new Error(`There is no core ${core}. The bench needs two.`);
  const [user = 0, nice = 0, system = 0, idle = 0, ioWait = 0, irq = 0, softIrq = 0, steal = 0] = line.split(/ +/).slice(1).map(Number);
  return { busyMs: (user + nice + system + irq + softIrq + steal) * TICK_MS, idleMs: (idle + ioWait) * TICK_MS };
}

/** A process may end while its files are read. */
async function readOrEmpty(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
