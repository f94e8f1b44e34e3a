import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema, parse, validate } from 'graphql';
import { parse as parseYaml } from 'yaml';

/** Folders of the policy directory whose files hold documents that were, or will be, approved. */
const FOLDERS = ['operations', 'analyses'] as const;

/**
 * The registered documents that an API schema does not take, one sentence for each thing that is wrong. They run by their ids for as long as they are
 * approved, so a change of the graph must not break them unseen. Files without a document are none of ours.
 */
export function brokenDocuments(apiSdl: string, policies: string): readonly string[] {
  const schema = buildSchema(apiSdl);
  return FOLDERS.flatMap((folder) =>
    filesIn(join(policies, folder)).flatMap((name) => {
      const document = documentIn(readFileSync(join(policies, folder, name), 'utf8'));
      if (document === undefined) return [];
      return wrongIn(document, schema).map((message) => `Breaks ${folder}/${name}: ${message}`);
    }),
  );
}

function filesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
      .filter((name) => /\.ya?ml$/.test(name))
      .toSorted();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function documentIn(text: string): string | undefined {
  const content: unknown = parseYaml(text);
  const document = typeof content === 'object' && content !== null && 'document' in content ? content.document : undefined;
  return typeof document === 'string' ? document : undefined;
}

function wrongIn(document: string, schema: ReturnType<typeof buildSchema>): readonly string[] {
  try {
    return validate(schema, parse(document)).map(({ message }) => message);
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}
