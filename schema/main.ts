import { fileURLToPath } from 'node:url';
import { ComposeError } from './compose.ts';
import { checkSnapshots, writeSnapshots, type Outcome } from './snapshots.ts';

// node entry.mjs schema/main.ts write|check [--accept-breaking]

const directories = {
  // What the gateway tells citizens itself is a subgraph like the others.
  subgraphs: ['../subgraphs', '../gateway'].map((path) => fileURLToPath(new URL(path, import.meta.url))),
  snapshots: fileURLToPath(new URL('.', import.meta.url)),
  cedarSchema: fileURLToPath(new URL('../policies/schema.cedarschema', import.meta.url)),
  policies: fileURLToPath(new URL('../policies', import.meta.url)),
};

const outcome = run(process.argv.slice(2));
process[outcome.failed ? 'stderr' : 'stdout'].write(`${outcome.lines.join('\n')}\n`);
process.exitCode = outcome.failed ? 1 : 0;

function run(words: readonly string[]): Outcome {
  const [command, ...options] = words;
  const acceptBreaking = options.includes('--accept-breaking');
  try {
    if (command === 'write' && options.length === (acceptBreaking ? 1 : 0)) return writeSnapshots(directories, acceptBreaking);
    if (command === 'check' && options.length === 0) return checkSnapshots(directories);
  } catch (error) {
    if (!(error instanceof ComposeError)) throw error;
    const what = 'The graph does not compose. Correct the SDL of the subgraphs named:';
    return { failed: true, lines: [what, ...error.message.split('\n')] };
  }
  return { failed: true, lines: ['Usage: node entry.mjs schema/main.ts write [--accept-breaking] | check'] };
}
