import { join } from 'node:path';
import { SUBGRAPH_CONNECTIONS_MAX, type Target } from './target.ts';

export const mercurius: Target = {
  name: 'mercurius',
  title: 'mercurius gateway',
  what: '@mercuriusjs/gateway (Federation 1) with compiled queries',
  package: '@mercuriusjs/gateway',
  isPeerPackage: true,
  launch: async ({ port, subgraphUrls }) => ({
    command: process.execPath,
    args: [join(import.meta.dirname, '..', 'peers', 'mercurius.mjs')],
    environment: {
      PORT: String(port),
      BENCH_SUBGRAPH_URLS: JSON.stringify(subgraphUrls),
      SUBGRAPH_CONNECTIONS_MAX: String(SUBGRAPH_CONNECTIONS_MAX),
    },
  }),
};
