import { join } from 'node:path';
import type { Target } from './target.ts';

export const apolloUndici: Target = {
  name: 'apollo-undici',
  title: 'Apollo Gateway, undici',
  what: 'the same with a data source of its own on pooled undici connections',
  package: '@apollo/gateway',
  launch: async ({ port, peerSupergraphFile }) => ({
    command: process.execPath,
    args: [join(import.meta.dirname, 'apollo.launch.ts')],
    environment: { PORT: String(port), SUPERGRAPH: peerSupergraphFile, DATA_SOURCE: 'undici' },
    path: '/',
  }),
};
