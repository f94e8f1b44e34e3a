import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { request } from 'undici';

/** A call of the gateway as it left: what somebody on the line could have kept. */
export interface CapturedCall {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a register would have answered, as JSON that can be altered. */
export interface Truth {
  data: Record<string, unknown>;
  errors?: unknown[];
}

/** Gives the answer to one call. `truth` asks the real register. */
export type Lie = (reply: ServerResponse, call: CapturedCall, truth: () => Promise<Truth>) => Promise<void> | void;

export interface LyingSubgraph extends AsyncDisposable {
  readonly url: string;
  /** The real register behind it. */
  readonly target: string;
  readonly calls: CapturedCall[];
  /** Answers so until told otherwise. */
  tell(lie: Lie): void;
  /** Answers what the real register answers, byte for byte. */
  tellTheTruth(): void;
}

/** A register between the gateway and the real one, which answers whatever a test wants. */
export async function startLyingSubgraph(target: string): Promise<LyingSubgraph> {
  const calls: CapturedCall[] = [];
  let lie: Lie = truthful(target);
  const server = createServer((incoming, outgoing) => {
    const answer = async (): Promise<void> => {
      const call = { headers: incoming.headers, body: (await buffer(incoming)).toString('utf8') };
      calls.push(call);
      await lie(outgoing, call, async () => JSON.parse((await forward(target, call)).text) as Truth);
    };
    answer().catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The server listens on TCP.');
  return {
    url: `http://127.0.0.1:${address.port}/graphql`,
    target,
    calls,
    tell: (next) => {
      lie = next;
    },
    tellTheTruth: () => {
      lie = truthful(target);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

/** Sends a captured call on, with its headers or with others. */
export async function forward(
  target: string,
  call: CapturedCall,
): Promise<{ readonly status: number; readonly type: string; readonly text: string }> {
  const { host: _, connection: __, 'content-length': ___, 'transfer-encoding': ____, ...headers } = call.headers;
  const response = await request(target, { method: 'POST', headers, body: call.body });
  return { status: response.statusCode, type: String(response.headers['content-type'] ?? ''), text: await response.body.text() };
}

/** Answers with a text as it is. */
export function says(text: string, type = 'application/json', status = 200): Lie {
  return (reply) => void reply.writeHead(status, { 'content-type': type }).end(text);
}

/** Answers the truth after something was done to it. */
export function alters(change: (truth: Truth, call: CapturedCall) => void): Lie {
  return async (reply, call, truth) => {
    const told = await truth();
    change(told, call);
    reply.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(told));
  };
}

/** Alters each entity that the register would have answered. */
export function altersEntities(change: (entity: Record<string, unknown>) => unknown): Lie {
  return alters((truth) => {
    const entities = truth.data['_entities'] as Record<string, unknown>[];
    truth.data['_entities'] = entities.map(change);
  });
}

function truthful(target: string): Lie {
  return async (reply, call) => {
    const { status, type, text } = await forward(target, call);
    reply.writeHead(status, { 'content-type': type }).end(text);
  };
}
