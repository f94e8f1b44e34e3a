import fastify, { type FastifyInstance } from 'fastify';
import { EMPTY_ROOT, isConsistent } from '../merkle.ts';
import { hexOf, readCheckpoint, type Checkpoint } from '../tree/checkpoint.ts';
import { cosign, isSignedBy, readNote, type NoteSigner, type NoteVerifier, type SignedNote } from '../tree/note.ts';
import type { WitnessState } from './state.ts';

export interface WitnessParts {
  readonly signer: NoteSigner;
  /** Logs that are witnessed; the name of each is its origin. */
  readonly logs: readonly NoteVerifier[];
  readonly state: WitnessState;
  readonly clock: () => number;
}

interface Answered {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
}

const BODY_BYTES_MAX = 16_384;
/** Hashes of a consistency proof (c2sp.org/tlog-witness). */
const PROOF_HASHES_MAX = 63;

/**
 * A witness (c2sp.org/tlog-witness): co-signs a checkpoint only when it continues what it co-signed before, and remembers it before it
 * answers. Whoever holds two co-signed checkpoints of one log holds two states of one history.
 */
export function createWitnessServer(parts: WitnessParts): FastifyInstance {
  const app = fastify({ logger: false, bodyLimit: BODY_BYTES_MAX });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  // One after the other: two requests must not both find the old state.
  let last: Promise<unknown> = Promise.resolve();
  app.post('/add-checkpoint', async (request, reply) => {
    const answering = last.then(async () => addCheckpoint(typeof request.body === 'string' ? request.body : '', parts));
    last = answering.catch(() => undefined);
    const { status, body, type = 'text/plain; charset=utf-8' } = await answering;
    return reply.code(status).type(type).send(body);
  });
  app.get('/health/live', async () => ({ status: 'live' }));
  return app;
}

async function addCheckpoint(body: string, { signer, logs, state, clock }: WitnessParts): Promise<Answered> {
  const asked = readRequest(body);
  if (asked === undefined) return { status: 400, body: 'The request is not that of add-checkpoint.\n' };
  const { old, proof, note, checkpoint } = asked;
  const log = logs.find(({ name }) => name === checkpoint.origin);
  if (log === undefined) return { status: 404, body: 'This log is not witnessed here.\n' };
  if (!isSignedBy(note, log)) return { status: 403, body: 'The checkpoint is not signed with the key of its log.\n' };
  if (old > checkpoint.size) return { status: 400, body: 'The old size is larger than the new.\n' };
  const seen = state.get(checkpoint.origin) ?? { size: 0, root: EMPTY_ROOT, note: '' };
  const conflict = { status: 409, body: `${seen.size}\n`, type: 'text/x.tlog.size' };
  if (old !== seen.size) return conflict;
  if (old === checkpoint.size && checkpoint.root !== seen.root) return conflict;
  if (!isConsistent(seen, checkpoint, proof)) return { status: 422, body: 'The proof does not show that it continues what was seen.\n' };
  const line = cosign(note.text, signer, Math.floor(clock() / 1000));
  await state.set(checkpoint.origin, { size: checkpoint.size, root: checkpoint.root, note: `${asked.noteText}${line}` });
  return { status: 200, body: line };
}

interface Asked {
  readonly old: number;
  readonly proof: readonly string[];
  readonly note: SignedNote;
  readonly noteText: string;
  readonly checkpoint: Checkpoint;
}

/** `old N`, the proof's hashes in base64, a blank line, the note. */
function readRequest(body: string): Asked | undefined {
  const at = body.indexOf('\n\n');
  if (at < 0) return undefined;
  const [first = '', ...lines] = body.slice(0, at).split('\n');
  const old = /^old (0|[1-9]\d{0,14})$/.exec(first)?.[1];
  const proof = lines.map(hexOf);
  const noteText = body.slice(at + 2);
  const note = readNote(noteText);
  const checkpoint = note && readCheckpoint(note.text);
  if (old === undefined || proof.length > PROOF_HASHES_MAX || !note || !checkpoint) return undefined;
  const hashes = proof.filter((hash) => hash !== undefined);
  return hashes.length < proof.length ? undefined : { old: Number(old), proof: hashes, note, noteText, checkpoint };
}
