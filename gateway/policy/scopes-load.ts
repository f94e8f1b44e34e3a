import { parse } from 'graphql';
import { readFile } from 'node:fs/promises';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import type { Classification } from '../../platform/classification.ts';
import type { Supergraph } from '../apollo.ts';
import type { Credentials, Policies } from './decision.ts';
import { fieldInputs } from './field-inputs.ts';
import { readDemands } from './scope-demands.ts';
import { credentialsFrom, scopePolicies } from './scopes.ts';

/** A supergraph's access directives, ready to decide by. */
export interface ScopeAccess {
  readonly policies: Policies;
  /** Credentials of a caller whose token has these scopes. */
  readonly credentials: (scopes: readonly string[]) => Credentials;
}

/**
 * Reads the access directives of a supergraph. `truths` says which policies of `@policy` hold. Throws with a sentence when there are none,
 * when one is not understood, or when the supergraph classifies personal data, which is served by policies and on the record.
 */
export function loadScopes(
  supergraph: Supergraph,
  { personal, subjects }: Classification,
  truths: ReadonlyMap<string, boolean>,
): ScopeAccess {
  if (personal.size > 0 || subjects.size > 0) {
    throw new Error('The supergraph classifies personal data (@personal, @subject). Serve it with --policies instead of --scopes.');
  }
  const demands = readDemands(parse(supergraph.sdl, { noLocation: true }), supergraph.directiveNames);
  if (demands.size === 0) {
    throw new Error(
      'The supergraph has no @authenticated, @requiresScopes or @policy, so that everything in it would be open. If it is meant to be, use --open.',
    );
  }
  const { supergraphSchema: schema, directiveNames } = supergraph;
  const inputs = fieldInputs(schema, directiveNames.context);
  return { policies: scopePolicies({ schema, demands, inputs, truths }), credentials: credentialsFrom(demands) };
}

/** Whether a supergraph links directives that are enforced under `--scopes` only. */
export function linksAccessDirectives({ directiveNames }: Supergraph): boolean {
  return (directiveNames.authenticated ?? directiveNames.requiresScopes ?? directiveNames.policy) !== undefined;
}

const truthsSchema = z.record(z.string(), z.boolean());

/**
 * Which policies of `@policy` hold: `name,name=false`, or the path of a `.yaml`, `.yml` or `.json` file that maps names to true or false.
 * Names with commas or equals signs need the file. Throws with a sentence.
 */
export async function readTruths(text: string | undefined): Promise<ReadonlyMap<string, boolean>> {
  if (text === undefined) return new Map();
  return new Map(/\.(?:ya?ml|json)$/.test(text) ? await truthsOfFile(text) : text.split(',').map(truthOf));
}

async function truthsOfFile(file: string): Promise<readonly (readonly [string, boolean])[]> {
  let content: string;
  try {
    content = await readFile(file, 'utf8');
  } catch (cause) {
    throw new Error(`The file ${file} of policies cannot be read. Give the path of a file that maps names to true or false.`, { cause });
  }
  const truths = truthsSchema.safeParse(parseYaml(content));
  if (!truths.success) throw new Error(`The file ${file} does not map names of policies to true or false.`);
  return Object.entries(truths.data);
}

function truthOf(pair: string): readonly [string, boolean] {
  const { name, truth = 'true' } = /^(?<name>[^=]+)(?:=(?<truth>true|false))?$/.exec(pair.trim())?.groups ?? {};
  if (name === undefined) throw new Error(`"${pair}" is no policy: write name, name=true or name=false, with commas between.`);
  return [name, truth === 'true'];
}
