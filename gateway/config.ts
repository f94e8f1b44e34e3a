import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { LIMITS, type Limits } from './limits.ts';

export const SUBGRAPH_NAMES = ['residents', 'civil-status', 'health-insurance', 'education'] as const;

/** How the gateway was told to run. `kind` decides which of the profiles of DESIGN.md this is. */
export type Config = DemoConfig | ProductionConfig | OpenConfig | ScopesConfig;

interface CommonConfig {
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
  readonly limits: Limits;
  /** Labels of `@override(label:)` that are on, besides percentages. */
  readonly overrideLabels: readonly string[];
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

/** Settings that are wrong; `message` has one line for each and says what to set. */
export class ConfigError extends Error {}

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
  SUPERGRAPH: z.string().optional(),
  POLICIES: z.string().optional(),
  ISSUER: z.string().optional(),
  AUDIENCE: z.string().optional(),
  JWKS: httpUrl.optional(),
  SUBGRAPH_URLS: z.string().optional(),
  OVERRIDE_LABELS: z.string().optional(),
  SCOPE_POLICIES: z.string().optional(),
  ON_UNAUTHORIZED: z.enum(['filter', 'reject']).default('filter'),
  GRANT_ISSUER: z.string().optional(),
  GRANT_PRIVATE_KEY_FILE: z.string().optional(),
  SEAL_KEY_DIR: z.string().optional(),
  PSEUDONYM_KEY_FILE: z.string().optional(),
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
    subgraphTimeoutMs: settings.SUBGRAPH_TIMEOUT_MS ?? LIMITS.subgraphTimeoutMs,
  };
  // Unasked, a demonstration shows warnings only, so that its last line stays in sight.
  const logLevel = settings.LOG_LEVEL ?? (flags.demo || flags.open ? 'warn' : 'info');
  const overrideLabels = settings.OVERRIDE_LABELS?.split(',') ?? [];
  const common = { host: settings.HOST, port: settings.PORT, logLevel, limits, overrideLabels };
  const dataDir = resolve(settings.DATA_DIR);
  if ([flags.demo, flags.open, flags.scopes].filter(Boolean).length > 1) {
    throw new ConfigError('--demo, --open and --scopes exclude each other: choose one.');
  }
  if (flags.demo) {
    requireLoopback(settings.HOST, '--demo');
    return {
      kind: 'demo',
      ...common,
      dataDir,
      databaseUrl: settings.GATEWAY_DATABASE_URL,
      registerDatabaseUrls: registerDatabaseUrls(merged),
      citizens: settings.CITIZENS,
      seed: settings.SEED,
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
    grantPrivateKeyFile: required(settings, 'GRANT_PRIVATE_KEY_FILE', 'the variable GRANT_PRIVATE_KEY_FILE'),
    sealKeyDir: required(settings, 'SEAL_KEY_DIR', 'the variable SEAL_KEY_DIR'),
    pseudonymKeyFile: required(settings, 'PSEUDONYM_KEY_FILE', 'the variable PSEUDONYM_KEY_FILE'),
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
    const { values } = parseArgs({
      args: [...args],
      options: {
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
      },
    });
    const { demo, open, scopes, ...rest } = values;
    const settings = Object.entries(rest).map(([name, value]) => [name.toUpperCase().replaceAll('-', '_'), value]);
    return { demo, open, scopes, settings: Object.fromEntries(settings) };
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

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
