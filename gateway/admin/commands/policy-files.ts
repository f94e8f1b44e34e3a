import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { isPolicyFile, readPolicyFiles } from '../../policy/policy-files.ts';
import { REGISTRY_FILE } from '../../policy/registry-load.ts';
import { callAdmin } from '../client.ts';
import { writeGiven } from '../command-files.ts';
import type { CommandSettings } from '../command-settings.ts';

/** Names the version that a directory was exported from: a draft from it begins there. */
export const BASE_FILE = '.policy-version';

interface Files {
  readonly version: string | null;
  readonly refusal: { readonly message: string } | null;
  readonly files: readonly { readonly name: string; readonly text: string }[];
  readonly context: readonly { readonly name: string; readonly text: string }[];
}

/**
 * Writes a version, the active one unless named, to a directory as it was drafted, byte for byte, with the Cedar schema to read it by, and the
 * registry where the directory has none. Rules and cases in the directory that the version has not are removed: what is left is the version.
 */
export async function policyExport(
  settings: CommandSettings,
  { to, version, json }: { readonly to: string; readonly version?: string; readonly json?: true },
): Promise<void> {
  const query = `query ($version: String) { policyFiles(version: $version) { version refusal { message } files { name text } context { name text } } }`;
  const { policyFiles } = await callAdmin<{ policyFiles: Files }>(settings, query, { version });
  if (policyFiles.version === null) throw new Error(policyFiles.refusal?.message ?? 'There is no such version.');
  const kept = new Set(policyFiles.files.map(({ name }) => name));
  const before = await readPolicyFiles(to).catch(() => new Map<string, Buffer>());
  const removed = [...before.keys()].filter((name) => !kept.has(name));
  for (const name of removed) await rm(join(to, name));
  const written: string[] = [];
  for (const { name, text } of [...policyFiles.files, ...policyFiles.context, { name: BASE_FILE, text: `${policyFiles.version}\n` }]) {
    // Names come from the gateway; nothing is written anywhere else.
    if (!isPolicyFile(name) && !CONTEXT.has(name))
      throw new Error('The gateway names a file that is none of rules. Nothing more is written.');
    const file = join(to, name);
    const there = await readFile(file, 'utf8').catch(() => undefined);
    // Who is connected is administered apart: a registry that people keep in the directory stays theirs.
    if (there === text || (name === REGISTRY_FILE && there !== undefined)) continue;
    await writeGiven(file, async () => {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, name === REGISTRY_FILE ? stringify(parse(text)) : text);
    });
    written.push(name);
  }
  const said = `${policyFiles.version}: ${written.length} files written, ${removed.length} removed, ${kept.size + CONTEXT.size - written.length} as they were.`;
  settings.output.write(`${json === true ? JSON.stringify({ version: policyFiles.version, written, removed }) : said}\n`);
}

const CONTEXT: ReadonlySet<string> = new Set([REGISTRY_FILE, 'schema.cedarschema', BASE_FILE]);
