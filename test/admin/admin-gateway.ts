import { adminApi, createAdminApi, type AdminApiDeps } from '../../gateway/admin/server.ts';
import type { ConsentService } from '../../gateway/consent/service.ts';
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
  receipt: async () => undefined,
};

/** The demo issuer with the admin API beside it, as in a demo installation; `change` replaces what the API is given. */
export async function startAdmin(change: Partial<AdminApiDeps> = {}): Promise<IssuerUnderTest> {
  return startIssuer(async (keys, database) => {
    const api = await createAdminApi({
      keys: [{ key: keys.admin, roles: ['reader', 'demo'] }],
      database,
      clock: Date.now,
      log: silentLog(),
      status: () => ({ profile: 'demo', ready: true, startedAt: '2026-11-20T08:00:00.000Z', policyVersion: 'sha256:00' }),
      checkPolicies: async () => ({ policies: 3, cases: 6, problems: [] }),
      showcase: async (count) => Array.from({ length: count }, (_, index) => `0010990000${String(index).padStart(2, '0')}`),
      consents: { consents: NOBODY_CONSENTS, agencies: new Map() },
      ...change,
    });
    return async (app) => {
      app.addHook('onClose', async () => api[Symbol.asyncDispose]());
      await app.register(adminApi(api), { prefix: '/admin/graphql' });
    };
  });
}
