import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startGateway } from '../../gateway/assemble.ts';
import { LIMITS } from '../../gateway/limits.ts';
import { openDatabase, type Database, type Queryable } from '../../platform/database.ts';
import { createLog } from '../../platform/log.ts';
import { SUPERGRAPH_FILE } from '../work/graph.ts';
import { GRANT_ISSUER, type GovernedSettings } from './governed.ts';

// Entry file of the governed targets: this gateway put together as in production, with the policies of the bench.

/**
 * Takes every statement and keeps nothing, so that all the work of recording but the database's is in the figures. Answers the way the
 * driver does, a turn of the event loop later.
 */
function forgetfulDatabase(): Database {
  let statements = 0;
  const query: Queryable['query'] = async () => {
    statements += 1;
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    return [];
  };
  return {
    kind: 'pglite',
    query,
    transaction: async (work) => work({ query }),
    copyIn: async () => undefined,
    get statements() {
      return statements;
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

const settings = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as GovernedSettings;
const { databaseUrl } = settings;
const database =
  databaseUrl === undefined ? forgetfulDatabase() : await openDatabase({ url: databaseUrl, statementTimeoutMs: LIMITS.statementTimeoutMs });
const gateway = await startGateway({
  host: '127.0.0.1',
  port: settings.port,
  limits: LIMITS,
  log: createLog('gateway', 'warn'),
  clock: Date.now,
  supergraphSdl: readFileSync(SUPERGRAPH_FILE, 'utf8'),
  subgraphUrls: settings.subgraphUrls,
  governance: {
    database,
    policiesDir: join(import.meta.dirname, '..', 'policies'),
    defaultIssuer: settings.issuer,
    tokenIssuers: [{ issuer: settings.issuer, audience: settings.audience, jwks: settings.jwks }],
    grants: {
      issuer: GRANT_ISSUER,
      privateKey: createPrivateKey(settings.grantPrivateKey),
      sealKeys: new Map(Object.entries(settings.sealKeys).map(([name, key]) => [name, Buffer.from(key, 'base64')])),
    },
    pseudonymKey: Buffer.from(settings.pseudonymKey, 'base64'),
    plugins: async () => [],
  },
});
process.once('SIGTERM', () => {
  gateway[Symbol.asyncDispose]()
    .then(async () => database[Symbol.asyncDispose]())
    .then(
      () => process.exit(0),
      () => process.exit(1),
    );
});
