import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BUILT_IN_LEVELS } from './lattice.ts';
import { NO_TREES, readTrees, type Trees } from './trees.ts';

/** The file of trees in a directory of policies; the other files beside it are analyses. */
const LATTICES_FILE = 'analyses/lattices.yaml';

/** Reads the trees of a directory of policies; none where there is no such file. Rejects with sentences when there is something wrong with it. */
export async function loadTrees(policiesDirectory: string): Promise<Trees> {
  let text: string;
  try {
    text = await readFile(join(policiesDirectory, LATTICES_FILE), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return NO_TREES;
    throw error;
  }
  return readTrees(text, BUILT_IN_LEVELS, LATTICES_FILE);
}
