import type { FastifyPluginAsync } from 'fastify';
import type { Database } from '../../platform/database.ts';
import type { Logger } from '../../platform/log.ts';
import type { IsPersonKey } from '../consent/person-keys.ts';
import type { Consents } from '../consent/consents.ts';
import type { ConsentService } from '../consent/service.ts';
import type { TokenCheck } from '../identity/tokens.ts';
import type { EventLedger } from '../ledger/recording.ts';
import type { Oversight } from '../oversight/oversight.ts';
import type { Graph } from '../graph.ts';
import { LIMITS } from '../limits.ts';
import type { LoadedPolicies } from '../policy/load.ts';
import type { OperationsService } from '../operations/service.ts';
import type { Rules } from '../rules/start.ts';
import { analysisEvents } from './analysis-events.ts';
import type { AnalysisSources } from './analysis-schema.ts';
import { createAdminLogin } from './login.ts';
import type { LedgerSources } from './ledger-schema.ts';
import { createCeilingService } from '../ceilings/service.ts';
import type { RegistrySources } from './registry-schema.ts';
import type { AdminSources, AdminStatus } from './schema.ts';
import { adminApi, createAdminApi } from './server.ts';
import type { AdminKey } from './token.ts';

/** What a gateway has that its administration works on. */
export interface AdminBasis {
  /** The rules as they are now; everything that outlives a request asks anew. */
  readonly rules: () => LoadedPolicies;
  readonly registry: RegistrySources | undefined;
  /** Brings ceilings to registers. */
  readonly pushCeilings: () => Promise<void>;
  readonly administration: Rules['administration'];
  /** Undefined where rules do not change: then nothing is registered either. */
  readonly operations: OperationsService | undefined;
  readonly consents: ConsentService;
  readonly ledger: LedgerSources;
  readonly oversight: Oversight;
  readonly events: EventLedger;
  readonly consentLookup: Consents;
  readonly checkToken: TokenCheck;
  /** Undefined where no analyses are run. */
  readonly analyses?: AnalysisSources | undefined;
  /** Of a foreign graph, whose people have keys of their own kind. */
  readonly isPersonKey?: IsPersonKey | undefined;
  readonly graph: Graph;
  /** What is opened is let go of with the gateway. */
  readonly resources: AsyncDisposableStack;
}

export interface AdminParts extends AdminBasis {
  readonly profile: AdminStatus['profile'];
  readonly database: Database;
  /** Keys that log accounts in under `--demo`; elsewhere the issuer alone does. */
  readonly keys: readonly AdminKey[] | undefined;
  readonly isReady: () => Promise<boolean>;
  readonly showcase: AdminSources['showcase'];
  readonly log: Logger;
  readonly clock: () => number;
}

/** Makes the admin API of a gateway, in whatever profile, with the paths that it is served at. */
export async function startAdminApi(
  parts: AdminParts,
): Promise<readonly { readonly prefix: string; readonly plugin: FastifyPluginAsync }[]> {
  const { rules, database, clock, log, profile, consents, consentLookup, administration, graph } = parts;
  const { operations } = parts;
  if (administration === undefined || parts.registry === undefined || operations === undefined)
    throw new Error('Rules that do not change are not administered.');
  const { context, cedarSchema } = administration;
  const startedAt = new Date(clock()).toISOString();
  const registry = () => rules().registry;
  const login = createAdminLogin({ registry, database, clock, keys: parts.keys, checkToken: parts.checkToken });
  const { analyses } = parts;
  const api = await createAdminApi({
    login,
    analyses,
    database,
    clock,
    log,
    status: async () => ({ profile, ready: await parts.isReady(), startedAt, policyVersion: rules().version }),
    checkPolicies: async () => context.check(context.active.activation().files),
    showcase: parts.showcase,
    ledger: parts.ledger,
    oversight: { oversight: parts.oversight, events: parts.events, registry, clock },
    registry: parts.registry,
    ceilings: createCeilingService({ database, registry, madeKeys: madeKeysOf(parts.keys), clock, push: parts.pushCeilings }),
    consents: { consents, isPersonKey: parts.isPersonKey },
    operations: { operations },
    policies: {
      rules: context,
      graph,
      cedarSchema,
      operationsUnder: operations.under,
      replayed: { countMax: LIMITS.rulesReplayMax, timeoutMs: LIMITS.rulesReplayTimeoutMs },
      async hasConsent({ agency, purpose, idNumber, coordinate }) {
        const key = consentLookup.keyOf(coordinate);
        const found = await consentLookup.find({ agency, purpose, idNumbers: [idNumber] });
        return key !== undefined && found.get(idNumber)?.has(key) === true;
      },
    },
  });
  return [
    { prefix: '/admin/graphql', plugin: adminApi(parts.resources.use(api)) },
    ...(analyses === undefined ? [] : [{ prefix: '/admin/analyses', plugin: analysisEvents({ login, runs: analyses.runs }) }]),
  ];
}

/** Public keys by account that the installation made: they sign like those in the registry. */
function madeKeysOf(keys: readonly AdminKey[] = []): ReadonlyMap<string, readonly string[]> {
  const grouped = Map.groupBy(keys, ({ account }) => account);
  return new Map([...grouped].map(([account, own]) => [account, own.flatMap(({ key }) => key.x ?? [])]));
}
