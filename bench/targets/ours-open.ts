import { join } from 'node:path';
import { ROOT, SUPERGRAPH_FILE } from '../work/graph.ts';
import type { Target } from './target.ts';

export const oursOpen: Target = {
  name: 'ours-open',
  title: 'Liên Thông --open',
  what: 'no policies, no grants, no records',
  launch: async ({ port, subgraphUrls }) => ({
    command: process.execPath,
    args: [join(ROOT, 'gateway', 'main.ts'), '--open', '--supergraph', SUPERGRAPH_FILE, '--port', String(port)],
    environment: {
      SUBGRAPH_URLS: Object.entries(subgraphUrls)
        .map(([name, url]) => `${name}=${url}`)
        .join(','),
    },
  }),
};
