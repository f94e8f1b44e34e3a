import { readFile } from 'node:fs/promises';

/** The text of a file that the caller names. Rejects with a sentence, of which `hint` says what to name instead. */
export async function readGiven(file: string, hint = 'Name one that is there.'): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Error(`The file ${file} cannot be read. ${hint}`, { cause });
  });
}

/** Does what writes a file where the caller wants it. Rejects with a sentence where the system does not let it. */
export async function writeGiven<Result>(file: string, write: () => Promise<Result>): Promise<Result> {
  return write().catch((cause: unknown) => {
    throw new Error(`${file} cannot be written. Name a place in a folder that exists and may be written to.`, { cause });
  });
}
