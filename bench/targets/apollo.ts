import { join } from 'node:path';
import type { Launch, Target, TargetContext } from './target.ts';

export const apollo: Target = {
  name: 'apollo',
  title: 'Apollo Gateway',
  what: '@apollo/server with @apollo/gateway and its default fetcher',
  package: '@apollo/gateway',
  launch: async (context) => launchApollo(context, 'default'),
};

/** Starts Apollo's gateway with its own data source or with one on undici. */
export function launchApollo({ port, peerSupergraphFile }: TargetContext, dataSource: 'default' | 'undici'): Launch {
  return {
    command: process.execPath,
    args: [join(import.meta.dirname, 'apollo.launch.ts')],
    environment: { PORT: String(port), SUPERGRAPH: peerSupergraphFile, DATA_SOURCE: dataSource },
    path: '/',
  };
}
