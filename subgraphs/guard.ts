import type { KeyObject } from 'node:crypto';
import type { GraphQLSchema } from 'graphql';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { Classification } from '../platform/classification.ts';
import {
  checkSeal,
  GRANT_HEADER,
  operationHash,
  SEAL_HEADER,
  SEAL_WINDOW_MS,
  SNAPSHOT_NAME,
  verifyGrant,
  type Grant,
} from '../platform/grant.ts';
import type { Ceiling } from '../platform/ceiling.ts';
import { createNonces } from './nonces.ts';
import { readOperation, type Operation } from './operation.ts';
import type { Snapshot } from './snapshots/store.ts';

/** Verified grants and read operations that are kept. */
const GRANTS_KEPT_MAX = 2_000;
const OPERATIONS_KEPT_MAX = 1_000;
/** What stands for a grant's id in the seal of calls that carry none: to the demo-only route, and with another ceiling. */
export const SHOWCASE_GRANT_ID = 'showcase';
/** The same of the question which grants were served. */
export const RECONCILIATION_GRANT_ID = 'reconciliation';
export const CEILING_GRANT_ID = 'ceiling';
/** The same of the calls by which a snapshot is taken and its people are listed. */
export const SNAPSHOT_GRANT_ID = 'snapshot';
export const POPULATION_GRANT_ID = 'population';
/** None of these may pass as a grant's own id. */
const WITHOUT_GRANT: ReadonlySet<string> = new Set([
  SHOWCASE_GRANT_ID,
  RECONCILIATION_GRANT_ID,
  CEILING_GRANT_ID,
  SNAPSHOT_GRANT_ID,
  POPULATION_GRANT_ID,
]);

export interface GuardOptions {
  /** The register's name, the audience that grants must have. */
  readonly name: string;
  readonly schema: GraphQLSchema;
  readonly classification: Classification;
  readonly ceiling: Ceiling;
  /** The snapshot of this name; undefined when there is none. */
  readonly findSnapshot: (name: string) => Promise<Snapshot | undefined>;
  readonly grantIssuer: string;
  /** Ed25519 public key of the gateway. */
  readonly grantKey: KeyObject;
  /** Secret shared by the gateway and this register alone. */
  readonly sealKey: Buffer;
  readonly clock: () => Date;
}

export interface SealedCall {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body exactly as received: the seal covers its bytes. */
  readonly body: Buffer;
}

/** Everything that may be run, or why nothing may: `reason` is for the log alone, the caller learns the status. */
export type Verdict =
  | { readonly kind: 'granted'; readonly grant: Grant; readonly request: OperationRequest; readonly snapshot: Snapshot | undefined }
  | { readonly kind: 'refused'; readonly status: 401 | 403; readonly reason: string };

export type OperationRequest = z.infer<typeof OperationRequestBody>;
const OperationRequestBody = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
});

export interface Guard {
  /** Judges a call to the graph. Nothing of it has been executed before, nothing of it may be when refused. */
  judge(call: SealedCall): Promise<Verdict>;
  /** Whether the body is sealed for a route that needs no grant; undefined when it is, else the reason. */
  judgeSealOnly(call: SealedCall, grantId: string): string | undefined;
}

