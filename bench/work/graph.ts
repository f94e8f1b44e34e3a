import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { composeServices } from '@apollo/composition';
import { Kind, parse, print, visit, type ConstDirectiveNode, type DocumentNode } from 'graphql';

/** The project's root. */
export const ROOT = join(import.meta.dirname, '..', '..');
export const SUPERGRAPH_FILE = join(ROOT, 'schema', 'supergraph.graphql');

export const SUBGRAPHS = ['residents', 'civil-status', 'health-insurance', 'education'] as const;
export type Subgraph = (typeof SUBGRAPHS)[number];
export type SubgraphUrls = Readonly<Record<Subgraph, string>>;

/** Directives of the federation specification that the registers use; all others are this project's own, which no other gateway knows. */
const FEDERATION_DIRECTIVES = new Set([
  'key',
  'external',
  'requires',
  'provides',
  'shareable',
  'inaccessible',
  'override',
  'tag',
  'deprecated',
]);
const FEDERATION_LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external", "@requires", "@inaccessible"])';

/** A register's SDL for any Federation 2 gateway: our own SDL without our own directives. */
export function federation2Sdl(subgraph: Subgraph): string {
  return `${FEDERATION_LINK}\n\n${print(withoutOwnDirectives(subgraph))}\n`;
}

/**
 * The same for a gateway of Federation 1, where one subgraph owns an entity and the others extend it, and types of the same name are the
 * same everywhere.
 */
export function federation1Sdl(subgraph: Subgraph): string {
  const document = withoutOwnDirectives(subgraph);
  if (subgraph === 'residents') return print(document);
  const external: ConstDirectiveNode = { kind: Kind.DIRECTIVE, name: { kind: Kind.NAME, value: 'external' } };
  const extended = visit(document, {
    ObjectTypeDefinition: (node) => {
      if (node.name.value !== 'Resident') return undefined;
      const { description: _, ...rest } = node;
      const fields = node.fields?.map((field) => (field.name.value === 'idNumber' ? { ...field, directives: [external] } : field));
      return { ...rest, kind: Kind.OBJECT_TYPE_EXTENSION, ...(fields && { fields }) };
    },
  });
  return print(extended);
}

/** The supergraph for every peer that takes one: composed from the same SDL by Apollo's composition, with the addresses to call. */
export function composePeerSupergraph(urls: SubgraphUrls): string {
  const services = SUBGRAPHS.map((name) => ({ name, url: urls[name], typeDefs: parse(federation2Sdl(name)) }));
  const { supergraphSdl, errors } = composeServices(services);
  if (supergraphSdl === undefined) throw new Error(`The graph does not compose without our directives: ${errors?.[0]?.message}`);
  return supergraphSdl;
}

function withoutOwnDirectives(subgraph: Subgraph): DocumentNode {
  const sdl = readFileSync(join(ROOT, 'subgraphs', subgraph, 'schema.graphql'), 'utf8');
  return visit(parse(sdl, { noLocation: true }), {
    Directive: (node) => (FEDERATION_DIRECTIVES.has(node.name.value) ? undefined : null),
  });
}

/** Whether the graph has grown a subgraph that the bench does not know. */
export function unknownSubgraphs(): readonly string[] {
  const known = new Set<string>(SUBGRAPHS);
  const folders = readdirSync(join(ROOT, 'subgraphs'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders
    .map(({ name }) => name)
    .filter((name) => !known.has(name) && readdirSync(join(ROOT, 'subgraphs', name)).includes('schema.graphql'));
}
