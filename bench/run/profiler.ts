import { setTimeout as delay } from 'node:timers/promises';
import type { CpuProfile } from '../report/stage-of.ts';

/** Samples of the call stack, ten in each request of some milliseconds. */
const SAMPLE_US = 500;
const ANSWER_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 5_000;
const POLL_MS = 50;

/** Profiles the main thread of a process that runs under `--inspect=127.0.0.1:port` while `work` runs. */
export async function profileWhile<T>(port: number, work: () => Promise<T>): Promise<{ readonly profile: CpuProfile; readonly result: T }> {
  const socket = await connect(port);
  try {
    await call(socket, 1, 'Profiler.enable');
    await call(socket, 2, 'Profiler.setSamplingInterval', { interval: SAMPLE_US });
    await call(socket, 3, 'Profiler.start');
    const result = await work();
    const { profile } = (await call(socket, 4, 'Profiler.stop')) as { readonly profile: CpuProfile };
    return { profile, result };
  } finally {
    socket.close();
  }
}

async function connect(port: number): Promise<WebSocket> {
  const deadline = performance.now() + CONNECT_TIMEOUT_MS;
  while (performance.now() < deadline) {
    const response = await fetch(`http://127.0.0.1:${port}/json/list`).catch(() => undefined);
    const [found] = ((await response?.json()) ?? []) as readonly { readonly webSocketDebuggerUrl?: string }[];
    if (found?.webSocketDebuggerUrl !== undefined) {
      const socket = new WebSocket(found.webSocketDebuggerUrl);
      await new Promise<void>((resolve, reject) => {
        socket.addEventListener('open', () => resolve(), { once: true });
        socket.addEventListener('error', () => reject(new Error('The inspector does not let us in.')), { once: true });
      });
      return socket;
    }
    await delay(POLL_MS);
  }
  throw new Error('The gateway has no inspector. It has to run with --inspect.');
}

async function call(socket: WebSocket, id: number, method: string, params: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => end(() => reject(new Error(`The inspector did not answer ${method}.`))), ANSWER_TIMEOUT_MS);
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      socket.removeEventListener('message', hear);
      settle();
    };
    const hear = ({ data }: MessageEvent): void => {
      const message = JSON.parse(String(data)) as { readonly id?: number; readonly result?: unknown; readonly error?: { message: string } };
      if (message.id !== id) return;
      const { error } = message;
      end(() => (error === undefined ? resolve(message.result) : reject(new Error(`${method}: ${error.message}`))));
    };
    socket.addEventListener('message', hear);
    socket.send(JSON.stringify({ id, method, params }));
  });
}
