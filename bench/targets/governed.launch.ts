import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startGateway } from '../../gateway/assemble.ts';
import { LIMITS } from '../../gateway/limits.ts';
import { openDatabase, type Database, type Queryable, type Statement } from '../../platform/database.ts';
import { createLog } from '../../platform/log.ts';
import { SUPERGRAPH_FILE } from '../work/graph.ts';
import { noteSigner } from '../../gateway/ledger/tree/note.ts';
import { GRANT_ISSUER, LEDGER_NAME, type GovernedSettings } from './governed.ts';

// Entry file of the governed targets: this gateway put together as in production, with the policies of the bench.

/**
 * Takes every statement and keeps nothing, so that all the work of recording but the database's is in the figures. Answers the way the
 * driver does, a turn of the event loop later.
 */
function forgetfulDatabase(): Database {
  let statements = 0;
  let chains = 0;
  const keys: { period: unknown; wrapped: unknown }[] = [];
  const query: Queryable['query'] = async <Row extends object>({ name }: Statement, values: readonly unknown[] = []) => {
    statements += 1;
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    // What the ledger cannot do without: its chain and the key of its pseudonyms.
    if (name === 'ledger-chain-open') return [{ id: (chains += 1), epoch: chains }] as object[] as Row[];
    if (name === 'ledger-key-add') keys.push({ period: values[0], wrapped: values[1] });
    return name === 'ledger-keys' ? (keys as object[] as Row[]) : [];
  };
  return {
    kind: 'pglite',
    query,
    transaction: async (work) => work({ query }),
    copyIn: async () => undefined,
    session: () => ({ query, [Symbol.asyncDispose]: async () => undefined }),
    listen: async () => ({ query, [Symbol.asyncDispose]: async () => undefined }),
    get statements() {
      return statements;
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

const settings = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as GovernedSettings;
const { databaseUrl, databaseDirectory } = settings;
const database =
  databaseUrl === undefined && databaseDirectory === undefined
    ? forgetfulDatabase()
    : await openDatabase({ url: databaseUrl, directory: databaseDirectory, statementTimeoutMs: LIMITS.statementTimeoutMs });
const grantKey = createPrivateKey(settings.grantPrivateKey);
// What keeps records has a sequencer that works beside, as in an installation of one process.
const signer = databaseUrl === undefined && databaseDirectory === undefined ? undefined : noteSigner('log', LEDGER_NAME, grantKey);
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
    ledger: { writer: 'bench', receiptKey: grantKey, signer, witnesses: [] },
    trust: undefined,
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
