import { createServer, type Server, type Socket } from 'node:net';

/** What a request may hold. The work's largest is 2 kB; the bound is for mistakes. */
const HEAD_BYTES_MAX = 32_768;
const BODY_BYTES_MAX = 1_048_576;

/** The bytes of a JSON body as a string with one character for each byte (Latin-1): its length is the content length and writing it is a copy. */
export type Bytes = string;

export function bytesOf(text: string): Bytes {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/**
 * HTTP/1.1 (RFC 9112) as far as gateways use it towards a subgraph: POST with a content length or in chunks, kept connections, pipelining.
 * Node's own server costs four times the CPU, and a subgraph that is busier than the gateway would hide the gateway. `answer` gives
 * the body for a body, synchronously.
 */
export function createCannedServer(answer: (body: string) => Bytes): Server {
  const server = createServer({ noDelay: true }, (socket) => {
    let pending: Buffer | undefined;
    socket.on('data', (chunk: Buffer) => {
      pending = serve(socket, pending === undefined ? chunk : Buffer.concat([pending, chunk]), answer);
    });
    // A gateway that is stopped drops its connections.
    socket.on('error', () => socket.destroy());
  });
  return server;
}

/** Answers every whole request in the buffer with one write and gives back what is left of it. */
function serve(socket: Socket, buffer: Buffer, answer: (body: string) => Bytes): Buffer | undefined {
  let out = '';
  let at = 0;
  while (at < buffer.length) {
    const read = readRequest(buffer, at);
    if (read === 'incomplete') break;
    if (read === 'refused') {
      socket.end(`${out}${response('400 Bad Request', '{"errors":[{"message":"Not a request that is served here."}]}')}`, 'latin1');
      return undefined;
    }
    out += response('200 OK', answer(read.body));
    at = read.end;
    if (read.last) {
      socket.end(out, 'latin1');
      return undefined;
    }
  }
  if (out !== '') socket.write(out, 'latin1');
  return at === buffer.length ? undefined : buffer.subarray(at);
}

function response(status: string, body: Bytes): Bytes {
  return `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

interface ReadRequest {
  readonly body: string;
  /** Where the next request begins. */
  readonly end: number;
  /** The client wants the connection closed. */
  readonly last: boolean;
}

const CONTENT_LENGTH = /\r\ncontent-length:[ \t]*(\d+)/i;
const CHUNKED = /\r\ntransfer-encoding:[ \t]*chunked/i;
const CLOSE = /\r\nconnection:[ \t]*close/i;

function readRequest(buffer: Buffer, start: number): ReadRequest | 'incomplete' | 'refused' {
  const headEnd = buffer.indexOf('\r\n\r\n', start, 'latin1');
  if (headEnd === -1) return buffer.length - start > HEAD_BYTES_MAX ? 'refused' : 'incomplete';
  const head = buffer.toString('latin1', start, headEnd);
  if (!head.startsWith('POST ')) return 'refused';
  const bodyStart = headEnd + 4;
  const last = CLOSE.test(head);
  const length = CONTENT_LENGTH.exec(head)?.[1];
  if (length !== undefined) {
    const end = bodyStart + Number(length);
    if (end - bodyStart > BODY_BYTES_MAX) return 'refused';
    return end > buffer.length ? 'incomplete' : { body: buffer.toString('utf8', bodyStart, end), end, last };
  }
  if (!CHUNKED.test(head)) return 'refused';
  const read = readChunks(buffer, bodyStart);
  return typeof read === 'string' ? read : { ...read, last };
}

/** A chunked body (RFC 9112, section 7.1), without trailer fields. */
function readChunks(buffer: Buffer, start: number): { readonly body: string; readonly end: number } | 'incomplete' | 'refused' {
  const chunks: Buffer[] = [];
  let at = start;
  for (;;) {
    const lineEnd = buffer.indexOf('\r\n', at, 'latin1');
    if (lineEnd === -1) return 'incomplete';
    const size = Number.parseInt(buffer.toString('latin1', at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (Number.isNaN(size) || next - start > BODY_BYTES_MAX) return 'refused';
    if (next > buffer.length) return 'incomplete';
    if (size === 0) return { body: Buffer.concat(chunks).toString('utf8'), end: next };
    chunks.push(buffer.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = next;
  }
}
