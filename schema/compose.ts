import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { composeServices } from '@apollo/composition';
import { printSchema, ROUTER_SUPPORTED_SUPERGRAPH_FEATURES, Supergraph } from '@apollo/federation-internals';
import { GraphQLError, parse, type DocumentNode } from 'graphql';
import { classify } from '../platform/classification.ts';
import { kept } from './checks/kept.ts';
import { rulesSdl } from './checks/links.ts';
import { CHECKS } from './checks.ts';
import { readGraph, type Problem, type SubgraphSdl } from './graph.ts';

export interface ComposedGraph {
  /** For the gateway: with the routing (`@join__…`) and the rules. Addresses in it are placeholders, the gateway's configuration has the real ones. */
  readonly supergraphSdl: string;
  /** What clients see: no federation, no rules, descriptions kept. */
  readonly apiSdl: string;
}

/** Everything that keeps the graph from being composed, one sentence a line. */
export class ComposeError extends Error {
  override readonly name = 'ComposeError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(({ rule, message }) => `${message} [${rule}]`).join('\n'));
    this.problems = problems;
  }
}

/**
 * Composes subgraphs (Apollo Federation 2) once every rule of schema/checks.ts holds. Each `sdl` is whole: it begins with
 * schema/directives.graphql. Throws ComposeError with all problems at once.
 */
export function composeSupergraph(subgraphs: readonly SubgraphSdl[]): ComposedGraph {
  const unreadable: Problem[] = [];
  const services = subgraphs.flatMap(({ name, url, sdl }) => {
    const typeDefs = parseSdl(name, sdl, unreadable);
    return typeDefs === undefined ? [] : [{ name, url, typeDefs }];
  });
  if (unreadable.length > 0) throw new ComposeError(unreadable);

  const graph = readGraph(services.map(({ name, typeDefs }) => ({ name, document: typeDefs })));
  const problems = CHECKS.flatMap((check) => check(graph));
  const composed = composeServices(services);
  if (composed.errors !== undefined) throw new ComposeError([...problems, ...composed.errors.map(compositionProblem)]);
  if (problems.length > 0) throw new ComposeError(problems);

  const lost = kept(graph.classification, classify(parse(composed.supergraphSdl)));
  if (lost.length > 0) throw new ComposeError(lost);
  return { supergraphSdl: withNewline(composed.supergraphSdl), apiSdl: withNewline(apiSdlOf(composed.supergraphSdl)) };
}

/** The subgraphs of directories: one directory each, named after it, holding `schema.graphql` without the rules, which are put before it. */
export function readSubgraphs(directories: readonly string[]): readonly SubgraphSdl[] {
  return directories
    .flatMap((directory) =>
      readdirSync(directory, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && existsSync(join(directory, entry.name, 'schema.graphql')))
        .map(({ name }) => ({ name, file: join(directory, name, 'schema.graphql') })),
    )
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .map(({ name, file }) => ({ name, url: `http://${name}.invalid/graphql`, sdl: `${rulesSdl()}\n${readFileSync(file, 'utf8')}` }));
}

/** The API schema of a supergraph as SDL. */
export function apiSdlOf(supergraphSdl: string): string {
  return printSchema(Supergraph.build(supergraphSdl, { supportedFeatures: ROUTER_SUPPORTED_SUPERGRAPH_FEATURES }).apiSchema());
}

function parseSdl(subgraph: string, sdl: string, problems: Problem[]): DocumentNode | undefined {
  try {
    return parse(sdl);
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    const [at] = error.locations ?? [];
    const where = at === undefined ? '' : ` at line ${at.line}, column ${at.column} (rules included)`;
    const message = `${subgraph}: the SDL does not parse${where}. ${error.message}`;
    problems.push({ rule: 'composition', coordinate: subgraph, message });
    return undefined;
  }
}

function compositionProblem(error: GraphQLError): Problem {
  const { code } = error.extensions;
  return { rule: 'composition', coordinate: typeof code === 'string' ? code : 'composition', message: error.message };
}

function withNewline(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}
