import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { postgresAnswers } from './test/e2e/test-database.ts';

// The same end-to-end files run on embedded databases and, where a server answers, on real PostgreSQL. CI demands the server
// (REQUIRE_POSTGRES=1); a newcomer's machine need not have one.
const endToEnd = { include: ['test/e2e/**/*.test.ts'] };

// Time-outs end what hangs, on a machine that does ten other things too, and measure nothing.
const all = {
  testTimeout: 240_000,
  hookTimeout: 240_000,
  expect: { poll: { timeout: 60_000 } },
  setupFiles: 'test/properties.ts',
};

// Vite takes graphql's ES build by its field "module"; Node takes the CommonJS one, which every dependency has too. Two copies of
// graphql refuse each other's types, so the tests get Node's.
const resolve = { alias: [{ find: /^graphql$/, replacement: createRequire(import.meta.url).resolve('graphql') }] };

export default defineConfig({
  test: {
    // All of them: without it Vitest leaves one aside, which of two is half.
    maxWorkers: availableParallelism(),
    // Nothing here replaces modules or keeps state in them, and a gateway's modules take seconds to load and to be compiled.
    isolate: false,
    projects: [
      {
        resolve,
        test: { ...all, name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/e2e/**'] },
      },
      { resolve, test: { ...all, ...endToEnd, name: 'embedded', globalSetup: 'test/e2e/setup-embedded.ts' } },
      ...((await postgresAnswers())
        ? [{ resolve, test: { ...all, ...endToEnd, name: 'postgres', globalSetup: 'test/e2e/setup-postgres.ts' } }]
        : []),
    ],
  },
});
