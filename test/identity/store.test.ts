import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOidcAdapter } from '../../gateway/identity/oidc-adapter.ts';
import { findPayload, markUsed, savePayload } from '../../gateway/identity/store.ts';
import { migrate, openDatabase, type Database } from '../../platform/database.ts';
import { createTestDatabase, postgresAnswers } from '../e2e/test-database.ts';
import { MIGRATIONS } from './demo-gateway.ts';

describe.each((await postgresAnswers()) ? ['pglite', 'postgres'] : ['pglite'])('what the issuer keeps, on %s', (kind) => {
  const resources = new AsyncDisposableStack();
  let database: Database;
  let nowMs = Date.parse('2026-11-20T08:00:00Z');

  beforeAll(async () => {
    const url = kind === 'postgres' ? resources.use(await createTestDatabase()).url : undefined;
    database = resources.use(await openDatabase({ statementTimeoutMs: 5_000, url }));
    await migrate(database, MIGRATIONS);
  });
  afterAll(async () => resources.disposeAsync());

  it('takes a token once, whoever asks at the same time', async () => {
    const uses = await Promise.all(Array.from({ length: 20 }, async () => markUsed(database, 'admin', 'one', nowMs + 60_000, nowMs)));
    expect(uses.filter(Boolean)).toHaveLength(1);
    expect(await markUsed(database, 'admin', 'one', nowMs + 60_000, nowMs)).toBe(false);
  });

  it('keeps kinds of tokens apart, and takes any text for an id', async () => {
    expect(await markUsed(database, 'client-assertion', 'one', nowMs + 60_000, nowMs)).toBe(true);
    expect(await markUsed(database, 'admin', 'a\u0000b', nowMs + 60_000, nowMs)).toBe(true);
    expect(await markUsed(database, 'admin', 'x'.repeat(100_000), nowMs + 60_000, nowMs)).toBe(true);
  });

  it('removes what has expired as new rows come', async () => {
    await savePayload(database, { model: 'Session', id: 'old' }, {}, nowMs + 1_000, nowMs);
    nowMs += 3_600_000;
    await markUsed(database, 'admin', 'later', nowMs + 60_000, nowMs);
    await savePayload(database, { model: 'Session', id: 'new' }, {}, nowMs + 1_000, nowMs);
    expect(await database.query({ text: 'SELECT kind FROM used_token' })).toHaveLength(1);
    expect(await database.query({ text: 'SELECT id FROM oidc_payload' })).toEqual([{ id: 'new' }]);
  });

  it('finds a payload by its keys until it expires, and replaces it', async () => {
    const session = createOidcAdapter(database, () => nowMs)('Session');
    await session.upsert('s1', { uid: 'u1', userCode: 'c1', kind: 'Session' }, 60);
    expect(await session.find('s1')).toEqual({ uid: 'u1', userCode: 'c1', kind: 'Session' });
    expect(await session.findByUid('u1')).toMatchObject({ kind: 'Session' });
    expect(await session.findByUserCode('c1')).toMatchObject({ kind: 'Session' });
    await session.upsert('s1', { uid: 'u2' }, 60);
    expect(await session.findByUid('u1')).toBeUndefined();
    expect(await createOidcAdapter(database, () => nowMs)('Grant').find('s1')).toBeUndefined();
    nowMs += 61_000;
    expect(await session.find('s1')).toBeUndefined();
    expect(await findPayload(database, 'Session', 'uid', 'u2', nowMs)).toBeUndefined();
  });

  it('marks a payload as consumed, removes one, and removes all of a grant', async () => {
    const codes = createOidcAdapter(database, () => nowMs)('AuthorizationCode');
    for (const id of ['a', 'b', 'c']) await codes.upsert(id, { grantId: id === 'c' ? 'g2' : 'g1' }, 600);
    await codes.consume('a');
    expect(await codes.find('a')).toEqual({ grantId: 'g1', consumed: Math.floor(nowMs / 1000) });
    await codes.destroy('a');
    expect(await codes.find('a')).toBeUndefined();
    await codes.revokeByGrantId('g1');
    expect(await codes.find('b')).toBeUndefined();
    expect(await codes.find('c')).toBeDefined();
  });

  it('keeps what has no end', async () => {
    const grants = createOidcAdapter(database, () => nowMs)('Grant');
    await grants.upsert('g', { clientId: 'c' });
    nowMs += 365 * 86_400_000;
    expect(await grants.find('g')).toEqual({ clientId: 'c' });
    expect(await grants.find('g\u0000')).toBeUndefined();
  });

  it('finds clients where they are registered and nowhere else, whatever was written for one', async () => {
    const clients = createOidcAdapter(
      database,
      () => nowMs,
      (id) => (id === 'registered' ? { client_id: id } : undefined),
    )('Client');
    await clients.upsert('forged', { client_id: 'forged' });
    expect(await clients.find('forged')).toBeUndefined();
    expect(await clients.find('registered')).toEqual({ client_id: 'registered' });
  });
});
