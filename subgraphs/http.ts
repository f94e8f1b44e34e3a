import { dayInVietnam } from '../platform/vietnam-time.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { redactNumbers, type Logger } from '../platform/log.ts';
import { constantError } from './errors.ts';

/** Refuses a call: the reason is for the log alone, the caller learns the status. */
export function refuse(reply: FastifyReply, log: Logger, status: number, reason: string): FastifyReply {
  log.warn({ status, reason: redactNumbers(reason) }, 'refused');
  return reply.code(status).send(constantError('GRANT_REFUSED'));
}

/** The bytes of a body as they came. */
export function bodyOf(request: FastifyRequest): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
}

/** A body's JSON; undefined when it is none. */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** The day in Asia/Ho_Chi_Minh. */
export function calendarDate(at: Date): string {
  return dayInVietnam(at.getTime());
}
