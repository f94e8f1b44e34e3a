import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Above the ports of known services, and below those that systems give to connections by themselves: Linux from 32768, others from 49152. */
const FROM = 10_000;
const BEFORE = 32_768;

/**
 * A port for whoever has to know it before listening on it, or listens on it again after an end: nothing listens on it now, and nobody is given
 * it unasked. Rejects when the host is no address of this machine.
 */
export async function freePort(host: string): Promise<number> {
  for (;;) {
    const port = randomInt(FROM, BEFORE);
    try {
      await probePort(host, port);
      return port;
    } catch (error) {
      if (!isTaken(error)) throw error;
    }
  }
}

/** Listens on a port for a moment; rejects with the system's error where that is not possible. */
export async function probePort(host: string, port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  await new Promise((resolve) => {
    server.close(resolve);
  });
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}
