import { connect, createServer, type Socket } from 'node:net';

/** A way to a server over TCP that can be cut, or blocked so that nothing comes through and nobody is told. */
export interface CutProxy extends AsyncDisposable {
  readonly port: number;
  /** Ends every connection and takes no new one. */
  cut(): void;
  /** Takes what comes and passes nothing on, in either direction. */
  block(): void;
  /** Everything as it was, for new connections. */
  join(): void;
}

/** Stands before a server at `host`:`port`. */
export async function cutProxy(host: string, port: number): Promise<CutProxy> {
  const sockets = new Set<Socket>();
  let state: 'joined' | 'cut' | 'blocked' = 'joined';
  const server = createServer((client) => {
    if (state === 'cut') {
      client.destroy();
      return;
    }
    const upstream = connect({ host, port });
    const pass = (from: Socket, to: Socket): void => {
      sockets.add(from);
      from.on('data', (chunk) => {
        if (state !== 'blocked') to.write(chunk);
      });
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    };
    pass(client, upstream);
    pass(upstream, client);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const destroyAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    cut() {
      state = 'cut';
      destroyAll();
    },
    block() {
      state = 'blocked';
    },
    join() {
      // What was swallowed is lost; a connection that lost bytes is of no use.
      if (state === 'blocked') destroyAll();
      state = 'joined';
    },
    async [Symbol.asyncDispose]() {
      destroyAll();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