/** The register's own check of every call: it believes the gateway only what is signed and sealed. */
export function createGuard(options: GuardOptions): Guard {
  const grants = new LRUCache<string, Grant>({ max: GRANTS_KEPT_MAX });
  const operations = new LRUCache<string, Operation>({ max: OPERATIONS_KEPT_MAX });
  const nonces = createNonces(2 * SEAL_WINDOW_MS);
  const startedMs = options.clock().getTime();
  return { judge, judgeSealOnly };

  async function judge(call: SealedCall): Promise<Verdict> {
    const token = call.headers[GRANT_HEADER];
    if (typeof token !== 'string') return refused(401, 'no grant');
    const grant = await verified(token);
    if (grant === undefined) return refused(401, 'the grant is not good');
    const broken = sealProblem(call, grant.id);
    if (broken !== undefined) return refused(401, broken);

    const request = parseBody(call.body);
    if (request === undefined) return refused(403, 'the body is no GraphQL request');
    const hash = operationHash(request.query);
    if (hash !== grant.operationHash) return refused(403, 'the operation is not the one granted');
    let operation = operations.get(hash);
    if (operation === undefined) {
      operation = readOperation(options.schema, options.classification, request.query);
      operations.set(hash, operation);
    }
    const problem = operation.kind === 'unsound' ? operation.why : operationProblem(operation, request, grant);
    if (problem !== undefined) return refused(403, problem);
    const snapshot = grant.snapshot === undefined ? undefined : await options.findSnapshot(grant.snapshot);
    // INVARIANT: what is counted is read from a snapshot and nowhere else, and a snapshot for nothing else.
    if (grant.action !== 'aggregate' && grant.snapshot !== undefined) return refused(403, `a snapshot under a grant to ${grant.action}`);
    if (grant.action === 'aggregate' && grant.snapshot === undefined) return refused(403, 'a grant to aggregate without a snapshot');
    if (grant.snapshot !== undefined && snapshot === undefined) return refused(403, 'the snapshot is not there');
    return { kind: 'granted', grant, request, snapshot };
  }

  function operationProblem(operation: Extract<Operation, { kind: 'sound' }>, request: OperationRequest, grant: Grant): string | undefined {
    if (typeof request.operationName === 'string' && request.operationName !== operation.name) return 'no operation of that name';
    if ((operation.action === 'mutation') !== (grant.action === 'write')) return `a ${operation.action} under a grant to ${grant.action}`;
    for (const coordinate of operation.coordinates) {
      if (!Object.hasOwn(grant.coordinates, coordinate)) return `${coordinate} is not granted`;
      // INVARIANT: also of what the gateway calls an input. Whoever holds its key could call everything so.
      const groups = operation.groups.get(coordinate);
      if (groups === undefined) return `${coordinate} is not classified`;
      for (const group of groups)
        if (!options.ceiling(grant.agency, grant.purpose, group, grant.action)) return `${coordinate} is above the ceiling`;
    }
    return undefined;
  }

  async function verified(token: string): Promise<Grant | undefined> {
    const now = options.clock();
    const known = grants.get(token);
    if (known !== undefined) return known.expiresAt > now.getTime() / 1000 ? known : undefined;
    try {
      const grant = await verifyGrant(token, options.grantKey, { issuer: options.grantIssuer, audience: options.name, now });
      if (!GrantShape.safeParse(grant).success) return undefined;
      grants.set(token, grant);
      return grant;
    } catch {
      return undefined;
    }
  }

  function sealProblem(call: SealedCall, grantId: string): string | undefined {
    const value = call.headers[SEAL_HEADER];
    if (typeof value !== 'string') return 'no seal';
    const nowMs = options.clock().getTime();
    const check = checkSeal(value, grantId, call.body, options.sealKey, nowMs);
    if (check.kind === 'bad') return check.why;
    // Nonces used before this process started are forgotten, so seals from before it are refused.
    if (Number(value.split('.')[1]) < startedMs) return 'sealed before this register started';
    const use = nonces.use(check.nonce, nowMs);
    return use === 'new' ? undefined : use === 'seen' ? 'the seal has been used' : 'too many seals in a minute';
  }

  function judgeSealOnly(call: SealedCall, grantId: string): string | undefined {
    return sealProblem(call, grantId);
  }
}

/** What the signature does not promise: that the claims have the shapes of a grant. */
const GrantShape = z.object({
  id: z
    .string()
    .min(1)
    .max(200)
    .refine((id) => !WITHOUT_GRANT.has(id)),
  action: z.enum(['read', 'write', 'aggregate']),
  coordinates: z.record(z.string(), z.enum(['released', 'input'])),
  snapshot: z.string().regex(SNAPSHOT_NAME).optional(),
});

function parseBody(body: Buffer): OperationRequest | undefined {
  try {
    const read = OperationRequestBody.safeParse(JSON.parse(body.toString('utf8')));
    return read.success ? read.data : undefined;
  } catch {
    return undefined;
  }
}

function refused(status: 401 | 403, reason: string): Verdict {
  return { kind: 'refused', status, reason };
}
