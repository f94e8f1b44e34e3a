import { CITIZEN_SUBGRAPH } from '../../gateway/citizen/subgraph.ts';
import { SUBGRAPH_NAMES } from '../../gateway/config.ts';
import { loadRegistry, type LoadedRegistry } from '../../gateway/policy/registry-load.ts';
import { text } from '../house/markdown.ts';

/** The registry that ships with the project. */
export const SHIPPED_REGISTRY: LoadedRegistry = shippedRegistry();

function shippedRegistry(): LoadedRegistry {
  const { registry } = loadRegistry(text('policies/registry.yaml'), [...SUBGRAPH_NAMES, CITIZEN_SUBGRAPH]);
  if (registry === undefined) throw new Error('The shipped registry has an error.');
  return registry;
}

export const SHIPPED_SUBGRAPHS: readonly string[] = [...SUBGRAPH_NAMES, CITIZEN_SUBGRAPH];
export const SHIPPED_REGISTRY_TEXT: string = text('policies/registry.yaml');
