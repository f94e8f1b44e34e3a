import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose';
import { createServer } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, type GraphQLFieldResolver } from 'graphql';
import { composeServices } from '@apollo/composition';

/** A subgraph on a free port that answers as its resolver does and keeps what it was asked. */
export interface RunningSubgraph extends AsyncDisposable {
  readonly supergraphFile: string;
  readonly supergraphSdl: string;
  readonly queries: string[];
}

export async function startSubgraph(sdl: string, fieldResolver: GraphQLFieldResolver<unknown, unknown>): Promise<RunningSubgraph> {
  await using resources = new AsyncDisposableStack();
  const queries: string[] = [];
  const server = new ApolloServer({
    schema: buildSubgraphSchema(parse(sdl)),
    fieldResolver,
    logger: SILENT,
    stopOnTerminationSignals: false,
    plugins: [{ requestDidStart: async ({ request }) => void queries.push(request.query ?? '') }],
  });
  const { url } = await startStandaloneServer(server, { listen: { host: '127.0.0.1', port: 0 } });
  resources.defer(async () => server.stop());
  const { supergraphSdl, errors } = composeServices([{ name: 'one', url, typeDefs: parse(sdl) }]);
  if (supergraphSdl === undefined) throw new Error(errors.map(({ message }) => message).join('\n'));
  const directory = await mkdtemp(join(tmpdir(), 'lien-thong-scopes-'));
  resources.defer(async () => rm(directory, { recursive: true, force: true }));
  const supergraphFile = join(directory, 'supergraph.graphql');
  await writeFile(supergraphFile, supergraphSdl);
  const owned = resources.move();
  return { supergraphFile, supergraphSdl, queries, [Symbol.asyncDispose]: async () => owned.disposeAsync() };
}

/** An issuer that publishes one key and signs what it is given. */
export interface RunningIssuer extends AsyncDisposable {
  readonly jwks: string;
  readonly token: (claims: JWTPayload, unlike?: { readonly typ?: string; readonly endless?: boolean }) => Promise<string>;
}

export async function startKeys(): Promise<RunningIssuer> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256', use: 'sig' }] };
  const server = createServer((_request, response) => response.setHeader('content-type', 'application/json').end(JSON.stringify(keys)));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const now = Math.floor(Date.now() / 1000);
  return {
    jwks: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    token: async (claims, { typ, endless = false } = {}) =>
      new SignJWT({ ...(endless ? {} : { exp: now + 300 }), ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: 'k', ...(typ === undefined ? {} : { typ }) })
        .sign(privateKey),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

export interface Reply {
  readonly status: number;
  readonly body: {
    readonly data?: Record<string, unknown> | null;
    readonly errors?: readonly {
      readonly message: string;
      readonly path?: readonly unknown[];
      readonly extensions: { readonly code: string };
    }[];
  };
}

export async function post(url: string, query: string, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json', ...headers },
    body: JSON.stringify({ query }),
  });
  return { status: response.status, body: (await response.json()) as Reply['body'] };
}

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
