import { join } from 'node:path';
import type { Target } from './target.ts';

const PEERS = join(import.meta.dirname, '..', 'peers');

export const hive: Target = {
  name: 'hive',
  title: 'Hive Gateway',
  what: '@graphql-hive/gateway by its command line, its JavaScript planner, one worker',
  package: '@graphql-hive/gateway',
  isPeerPackage: true,
  launch: async ({ port, peerSupergraphFile }) => ({
    command: process.execPath,
    args: [
      join(PEERS, 'node_modules', '@graphql-hive', 'gateway', 'dist', 'bin.js'),
      'supergraph',
      peerSupergraphFile,
      '--config-path',
      join(PEERS, 'hive.config.mjs'),
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--fork',
      '1',
    ],
  }),
};
