import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';

/** What a witness saw last of each log, by origin. */
export interface Seen {
  readonly size: number;
  /** Hex. */
  readonly root: string;
  /** The note as it was co-signed. */
  readonly note: string;
}

const STATE = z.record(z.string(), z.strictObject({ size: z.int().min(0), root: z.string().regex(/^[0-9a-f]{64}$/), note: z.string() }));

export interface WitnessState {
  readonly get: (origin: string) => Seen | undefined;
  /** Durable when it resolves. */
  readonly set: (origin: string, seen: Seen) => Promise<void>;
}

/** Opens the witness's memory. Rejects where it was damaged: a witness that forgets co-signs anything. */
export async function openState(file: string): Promise<WitnessState> {
  const seen = new Map(Object.entries(await read(file)));
  return {
    get: (origin) => seen.get(origin),
    async set(origin, value) {
      await write(file, JSON.stringify(Object.fromEntries([...seen, [origin, value]])));
      seen.set(origin, value);
    },
  };
}

async function read(file: string): Promise<z.infer<typeof STATE>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
  try {
    return STATE.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`The state in ${file} cannot be read. Restore it from a copy: a witness that forgets co-signs anything.`, { cause });
  }
}

/** Renamed when whole and on disk, so that neither a kill nor a power cut leaves half of it. */
async function write(file: string, text: string): Promise<void> {
  const unfinished = `${file}.new`;
  const handle = await open(unfinished, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(unfinished, file);
  const directory = await open(dirname(file), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
