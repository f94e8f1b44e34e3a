// Runs a TypeScript entry file on the project's own Node. TypeScript without a build step needs Node 24 or later, so a machine whose
// Node is older, and that installed with --omit=optional, gets a sentence instead of a syntax error.
import module from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

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
// Halves the start of the command line. Beside the packages, where only their owner writes, and not where Node would put it, in a folder for
// temporary files that others write to; where it cannot be written there is none.
module.enableCompileCache(join(import.meta.dirname, 'node_modules', '.cache', 'node'));

const file = resolve(entry);
process.argv = [process.argv[0], file, ...rest];
await import(pathToFileURL(file).href);
