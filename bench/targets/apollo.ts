import { join } from 'node:path';
import type { Target } from './target.ts';

export const apollo: Target = {
  name: 'apollo',
  title: 'Apollo Gateway',
  what: '@apollo/server with @apollo/gateway and its default fetcher',
  package: '@apollo/gateway',
  launch: async ({ port, peerSupergraphFile }) => ({
    command: process.execPath,
    args: [join(import.meta.dirname, 'apollo.launch.ts')],
    environment: { PORT: String(port), SUPERGRAPH: peerSupergraphFile, DATA_SOURCE: 'default' },
    path: '/',
  }),
};
