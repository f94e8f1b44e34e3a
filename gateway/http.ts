import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { LRUCache } from 'lru-cache';
import Negotiator from 'negotiator';
import { randomText } from '../platform/random.ts';
import type { Limits } from './limits.ts';
import { refuse, type Refusal } from './errors.ts';
import type { Trace } from './request.ts';
import type { MediaType } from './stages/answer.ts';

/**
 * The media type of the answer by the Accept header (GraphQL-over-HTTP, "Legacy Watershed"): without one, or where both would do equally,
 * `application/json`. Undefined when the client takes neither.
 */
export function negotiateMediaType({ accept }: IncomingHttpHeaders): MediaType | undefined {
  // A header that lists nothing says as little as none (RFC 9110, 5.6.1 and 12.5.1).
  if (accept === undefined || accept.trim() === '') return 'application/json';
  const known = NEGOTIATED.get(accept);
  if (known !== undefined) return known.preferred;
  const [preferred] = new Negotiator({ headers: { accept } }).mediaTypes([...OFFERED.keys()]);
  const negotiated = { preferred: preferred === undefined ? undefined : OFFERED.get(preferred) };
  NEGOTIATED.set(accept, negotiated);
  return negotiated.preferred;
}

/** With the charset that answers have: clients ask for it too, and a range with a parameter takes only what has it (RFC 9110, 12.5.1). */
const OFFERED: ReadonlyMap<string, MediaType> = new Map(
  (['application/json', 'application/graphql-response+json'] as const).map((type) => [`${type}; charset=utf-8`, type]),
);

/** Clients send the same few headers again and again. Bounded in length by the bound of all headers. */
const NEGOTIATED = new LRUCache<string, { readonly preferred: MediaType | undefined }>({ max: 100 });

/**
 * Reads a JSON body of an exactly declared type. Bytes are counted after decompression and while reading, so that neither a long body nor
 * a bomb is ever held (ATTACKS 12, 14, 16).
 */
export async function readJson(
  message: IncomingMessage,
  limits: Limits,
): Promise<{ readonly kind: 'json'; readonly value: unknown } | Refusal> {
  if (!/^application\/json\s*(;\s*charset\s*=\s*("utf-8"|utf-8)\s*)?$/i.test(message.headers['content-type'] ?? '')) {
    return refuse('UNSUPPORTED_MEDIA_TYPE');
  }
  const stream = decompressed(message);
  if (!stream) return refuse('UNSUPPORTED_MEDIA_TYPE');
  if (Number(message.headers['content-length'] ?? 0) > limits.bodyBytesMax) return tooLarge(limits);

  const body = await readWithin(stream, limits.bodyBytesMax);
  if (body === 'too-large') return tooLarge(limits);
  try {
    if (body !== 'broken' && isUtf8(body)) return { kind: 'json', value: JSON.parse(withoutMark(body.toString('utf8'))) as unknown };
  } catch {
    // Not JSON: told below like everything else that cannot be read.
  }
  return refuse('BAD_REQUEST', 'The body is not JSON in UTF-8. Send a JSON object with a string "query".');
}

function tooLarge({ bodyBytesMax }: Limits): Refusal {
  return refuse('OPERATION_TOO_LARGE', `A request body may have ${bodyBytesMax} bytes. Ask for less at a time.`);
}

/** By events: an iterator over the stream costs more than parsing what it gives. What is too large is not read on. */
async function readWithin(stream: Readable, bytesMax: number): Promise<Buffer | 'too-large' | 'broken'> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bytesMax) {
        chunks.push(chunk);
        return;
      }
      stream.pause();
      resolve('too-large');
    });
    stream.once('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    stream.once('error', () => resolve('broken'));
    stream.once('close', () => resolve('broken'));
  });
}

/** A byte order mark may be ignored (RFC 8259, 8.1). */
function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

function decompressed(message: IncomingMessage): Readable | undefined {
  switch (message.headers['content-encoding']?.trim().toLowerCase()) {
    case undefined:
    case 'identity':
      return message;
    case 'gzip':
      return piped(message, createGunzip());
    case 'deflate':
      return piped(message, createInflate());
    case 'br':
      return piped(message, createBrotliDecompress());
    default:
      return undefined;
  }
}

function piped(from: IncomingMessage, through: ReturnType<typeof createGunzip>): Readable {
  from.on('error', (error) => through.destroy(error));
  return from.pipe(through);
}

/**
 * Continues the caller's trace with a span of our own, or begins one (W3C Trace Context, 3.2). A malformed traceparent is as good as none,
 * and then its tracestate does not count either.
 */
export function continueTrace(headers: IncomingHttpHeaders, samples = false): Trace {
  const match = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(String(headers['traceparent'] ?? ''));
  const valid =
    match !== null &&
    match[1] !== 'ff' &&
    (match[1] !== '00' || match[5] === undefined) &&
    !/^0+$/.test(match[2] ?? '') &&
    !/^0+$/.test(match[3] ?? '');
  const traceId = valid ? (match[2] ?? '') : randomText(16, 'hex');
  // Whether it is kept is the caller's to say; of what begins here, all is where traces go anywhere.
  const flags = valid ? (match[4] ?? '00') : samples ? '01' : '00';
  const state = headers['tracestate'];
  return {
    traceId,
    traceparent: `00-${traceId}-${randomText(8, 'hex')}-${flags}`,
    parentSpanId: valid ? match[3] : undefined,
    tracestate: valid && typeof state === 'string' && state.length <= TRACESTATE_LENGTH_MAX ? state : undefined,
  };
}

/** Vendors must be able to propagate 512 characters (W3C Trace Context, 3.3.1.5); more is dropped. */
const TRACESTATE_LENGTH_MAX = 512;

/** Headers with one value each, as the stages read them. */
export function singleHeaders(headers: IncomingHttpHeaders): Readonly<Record<string, string | undefined>> {
  const single = Object.create(null) as Record<string, string | undefined>;
  for (const [name, value] of Object.entries(headers)) single[name] = Array.isArray(value) ? value.join(', ') : value;
  return single;
}
