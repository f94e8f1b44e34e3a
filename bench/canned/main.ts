import type { AddressInfo } from 'node:net';
import { SUBGRAPHS } from '../work/graph.ts';
import { createCannedServer } from './http.ts';
import { createReplies } from './replies.ts';

// Entry file of the canned subgraphs: all four in one process, each on a free port. Prints their addresses as one line of JSON.

const urls: Record<string, string> = {};
for (const subgraph of SUBGRAPHS) {
  const server = createCannedServer(createReplies(subgraph));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', 1_024, resolve);
  });
  urls[subgraph] = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
}
process.stdout.write(`${JSON.stringify(urls)}\n`);
