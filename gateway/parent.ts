import { readFileSync } from 'node:fs';

const CHECK_EVERY_MS = 500;
/** `npm start` runs a shell that runs Node: two steps up is npm. */
const GENERATIONS = 2;

/**
 * Tells when whoever started this process through npm is gone. npm passes no signal on when it is killed, and its shell may outlive it, so
 * without this a gateway and its registers would go on for nobody. Returns what ends the watching. Without npm there is nothing to watch:
 * a service manager's processes may change their parents.
 */
export function watchParents(environment: Readonly<Record<string, string | undefined>>, onGone: () => void): () => void {
  if (environment['npm_lifecycle_event'] === undefined) return () => undefined;
  const before = ancestors();
  const timer = setInterval(() => {
    if (ancestors().join(' ') === before.join(' ')) return;
    clearInterval(timer);
    onGone();
  }, CHECK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Process ids of parent and grandparent. Only Linux tells the grandparent; elsewhere the parent has to do. */
function ancestors(): readonly number[] {
  const found: number[] = [process.ppid];
  while (found.length < GENERATIONS) {
    const parent = process.platform === 'linux' ? parentOf(found.at(-1) ?? 0) : undefined;
    if (parent === undefined) break;
    found.push(parent);
  }
  return found;
}

function parentOf(pid: number): number | undefined {
  try {
    // proc(5): the name in brackets may hold anything, the fields behind it are state and parent.
    const [, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return parent === undefined ? undefined : Number(parent);
  } catch {
    return undefined;
  }
}
