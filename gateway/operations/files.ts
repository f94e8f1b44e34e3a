import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readYaml } from '../policy/yaml-source.ts';
import { error, FILE_START, type Problem } from '../policy/problems.ts';
import { parseContent, type OperationContent } from './content.ts';

/** Folders of a policy directory that hold operations and analyses, a YAML file each. */
const OPERATION_FOLDERS = ['operations', 'analyses'] as const;
/** Files beside them that the engine reads and that are none. */
const NOT_OPERATIONS: ReadonlySet<string> = new Set(['lattices.yaml']);
const FILES_MAX = 500;

/** A file with what it holds, or what is wrong with it. */
export interface OperationFile {
  /** Name within the policy directory. */
  readonly file: string;
  readonly content: OperationContent | undefined;
  readonly problems: readonly Problem[];
}

/**
 * Reads the operations and analyses of a policy directory, in order of their names; none where it has no such folders. What is wrong in a file
 * is said with its place.
 */
export async function readOperationFiles(directory: string): Promise<readonly OperationFile[]> {
  const names: string[] = [];
  for (const folder of OPERATION_FOLDERS) {
    const inFolder = await readdir(join(directory, folder)).catch(() => []);
    names.push(...inFolder.filter((name) => /\.ya?ml$/.test(name) && !NOT_OPERATIONS.has(name)).map((name) => `${folder}/${name}`));
  }
  if (names.length > FILES_MAX) {
    return [
      { file: '.', content: undefined, problems: [error('.', FILE_START, `There are more than ${FILES_MAX} operations. Leave some out.`)] },
    ];
  }
  return Promise.all(names.toSorted().map(async (file) => readOperationFile(file, await readFile(join(directory, file), 'utf8'))));
}

/** Reads one file: the content as YAML. */
function readOperationFile(file: string, text: string): OperationFile {
  const { value, problems } = readYaml(file, text, z.record(z.string(), z.unknown()));
  if (value === undefined) return { file, content: undefined, problems };
  const content = parseContent(value);
  if ('kind' in content) return { file, content, problems: [] };
  return { file, content: undefined, problems: content.map((message) => error(file, FILE_START, message)) };
}
