import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { decodeJwt } from 'jose';
import { parse } from 'graphql';
import { request } from 'undici';
import { coordinatesOf } from '../../platform/coordinates.ts';
import type { CoordinateUse } from '../../platform/grant.ts';
import { buildRegisterSchema } from '../../subgraphs/schema.ts';
import { REGISTERS } from '../../subgraphs/registers.ts';
import { mayCount, mayRead, mayReadByConsent } from './disclosure-table.ts';

/** One GraphQL request as a register got it. */
export interface RecordedRequest {
  readonly subgraph: string;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** Read out of the text, not out of the grant. */
  readonly coordinates: ReadonlySet<string>;
}

export interface RecordingProxy extends AsyncDisposable {
  readonly url: string;
}

/**
 * Stands before a register, notes every request and passes it on byte for byte. Disposing it fails when any request named a coordinate that
 * the table of what the shipped policies give does not give to the application, by law or to those who consent, and that was not marked as an
 * input. `alsoGiven` are those that a test's own rules give, `application: Type.field`.
 */
export async function recordRequests(
  subgraph: string,
  target: string,
  requests: RecordedRequest[],
  alsoGiven: readonly string[] = [],
): Promise<RecordingProxy> {
  const register = REGISTERS.get(subgraph);
  if (!register) throw new Error(`There is no register ${subgraph}.`);
  const { schema } = await buildRegisterSchema(register);
  const violations: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const pass = async (): Promise<void> => {
      const body = await buffer(incoming);
      if (incoming.url !== '/graphql') {
        const { host: _host, connection: _connection, 'content-length': _length, ...passed } = incoming.headers;
        const beside = await request(new URL(incoming.url ?? '/', target), {
          method: incoming.method === 'GET' ? 'GET' : 'POST',
          headers: passed,
          body: incoming.method === 'GET' ? null : body,
        });
        outgoing.writeHead(beside.statusCode).end(Buffer.from(await beside.body.arrayBuffer()));
        return;
      }
      const text = body.toString('utf8');
      const { query, variables = {} } = JSON.parse(text) as { query: string; variables?: Record<string, unknown> };
      const coordinates = coordinatesOf(schema, parse(query));
      requests.push({ subgraph, query, variables, headers: incoming.headers, body: text, coordinates });
      // By representations, or by the numbers that the look-ups of the graph take.
      const isByKey = 'representations' in variables || /\bresidents?\(/.test(query);
      const wrong = notAllowed(coordinates, String(incoming.headers['x-grant'] ?? ''), isByKey);
      violations.push(...wrong.filter((one) => !alsoGiven.includes(one)));
      const { host: _, connection: __, 'content-length': ___, ...headers } = incoming.headers;
      const response = await request(target, { method: 'POST', headers, body });
      outgoing.writeHead(response.statusCode, { 'content-type': String(response.headers['content-type'] ?? 'text/plain') });
      outgoing.end(Buffer.from(await response.body.arrayBuffer()));
    };
    pass().catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The proxy listens on TCP.');
  return {
    url: `http://127.0.0.1:${address.port}/graphql`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
      if (violations.length > 0) throw new Error(`Registers were asked for what no rule gives: ${[...new Set(violations)].join(', ')}`);
    },
  };
}

interface Claims {
  readonly application?: string;
  readonly action?: string;
  readonly snapshot?: string;
  readonly emergency?: boolean;
  readonly coordinates?: Record<string, CoordinateUse>;
}

function notAllowed(coordinates: ReadonlySet<string>, grant: string, isByKey: boolean): readonly string[] {
  const claims = decodeJwt(grant) as Claims;
  const { application = '', action, snapshot, emergency = false, coordinates: uses = {} } = claims;
  if ((action === 'aggregate') !== (snapshot !== undefined)) return [`${application}: ${action} of ${snapshot ?? 'no snapshot'}`];
  return [...coordinates]
    .filter(
      (coordinate) =>
        !(uses[coordinate] === 'input' && coordinate === 'Resident.idNumber') &&
        !(action === 'aggregate'
          ? mayCount(application, coordinate)
          : mayRead(application, coordinate, emergency) || (isByKey && mayReadByConsent(application, coordinate))),
    )
    .map((coordinate) => `${application}: ${coordinate}`);
}
