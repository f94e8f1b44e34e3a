import { createHash } from 'node:crypto';
import type { Queryable } from '../../platform/database.ts';
import type { Actor } from './actor.ts';
import { canonicalJson } from './canonical.ts';
import { insertEvent, type EventRow } from './store.ts';

/** Something that was done, or tried and refused, by way of the admin API. */
export interface AdminEvent {
  /** What was done, `policy.approve`; with `.refused` behind it when it was not. */
  readonly kind: string;
  readonly actor: Pick<Actor, 'account' | 'person'> & { readonly login: { readonly kind: string } };
  readonly atMs: number;
  /** What it was done to: a policy version, an application. Never an ID number. */
  readonly subject: string;
  /** Names of the registry and of rules; never a value of a person. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** Who does what nobody asked for: a gateway at its first start. */
export const GATEWAY_ACTOR: AdminEvent['actor'] = { account: 'gateway', person: 'gateway', login: { kind: 'none' } };

/**
 * Writes an event down, in the transaction of what it tells of, so that there is neither without the other. The one place where
 * administration is recorded.
 */
export async function recordEvent(tx: Queryable, { kind, actor, atMs, subject, body }: AdminEvent): Promise<void> {
  const { account, person, login } = actor;
  const event = { kind, actor: account, person, login: login.kind, at: new Date(atMs), subject, body };
  await insertEvent(tx, { ...event, hash: hashOfEvent(event) });
}

/** SHA-256 of an event in canonical form, hex. */
export function hashOfEvent({ kind, actor, person, login, at, subject, body }: Omit<EventRow, 'hash'>): string {
  const event = { kind, actor, person, login, at: at.toISOString(), subject, body };
  return createHash('sha256').update(canonicalJson(event)).digest('hex');
}
