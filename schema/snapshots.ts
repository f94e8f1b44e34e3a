import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cedarSchemaOf } from '../gateway/policy/cedar-schema.ts';
import { compareApi } from './breaking.ts';
import { brokenDocuments } from './documents.ts';
import { composeSupergraph, readSubgraphs, type ComposedGraph } from './compose.ts';

const SUPERGRAPH = 'supergraph.graphql';
const API = 'api.graphql';

/** Where the parts lie. Both directories belong to the repository: what stands in `snapshots` is reviewed like code. */
export interface SchemaDirectories {
  readonly subgraphs: readonly string[];
  readonly snapshots: string;
  /** The Cedar schema, which follows from the graph and lies with the policies. */
  readonly cedarSchema: string;
  /** Holds the documents that are registered. */
  readonly policies: string;
}

/** What came of it, as sentences for the person at the terminal. `failed` means an exit status other than 0. */
export interface Outcome {
  readonly failed: boolean;
  readonly lines: readonly string[];
}

/** Composes and writes all snapshots; refuses, writing nothing, when clients' documents would break and that is not accepted. */
export function writeSnapshots(directories: SchemaDirectories, acceptBreaking: boolean): Outcome {
  const graph = composeSupergraph(readSubgraphs(directories.subgraphs));
  const api = join(directories.snapshots, API);
  const { breaking, dangerous } = existsSync(api) ? compareApi(readFileSync(api, 'utf8'), graph.apiSdl) : { breaking: [], dangerous: [] };
  const warnings = dangerous.map((change) => `May surprise clients: ${change}`);
  const breaks = [...breaking.map((change) => `Breaks clients: ${change}`), ...brokenDocuments(graph.apiSdl, directories.policies)];
  if (breaks.length > 0 && !acceptBreaking) {
    const refusal =
      'Nothing was written. Keep what clients use, beside the new and with @deprecated; if nobody uses it, run "npm run generate -- --accept-breaking".';
    return { failed: true, lines: [...breaks, ...warnings, refusal] };
  }
  const written = files(graph, directories).flatMap(([file, text]) => {
    if (existsSync(file) && readFileSync(file, 'utf8') === text) return [];
    writeFileSync(file, text);
    return [`Wrote ${file}. Review the difference before it is committed.`];
  });
  return { failed: false, lines: [...breaks, ...warnings, ...(written.length > 0 ? written : ['The snapshots are up to date.'])] };
}

/** Composes again and compares with the snapshots, byte for byte. */
export function checkSnapshots(directories: SchemaDirectories): Outcome {
  const graph = composeSupergraph(readSubgraphs(directories.subgraphs));
  const stale = files(graph, directories).flatMap(([file, text]) => {
    if (!existsSync(file)) return [`${file} is not there.`];
    const before = readFileSync(file, 'utf8');
    if (before === text) return [];
    const line = text.split('\n').findIndex((content, index) => content !== before.split('\n')[index]) + 1;
    return [`${file} is not what the subgraphs compose to, from line ${line} on.`];
  });
  const broken = brokenDocuments(graph.apiSdl, directories.policies);
  if (broken.length > 0) {
    return { failed: true, lines: [...broken, 'Keep what approved documents use, or have others approved and take these files away.'] };
  }
  if (stale.length === 0) return { failed: false, lines: ['The snapshots are what the subgraphs compose to.'] };
  return { failed: true, lines: [...stale, 'Run "npm run generate" and review the difference before it is committed.'] };
}

function files(graph: ComposedGraph, directories: SchemaDirectories): readonly (readonly [string, string])[] {
  return [
    [join(directories.snapshots, SUPERGRAPH), graph.supergraphSdl],
    [join(directories.snapshots, API), graph.apiSdl],
    [directories.cedarSchema, cedarSchemaOf(graph.supergraphSdl)],
  ];
}
