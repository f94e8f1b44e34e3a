// Runs a TypeScript entry file on the project's own Node. TypeScript without a build step needs Node 24 or later, so a machine whose
// Node is older, and that installed with --omit=optional, gets a sentence instead of a syntax error.
import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';

const [major] = process.versions.node.split('.').map(Number);
if (major < 24) {
  process.stderr.write(
    `Liên Thông needs Node 24 or later and this is ${process.version}. ` +
      `Install with "npm ci" (not --omit=optional), which brings Node 26, and start by "npm start" or "npm run cli".\n`,
  );
  process.exit(1);
}

const [, , entry, ...rest] = process.argv;
if (entry === undefined) {
  process.stderr.write('Usage: node entry.mjs FILE.ts [arguments]\n');
  process.exit(2);
}
const file = resolve(entry);
process.argv = [process.argv[0], file, ...rest];
await import(pathToFileURL(file).href);
