import { randomUUID, type KeyObject } from 'node:crypto';
import { GRANT_LIFETIME_SECONDS_MAX, operationHash, signGrant, type CoordinateUse, type Grant } from '../../platform/grant.ts';
import type { Caller } from '../request.ts';

/** What a gateway signs grants and seals calls with. */
export interface GrantIssuer {
  readonly issuer: string;
  readonly privateKey: KeyObject;
  /** 32 bytes by subgraph name. */
  readonly sealKeys: ReadonlyMap<string, Buffer>;
  readonly clock: () => number;
}

/** A grant and its signed form, renewed before it runs out. */
export interface SignedGrant {
  readonly id: string;
  readonly token: string;
}

/** Gives the current grant of one fetch; signs a new one when the last is about to end. Concurrent callers share one signature. */
export type GrantSource = () => Promise<SignedGrant>;

/** A grant is replaced this long before it ends, so that none ends on its way. */
const RENEW_BEFORE_MS = 20_000;

/** Makes the source of grants for one fetch of a prepared execution. */
export function grantSource(
  issuer: GrantIssuer,
  caller: Caller,
  policyVersion: string,
  fetch: { readonly subgraph: string; readonly operation: string },
  coordinates: Readonly<Record<string, CoordinateUse>>,
): GrantSource {
  const hash = operationHash(fetch.operation);
  let current: { readonly signed: Promise<SignedGrant>; readonly renewAtMs: number } | undefined;
  return async () => {
    const nowMs = issuer.clock();
    if (current === undefined || nowMs >= current.renewAtMs) {
      const expiresAt = Math.floor(nowMs / 1000) + GRANT_LIFETIME_SECONDS_MAX;
      const grant: Grant = {
        id: randomUUID(),
        issuer: issuer.issuer,
        audience: fetch.subgraph,
        application: caller.application,
        agency: caller.agency,
        purpose: caller.purpose,
        action: caller.action,
        emergency: caller.emergency,
        policyVersion,
        operationHash: hash,
        coordinates,
        snapshot: caller.snapshot,
        expiresAt,
      };
      const signed = signGrant(grant, issuer.privateKey).then((token) => ({ id: grant.id, token }));
      current = { signed, renewAtMs: expiresAt * 1000 - RENEW_BEFORE_MS };
    }
    return current.signed;
  };
}
