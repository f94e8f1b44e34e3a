import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { ConfigError, OPERATION_SETTINGS, operationOf, type OperationSettings } from './config-operation.ts';
import { OVERSIGHT_SETTINGS, oversightSettings, type OversightSettings } from './oversight/settings.ts';
import { LEDGER_ENVIRONMENT, witnessesIn, type WitnessSetting } from './config-ledger.ts';
import { RETENTION_MONTHS_MIN } from './ledger/retention/retention.ts';
import { LIMITS, type Limits } from './limits.ts';

export const SUBGRAPH_NAMES = ['residents', 'civil-status', 'health-insurance', 'education'] as const;

/** How the gateway was told to run. `kind` decides which of the profiles in README.md this is. */
export type Config = DemoConfig | ProductionConfig | OpenConfig | ScopesConfig;

interface CommonConfig extends Partial<OperationSettings> {
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
  readonly limits: Limits;
  /** What widens access waits this long between its last approval and its activation. */
  readonly coolingOffMs: number;
  /** Labels of `@override(label:)` that are on, besides percentages. */
  readonly overrideLabels: readonly string[];
  readonly oversight?: OversightSettings | undefined;
}

/** Everything on one machine with synthetic people, a demo issuer and the four registers as child processes. Loopback only. */
export interface DemoConfig extends CommonConfig {
  readonly kind: 'demo';
  readonly dataDir: string;
  readonly databaseUrl: string | undefined;
  /** `postgres://…` by register; a register without one uses an embedded database. */
  readonly registerDatabaseUrls: Readonly<Record<string, string>>;
  readonly citizens: number;
  readonly seed: number;
  readonly ledgerWitnesses: readonly WitnessSetting[];
}

/** A gateway beside registers that others run, with tokens of a configured issuer. */
export interface ProductionConfig extends CommonConfig {
  readonly kind: 'production';
  readonly dataDir: string;
  readonly databaseUrl: string | undefined;
  readonly supergraphFile: string;
  readonly policiesDir: string;
  readonly issuer: { readonly issuer: string; readonly audience: string; readonly jwks: string };
  readonly subgraphUrls: Readonly<Record<string, string>>;
  readonly grantIssuer: string;
  /** Undefined when none is named: then they are made at the first start, in `dataDir`. */
  readonly keyFiles: KeyFiles | undefined;
  /** Name of this gateway in the ledger. */
  readonly writer: string;
  /** Signs checkpoints; undefined where the sequencer is a process of its own, as it should be. */
  readonly ledgerKeyFile: string | undefined;
  /** Origin of the checkpoints. */
  readonly ledgerName: string;
  readonly ledgerWitnesses: readonly WitnessSetting[];
}

/** Where the keys of a gateway lie that are managed outside of it. */
export interface KeyFiles {
  readonly grantPrivateKeyFile: string;
  readonly sealKeyDir: string;
  readonly pseudonymKeyFile: string;
}

/** Any Federation 2 supergraph, no policies, no record, no database. Loopback only. */
export interface OpenConfig extends CommonConfig {
  readonly kind: 'open';
  readonly supergraphFile: string;
  readonly subgraphUrls: Readonly<Record<string, string>>;
}

/** Any Federation 2 supergraph under its access directives (`@authenticated`, `@requiresScopes`, `@policy`): no record, no database. */
export interface ScopesConfig extends CommonConfig {
  readonly kind: 'scopes';
  readonly supergraphFile: string;
  readonly subgraphUrls: Readonly<Record<string, string>>;
  readonly jwks: string;
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
  /** Whether each policy of `@policy` holds: `name,name=false`, or a file of names and truths. */
  readonly scopePolicies: string | undefined;
  readonly onUnauthorized: 'filter' | 'reject';
}

export { ConfigError } from './config-operation.ts';

const port = z.coerce.number().int().min(0).max(65_535);
const count = (max: number) => z.coerce.number().int().min(1).max(max);
const httpUrl = z.url({ protocol: /^https?$/ });

const environmentSchema = z.object({
  PORT: port.default(4000),
  HOST: z.string().default('127.0.0.1'),
  DATA_DIR: z.string().default('.data'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).optional(),
  GATEWAY_DATABASE_URL: z.string().optional(),
  CITIZENS: count(10_000_000).default(10_000),
  SEED: z.coerce.number().int().min(0).max(2_147_483_647).default(1),
  BODY_BYTES_MAX: count(67_108_864).optional(),
  OPERATION_COST_MAX: count(1_000_000_000).optional(),
  SUBGRAPH_TIMEOUT_MS: count(120_000).optional(),
  ANALYSIS_SHARE_PERCENT: count(99).optional(),
  SUPERGRAPH: z.string().optional(),
  POLICIES: z.string().optional(),
  ISSUER: z.string().optional(),
  AUDIENCE: z.string().optional(),
  JWKS: httpUrl.optional(),
  SUBGRAPH_URLS: z.string().optional(),
  OVERRIDE_LABELS: z.string().optional(),
  SCOPE_POLICIES: z.string().optional(),
  ON_UNAUTHORIZED: z.enum(['filter', 'reject']).default('filter'),
  POLICY_COOLING_OFF_MINUTES: z.coerce.number().int().min(0).max(525_600).default(0),
  GRANT_ISSUER: z.string().optional(),
  GRANT_PRIVATE_KEY_FILE: z.string().optional(),
  SEAL_KEY_DIR: z.string().optional(),
  PSEUDONYM_KEY_FILE: z.string().optional(),
  ...OVERSIGHT_SETTINGS,
  ...OPERATION_SETTINGS,
  ...LEDGER_ENVIRONMENT,
  LEDGER_RETENTION_MONTHS: z.coerce.number().int().min(RETENTION_MONTHS_MIN).max(1_200).optional(),
  WRITER: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/)
    .optional(),
});

