import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { error, FILE_START, type Problem } from './problems.ts';

/**
 * The rules as files, by name: `<agency>.cedar` and `cases/<agency>.yaml`. That is a policy version: who is connected (registry.yaml) is
 * administered apart, and the Cedar schema follows from the graph.
 */
export type PolicyFiles = ReadonlyMap<string, Buffer>;

/** Bounds of one version, so that no draft can keep a gateway from answering. */
export const FILES_MAX = 400;
const FILE_BYTES_MAX = 262_144;
const FILES_BYTES_MAX = 2_097_152;
export const POLICIES_MAX = 3_000;

const RULES = /^[a-z0-9][a-z0-9._-]{0,99}\.cedar$/i;
const CASES = /^cases\/[a-z0-9][a-z0-9._-]{0,99}\.ya?ml$/i;

/** Whether a name is that of a file of rules or of cases. */
export function isPolicyFile(name: string): boolean {
  return RULES.test(name) || CASES.test(name);
}

/** What a directory's version is made of: also files whose names are refused, since a rule that is passed over would be no rule. */
function isOfVersion(name: string): boolean {
  return name.startsWith('cases/') ? /\.ya?ml$/.test(name) : name.endsWith('.cedar');
}

/** Reads the files of a version from a directory, in order of names. Rejects when the directory cannot be read. */
export async function readPolicyFiles(directory: string): Promise<PolicyFiles> {
  const cases = await readdir(join(directory, 'cases')).catch(() => []);
  const names = [...(await readdir(directory)), ...cases.map((name) => `cases/${name}`)].filter(isOfVersion).sort();
  return new Map(await Promise.all(names.map(async (name): Promise<[string, Buffer]> => [name, await readFile(join(directory, name))])));
}

/** Content address of a version: `sha256:` over the names and bytes of its files. */
export function contentVersion(files: PolicyFiles): string {
  const listed = [...files].map(([name, bytes]) => [name, digest(bytes)]).sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
  return `sha256:${digest(JSON.stringify(listed))}`;
}

/** What keeps files from being a version at all, before anything in them is read. */
export function boundProblems(files: PolicyFiles): readonly Problem[] {
  const problems = [...files].flatMap(([name, bytes]) => {
    if (!isPolicyFile(name))
      return [error(name, FILE_START, 'Rules are files like bank.cedar, cases files like cases/bank.yaml. Rename it.')];
    return bytes.length > FILE_BYTES_MAX ? [error(name, FILE_START, `The file is larger than ${FILE_BYTES_MAX} bytes. Split it.`)] : [];
  });
  const total = files.values().reduce((sum, bytes) => sum + bytes.length, 0);
  if (files.size > FILES_MAX) problems.push(error('.', FILE_START, `There are more than ${FILES_MAX} files. Join some.`));
  if (total > FILES_BYTES_MAX)
    problems.push(error('.', FILE_START, `The files are larger than ${FILES_BYTES_MAX} bytes together. Leave some out.`));
  return problems;
}

function digest(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
