import type { Adapter, AdapterFactory, AdapterPayload, ClientMetadata } from 'oidc-provider';
import { InvalidClientAuth } from 'oidc-provider/lib/helpers/errors.js';
import type { Database } from '../../platform/database.ts';
import { consumePayload, findPayload, markUsed, removeGrant, removePayload, savePayload } from './store.ts';

/** oidc-provider's storage on the gateway's database, for every model but the record of used client assertions. */
export function createOidcAdapter(
  database: Database,
  clock: () => number,
  findClient: (clientId: string) => ClientMetadata | undefined = () => undefined,
): AdapterFactory {
  return (model) => {
    if (model === 'ReplayDetection') return usedAssertions(database, clock);
    // Clients are the registry's: whoever is added, suspended or gets another key is so at the next call.
    if (model === 'Client') return { ...payloads(database, model, clock), find: async (id) => findClient(id) };
    return payloads(database, model, clock);
  };
}

function payloads(database: Database, model: string, clock: () => number): Adapter {
  const find = async (by: 'id' | 'uid' | 'user_code', value: string): Promise<AdapterPayload | undefined> =>
    findPayload(database, model, by, value, clock());
  return {
    upsert: async (id, payload, expiresInSeconds) => {
      const nowMs = clock();
      const expiresAtMs = expiresInSeconds === undefined ? undefined : nowMs + expiresInSeconds * 1000;
      await savePayload(database, { model, id }, { ...payload }, expiresAtMs, nowMs);
    },
    find: async (id) => find('id', id),
    findByUid: async (uid) => find('uid', uid),
    findByUserCode: async (userCode) => find('user_code', userCode),
    consume: async (id) => consumePayload(database, model, id, clock()),
    destroy: async (id) => removePayload(database, model, id),
    revokeByGrantId: async (grantId) => removeGrant(database, grantId),
  };
}

/**
 * oidc-provider asks whether an assertion's id is known and then writes it, which two requests at once pass both. Here nothing is known
 * when asked and the write decides, in one statement.
 */
function usedAssertions(database: Database, clock: () => number): Adapter {
  return {
    upsert: async (id, _payload, expiresInSeconds = 0) => {
      const nowMs = clock();
      const first = await markUsed(database, 'client-assertion', id, nowMs + expiresInSeconds * 1000, nowMs);
      if (!first) throw new InvalidClientAuth('client assertion tokens must only be used once');
    },
    find: async () => undefined,
    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
    consume: async () => undefined,
    destroy: async () => undefined,
    revokeByGrantId: async () => undefined,
  };
}