/**
 * Reads the command line and the environment; a flag wins over its variable. Throws a ConfigError that names every wrong or missing
 * setting.
 */
export function readConfig(args: readonly string[], environment: Readonly<Record<string, string | undefined>>): Config {
  const flags = readFlags(args);
  const merged = { ...withoutEmpty(environment), ...withoutEmpty(flags.settings) };
  const parsed = environmentSchema.safeParse(merged);
  if (!parsed.success) {
    throw new ConfigError(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}.`).join('\n'));
  }
  const settings = parsed.data;
  const limits: Limits = {
    ...LIMITS,
    bodyBytesMax: settings.BODY_BYTES_MAX ?? LIMITS.bodyBytesMax,
    operationCostMax: settings.OPERATION_COST_MAX ?? LIMITS.operationCostMax,
    ledgerRetentionMonths: settings.LEDGER_RETENTION_MONTHS ?? LIMITS.ledgerRetentionMonths,
    sequencerIntervalMs: settings.SEQUENCER_INTERVAL_MS ?? LIMITS.sequencerIntervalMs,
    subgraphTimeoutMs: settings.SUBGRAPH_TIMEOUT_MS ?? LIMITS.subgraphTimeoutMs,
    analysisSharePercent: settings.ANALYSIS_SHARE_PERCENT ?? LIMITS.analysisSharePercent,
  };
  // Unasked, a demonstration shows warnings only, so that its last line stays in sight.
  const logLevel = settings.LOG_LEVEL ?? (flags.demo || flags.open ? 'warn' : 'info');
  const overrideLabels = settings.OVERRIDE_LABELS?.split(',') ?? [];
  const common = {
    host: settings.HOST,
    port: settings.PORT,
    logLevel,
    limits,
    overrideLabels,
    ...operationOf(settings),
    oversight: oversightSettings(settings),
    coolingOffMs: settings.POLICY_COOLING_OFF_MINUTES * 60_000,
  };
  const dataDir = resolve(settings.DATA_DIR);
  if ([flags.demo, flags.open, flags.scopes].filter(Boolean).length > 1) {
    throw new ConfigError('--demo, --open and --scopes exclude each other: choose one.');
  }
  if (flags.demo) {
    requireLoopback(settings.HOST, '--demo');
    if (common.operation.tls !== undefined) throw new ConfigError('--demo serves this machine only, without TLS: unset TLS_CERT_FILE.');
    return {
      kind: 'demo',
      ...common,
      dataDir,
      databaseUrl: settings.GATEWAY_DATABASE_URL,
      registerDatabaseUrls: registerDatabaseUrls(merged),
      citizens: settings.CITIZENS,
      seed: settings.SEED,
      ledgerWitnesses: witnessesIn(settings.LEDGER_WITNESSES),
    };
  }
  if (flags.open) {
    requireLoopback(settings.HOST, '--open');
    refuseBesideProduction(settings, '--open');
    return {
      kind: 'open',
      ...common,
      supergraphFile: required(settings, 'SUPERGRAPH', '--supergraph FILE'),
      subgraphUrls: urlsOf(settings.SUBGRAPH_URLS),
    };
  }
  if (flags.scopes) {
    refuseBesideProduction(settings, '--scopes');
    if (settings.POLICIES !== undefined) throw new ConfigError('--scopes and --policies exclude each other: choose one.');
    return {
      kind: 'scopes',
      ...common,
      supergraphFile: required(settings, 'SUPERGRAPH', '--supergraph FILE'),
      subgraphUrls: urlsOf(settings.SUBGRAPH_URLS),
      jwks: required(settings, 'JWKS', '--jwks URL'),
      issuer: settings.ISSUER,
      audience: settings.AUDIENCE,
      scopePolicies: settings.SCOPE_POLICIES,
      onUnauthorized: settings.ON_UNAUTHORIZED,
    };
  }
  return {
    kind: 'production',
    ...common,
    dataDir,
    databaseUrl: settings.GATEWAY_DATABASE_URL,
    supergraphFile: required(settings, 'SUPERGRAPH', '--supergraph FILE'),
    policiesDir: required(settings, 'POLICIES', '--policies DIR'),
    issuer: {
      issuer: required(settings, 'ISSUER', '--issuer URL'),
      audience: required(settings, 'AUDIENCE', '--audience TEXT'),
      jwks: required(settings, 'JWKS', '--jwks URL'),
    },
    subgraphUrls: urlsOf(settings.SUBGRAPH_URLS),
    grantIssuer: settings.GRANT_ISSUER ?? 'lien-thong-gateway',
    writer: settings.WRITER ?? hostname(),
    ledgerKeyFile: settings.LEDGER_KEY_FILE,
    ledgerName: settings.LEDGER_NAME,
    ledgerWitnesses: witnessesIn(settings.LEDGER_WITNESSES),
    keyFiles: keyFilesOf(settings),
  };
}

/** All or none: one key that was forgotten and made anew would turn every person's pseudonym into another. */
function keyFilesOf(settings: Settings): KeyFiles | undefined {
  const { GRANT_PRIVATE_KEY_FILE, SEAL_KEY_DIR, PSEUDONYM_KEY_FILE } = settings;
  if (GRANT_PRIVATE_KEY_FILE === undefined && SEAL_KEY_DIR === undefined && PSEUDONYM_KEY_FILE === undefined) return undefined;
  const beside = 'beside the other keys, or none of them to have all made in DATA_DIR';
  return {
    grantPrivateKeyFile: required(settings, 'GRANT_PRIVATE_KEY_FILE', `the variable GRANT_PRIVATE_KEY_FILE ${beside}`),
    sealKeyDir: required(settings, 'SEAL_KEY_DIR', `the variable SEAL_KEY_DIR ${beside}`),
    pseudonymKeyFile: required(settings, 'PSEUDONYM_KEY_FILE', `the variable PSEUDONYM_KEY_FILE ${beside}`),
  };
}

type Settings = z.infer<typeof environmentSchema>;

function readFlags(args: readonly string[]): {
  demo: boolean;
  open: boolean;
  scopes: boolean;
  settings: Record<string, string | undefined>;
} {
  try {
    const { values } = parseArgs({ args: [...args], options: FLAGS });
    const { demo, open, scopes, ...rest } = values;
    const settings = Object.entries(rest).map(([name, value]) => [name.toUpperCase().replaceAll('-', '_'), value]);
    return { demo, open, scopes, settings: Object.fromEntries(settings) };
  } catch (error) {
    const flags = Object.keys(FLAGS).map((name) => `--${name}`);
    throw new ConfigError(`${error instanceof Error ? error.message : String(error)}. Give some of ${flags.join(', ')}.`, { cause: error });
  }
}

const FLAGS = {
  demo: { type: 'boolean', default: false },
  open: { type: 'boolean', default: false },
  scopes: { type: 'boolean', default: false },
  port: { type: 'string' },
  host: { type: 'string' },
  supergraph: { type: 'string' },
  policies: { type: 'string' },
  jwks: { type: 'string' },
  issuer: { type: 'string' },
  audience: { type: 'string' },
  'scope-policies': { type: 'string' },
  'on-unauthorized': { type: 'string' },
} as const;

function required(settings: Settings, name: keyof Settings, how: string): string {
  const value = settings[name];
  if (typeof value !== 'string') throw new ConfigError(`${name} is missing: give ${how}.`);
  return value;
}

/** `name=url,name=url`, for supergraphs whose own URLs are not the ones to call. */
function urlsOf(text: string | undefined): Record<string, string> {
  const urls: Record<string, string> = {};
  for (const pair of text?.split(',') ?? []) {
    const at = pair.indexOf('=');
    const url = httpUrl.safeParse(pair.slice(at + 1));
    if (at < 1 || !url.success) throw new ConfigError('SUBGRAPH_URLS has an entry that is not name=http://…: write name=url,name=url.');
    urls[pair.slice(0, at)] = url.data;
  }
  return urls;
}

/** The variable that holds a register's database address, `CIVIL_STATUS_DATABASE_URL` for `civil-status`. */
export function databaseVariable(register: string): string {
  return `${register.toUpperCase().replaceAll('-', '_')}_DATABASE_URL`;
}

function registerDatabaseUrls(environment: Readonly<Record<string, string>>): Record<string, string> {
  const urls: Record<string, string> = {};
  for (const name of SUBGRAPH_NAMES) {
    const url = environment[databaseVariable(name)];
    if (url !== undefined) urls[name] = url;
  }
  return urls;
}

function requireLoopback(host: string, flag: string): void {
  if (!/^(127\.\d+\.\d+\.\d+|::1|localhost)$/.test(host)) {
    throw new ConfigError(`${flag} serves this machine only: leave HOST at 127.0.0.1. For other machines run without ${flag}.`);
  }
}

function refuseBesideProduction(settings: Settings, flag: string): void {
  if (settings.GRANT_PRIVATE_KEY_FILE !== undefined || settings.SEAL_KEY_DIR !== undefined || settings.PSEUDONYM_KEY_FILE !== undefined) {
    throw new ConfigError(
      `${flag} refuses to run beside production keys: unset GRANT_PRIVATE_KEY_FILE, SEAL_KEY_DIR and PSEUDONYM_KEY_FILE.`,
    );
  }
}

function withoutEmpty(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''));
}
