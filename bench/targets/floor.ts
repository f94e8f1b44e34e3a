import { join } from 'node:path';
import type { Target } from './target.ts';

export const floor: Target = {
  name: 'floor',
  title: 'Hand-written floor',
  what: 'no GraphQL: knows the three documents by their text, calls the four subgraphs at once, parses, merges, serialises',
  launch: async ({ port, subgraphUrls }) => ({
    command: process.execPath,
    args: [join(import.meta.dirname, 'floor.launch.ts')],
    environment: { PORT: String(port), BENCH_SUBGRAPH_URLS: JSON.stringify(subgraphUrls) },
  }),
};
