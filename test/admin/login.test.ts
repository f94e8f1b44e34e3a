import { describe, expect, it } from 'vitest';
import { createAdminLogin } from '../../gateway/admin/login.ts';
import type { AssuranceLevel } from '../../gateway/policy/decision.ts';
import type { Application } from '../../gateway/policy/registry.ts';
import { openDatabase } from '../../platform/database.ts';
import { SHIPPED_REGISTRY } from './shipped-registry.ts';

const CONSOLE: Application = {
  id: 'console',
  agency: 'portal',
  issuer: undefined,
  clientId: 'console',
  purposes: new Set(),
  approvedOperationsOnly: false,
  suspended: false,
  login: 'administrator',
} as unknown as Application;

/** Logs in with a token of the issuer that says what is given, once its signature was checked. */
async function login(change: { login?: Application['login']; suspended?: boolean; subject?: string; assurance?: AssuranceLevel }) {
  await using database = await openDatabase({ statementTimeoutMs: 5_000 });
  const { subject = 'police/officer-064', assurance = 2 } = change;
  const application = { ...CONSOLE, ...change };
  const logIn = createAdminLogin({
    registry: () => ({ ...SHIPPED_REGISTRY, findApplication: () => application }),
    database,
    clock: Date.now,
    keys: undefined,
    checkToken: async () => ({
      kind: 'verified',
      token: { issuer: 'https://issuer.example', clientId: 'console', subject, assurance, expiresAtMs: Date.now() + 60_000 },
    }),
  });
  return logIn('a.b.c');
}

describe('an administrator who logs in at the issuer', () => {
  it('has the roles that the registry gives the account', async () => {
    const result = await login({});
    if (result.kind !== 'verified') throw new Error(result.reason);
    expect(result.actor).toMatchObject({ account: 'police/officer-064', agency: 'police', login: { kind: 'issuer', assurance: 2 } });
    expect([...result.actor.roles]).toEqual(['officer', 'data-owner']);
  });

  it.each([
    ["an officer's login for x-officer-token", { login: 'officer' as const }],
    ["an application's own token", { login: 'application' as const }],
    ["a citizen's login", { login: 'citizen' as const }],
    ['a suspended console', { suspended: true }],
    ['an account that the registry has not', { subject: 'police/nobody' }],
    ['a login of level 1', { assurance: 1 as const }],
  ])('is nobody with %s', async (_name, change) => {
    expect(await login(change)).toMatchObject({ kind: 'rejected' });
  });
});
