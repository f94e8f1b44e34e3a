import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startGateway } from '../../gateway/assemble.ts';
import { SUBGRAPH_NAMES, type DemoConfig } from '../../gateway/config.ts';
import { demoGovernance, type DemoRegister } from '../../gateway/demo.ts';
import { loadOrCreateKeys } from '../../gateway/identity/keys.ts';
import { openDatabase } from '../../platform/database.ts';
import { createLog } from '../../platform/log.ts';
import { ROOT } from '../work/graph.ts';

// Entry file: one of several gateways of a demo installation, all on one database and before the same registers, which somebody else started.

/** What its process reads from the file that is named to it. */
export interface AnalysisGatewaySettings {
  readonly config: DemoConfig;
  readonly registers: readonly DemoRegister[];
  /** Accounts of officers and ids of applications, all of whom have keys in the data directory. */
  readonly officers: readonly string[];
  readonly applications: readonly string[];
}

const settings = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as AnalysisGatewaySettings;
const { config, registers } = settings;
const { limits, port, databaseUrl } = config;
const log = createLog('gateway', config.logLevel);
const clock = Date.now;
const supergraphSdl = await readFile(join(ROOT, 'schema', 'supergraph.graphql'), 'utf8');
const keys = await loadOrCreateKeys(config.dataDir, {
  subgraphs: SUBGRAPH_NAMES,
  applications: settings.applications.map((id) => ({ id, clientId: id })),
  officers: settings.officers,
});
const database = await openDatabase({ url: databaseUrl, statementTimeoutMs: limits.statementTimeoutMs });
const policiesDir = join(ROOT, 'policies');
await startGateway({
  host: config.host,
  port,
  limits,
  log,
  clock,
  supergraphSdl,
  subgraphUrls: Object.fromEntries(registers.map(({ name, url }) => [name, url])),
  governance: demoGovernance({
    config,
    port,
    keys,
    database,
    registers: Promise.resolve(registers),
    policiesDir,
    supergraphSdl,
    log,
    clock,
  }),
});
process.send?.('ready');
process.once('disconnect', () => process.exit(0));
