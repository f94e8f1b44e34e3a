import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Ceiling } from '../../platform/ceiling.ts';
import { SNAPSHOT_NAME } from '../../platform/grant.ts';
import type { Logger } from '../../platform/log.ts';
import { constantError } from '../errors.ts';
import { POPULATION_GRANT_ID, SNAPSHOT_GRANT_ID, type Guard } from '../guard.ts';
import { bodyOf, parseJson, refuse } from '../http.ts';
import type { Snapshots } from './snapshots.ts';

/** ID numbers of one page. */
const POPULATION_PAGE_MAX = 10_000;

export interface SnapshotRoutes {
  readonly app: FastifyInstance;
  readonly guard: Guard;
  readonly snapshots: Snapshots;
  /** What standing among the register's people tells. */
  readonly group: string;
  readonly allows: Ceiling;
  readonly log: Logger;
}

/**
 * Calls beside the graph by which the gateway walks the register's people: sealed like any other, and without a grant, since nothing of a person
 * is given but that they are among the register's people. For that the owner's ceiling has to let the agency count.
 */
export function addSnapshots({ app, guard, snapshots, group, allows, log }: SnapshotRoutes): void {
  app.post('/snapshot', async (request, reply) => {
    const body = bodyOf(request);
    const problem = guard.judgeSealOnly({ headers: request.headers, body }, SNAPSHOT_GRANT_ID);
    if (problem !== undefined) return refuse(reply, log, 401, problem);
    const wanted = SnapshotBody.safeParse(parseJson(body));
    if (!wanted.success) return reply.code(400).send(constantError('BAD_REQUEST'));
    const snapshot = await snapshots.take(wanted.data.period);
    if (snapshot === undefined) return refuse(reply, log, 403, 'there is no snapshot of that month, and only one of the present is taken');
    const { name, takenAt, day, people } = snapshot;
    return { snapshot: name, takenAt, day, people };
  });

  app.post('/population', async (request, reply) => {
    const body = bodyOf(request);
    const problem = guard.judgeSealOnly({ headers: request.headers, body }, POPULATION_GRANT_ID);
    if (problem !== undefined) return refuse(reply, log, 401, problem);
    const wanted = PopulationBody.safeParse(parseJson(body));
    if (!wanted.success) return reply.code(400).send(constantError('BAD_REQUEST'));
    const { snapshot: name, agency, purpose, from, to } = wanted.data;
    if (!allows(agency, purpose, group, 'aggregate')) return refuse(reply, log, 403, 'the population is above the ceiling');
    const snapshot = await snapshots.find(name);
    if (snapshot === undefined) return refuse(reply, log, 403, 'the snapshot is not there');
    reply.header('cache-control', 'no-store');
    return { idNumbers: await snapshots.population(snapshot, from, to) };
  });
}

const SnapshotBody = z.object({ period: z.string().regex(SNAPSHOT_NAME) });

const ORDINAL_MAX = 2_147_483_647;
const PopulationBody = z
  .object({
    snapshot: z.string().regex(SNAPSHOT_NAME),
    agency: z.string().max(100),
    purpose: z.string().max(100),
    from: z.int().min(1).max(ORDINAL_MAX),
    to: z.int().min(1).max(ORDINAL_MAX),
  })
  .refine(({ from, to }) => to >= from && to - from < POPULATION_PAGE_MAX);
