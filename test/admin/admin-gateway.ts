import { createLedgerReading } from '../../gateway/ledger/reading.ts';
import { testLedger } from '../ledger/event-ledger.ts';
import { adminApi, createAdminApi, type AdminApiDeps } from '../../gateway/admin/server.ts';
import type { ConsentService } from '../../gateway/consent/service.ts';
import { createAdminLogin } from '../../gateway/admin/login.ts';
import { adminKeys } from '../../gateway/demo.ts';
import { createMetrics } from '../../gateway/metrics.ts';
import { createNotices } from '../../gateway/notices/notices.ts';
import { createPulse } from '../../gateway/oversight/follow/pulse.ts';
import { startOversight } from '../../gateway/oversight/oversight.ts';
import { OVERSIGHT_DEFAULTS } from '../../gateway/oversight/settings.ts';
import type { OversightSources } from '../../gateway/admin/supervision-schema.ts';
import { createDays, VIETNAM } from '../../gateway/quota/day.ts';
import type { Database } from '../../platform/database.ts';
import { createCeilingService } from '../../gateway/ceilings/service.ts';
import { administerRegistry } from '../../gateway/registry/administration.ts';
import { startRegistry } from '../../gateway/registry/live.ts';
import { SHIPPED_REGISTRY, SHIPPED_REGISTRY_TEXT, SHIPPED_SUBGRAPHS } from './shipped-registry.ts';
import { silentLog, startIssuer, type IssuerUnderTest } from '../identity/demo-gateway.ts';

const nothing = async (): Promise<never> => {
  throw new Error('Nobody gives consent here.');
};
const NOBODY_CONSENTS: ConsentService = {
  give: nothing,
  withdraw: nothing,
  extend: nothing,
  list: async () => [],
  notice: () => ({ vi: '', en: '' }),
  show: () => {
    throw new Error('Nobody has consented.');
  },
  receipt: async () => undefined,
};

export function nobodyWatches(database: Database): OversightSources {
  const { events, pseudonyms } = testLedger(database, Date.now);
  const log = silentLog();
  const days = createDays(VIETNAM);
  const metrics = createMetrics();
  const oversight = startOversight({
    database,
    pseudonyms,
    events,
    days,
    metrics,
    log,
    clock: Date.now,
    timeZone: VIETNAM,
    settings: OVERSIGHT_DEFAULTS,
    registry: () => SHIPPED_REGISTRY,
    registers: new Map(),
    pulse: createPulse(Date.now, days),
    notices: createNotices({ database, webhook: undefined, clock: Date.now, log }),
  });
  return { oversight, events, registry: () => SHIPPED_REGISTRY, clock: Date.now };
}
/** Rules are administered in the end-to-end tests, on a whole gateway. */
const NO_POLICIES = { rules: {} } as AdminApiDeps['policies'];
const NO_OPERATIONS = { operations: {} } as AdminApiDeps['operations'];

/** The demo issuer with the admin API beside it, as in a demo installation; `change` replaces what the API is given. */
export async function startAdmin(change: Partial<AdminApiDeps> = {}): Promise<IssuerUnderTest> {
  return startIssuer(async (keys, database) => {
    const oversight = nobodyWatches(database);
    const parts = {
      database,
      subgraphs: SHIPPED_SUBGRAPHS,
      defaultIssuer: 'https://issuer.example',
      importText: SHIPPED_REGISTRY_TEXT,
      officerKeys: new Map(),
      clock: Date.now,
    };
    const live = await startRegistry({ ...parts, pollMs: 60_000, log: silentLog(), clock: Date.now });
    const api = await createAdminApi({
      login: createAdminLogin({
        registry: () => live.current(),
        database,
        clock: Date.now,
        keys: adminKeys(keys),
        checkToken: async () => ({ kind: 'rejected', reason: 'nobody logs in here' }),
      }),
      database,
      clock: Date.now,
      log: silentLog(),
      status: () => ({ profile: 'demo', ready: true, startedAt: '2026-11-20T08:00:00.000Z', policyVersion: 'sha256:00' }),
      registry: administerRegistry(live, parts),
      ceilings: createCeilingService({
        database,
        registry: live.current,
        madeKeys: new Map(),
        clock: Date.now,
        push: async () => undefined,
      }),
      checkPolicies: async () => ({ policies: 3, cases: 6, problems: [] }),
      ledger: createLedgerReading({ database, signer: undefined, witnesses: [], pseudonyms: testLedger(database, Date.now).pseudonyms }),
      oversight,
      showcase: async (count) => Array.from({ length: count }, (_, index) => `0010990000${String(index).padStart(2, '0')}`),
      consents: { consents: NOBODY_CONSENTS },
      policies: NO_POLICIES,
      operations: NO_OPERATIONS,
      ...change,
    });
    return async (app) => {
      app.addHook('onClose', async () => oversight.oversight[Symbol.asyncDispose]());
      app.addHook('onClose', async () => {
        await live[Symbol.asyncDispose]();
        await api[Symbol.asyncDispose]();
      });
      await app.register(adminApi(api), { prefix: '/admin/graphql' });
    };
  });
}
