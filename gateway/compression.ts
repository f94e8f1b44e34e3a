import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { IncomingHttpHeaders } from 'node:http';
import Negotiator from 'negotiator';

/**
 * Answers of fewer bytes are sent as they are: a person's answer fits a packet or two and gains nothing. It is also what keeps BREACH away
 * (breachattack.com): whoever can put guesses into a document and see the length of its answer learns of what stands beside them only where
 * the answer is compressed, and by so many bytes of others' data a guess is one change among thousands. No browser sends a request here
 * by itself, since tokens are no cookies. Who wants none at all sets COMPRESSION=off.
 */
export const COMPRESSED_FROM_BYTES = 16_384;
/** Level of brotli: as fast as gzip, and a fifth smaller. */
const BROTLI_QUALITY = 4;
const GZIP_LEVEL = 5;

const toGzip = promisify(gzip);
const toBrotli = promisify(brotliCompress);

export type Encoding = 'br' | 'gzip';

/** The encoding that an answer of that length is sent in; undefined for none. */
export function encodingFor(headers: IncomingHttpHeaders, body: Buffer): Encoding | undefined {
  const accepted = headers['accept-encoding'];
  if (body.length < COMPRESSED_FROM_BYTES || accepted === undefined) return undefined;
  const [best] = new Negotiator({ headers: { 'accept-encoding': accepted } }).encodings(['br', 'gzip', 'identity']);
  return best === 'br' || best === 'gzip' ? best : undefined;
}

/** Compresses on a thread of Node's pool. */
export async function compress(body: Buffer, encoding: Encoding): Promise<Buffer> {
  if (encoding === 'gzip') return toGzip(body, { level: GZIP_LEVEL });
  return toBrotli(body, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } });
}
