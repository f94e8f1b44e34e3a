import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

// npm run check: everything that a change must satisfy besides the tests. Runs all of it, so that one run tells everything there is to mend.

interface Step {
  readonly name: string;
  /** Arguments of Node, from the root: the project's own runtime runs its tools too. */
  readonly run: readonly string[];
  /** What to do when it fails. */
  readonly mend: string;
}

const STEPS: readonly Step[] = [
  {
    name: 'format',
    run: ['node_modules/oxfmt/bin/oxfmt', '--check', '.'],
    mend: 'Run "npm run format".',
  },
  {
    name: 'lint',
    run: ['node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings', '.'],
    mend: 'Correct the lines named. A rule is switched off for one line only, with the reason beside it.',
  },
  {
    name: 'types',
    run: ['node_modules/typescript/bin/tsc', '--noEmit', '--project', '.'],
    mend: 'Correct the types at the lines named.',
  },
  {
    name: 'schema',
    run: ['entry.mjs', 'schema/main.ts', 'check'],
    mend: 'Correct the SDL, or run "npm run generate" and review the difference.',
  },
  {
    name: 'permissions',
    run: ['entry.mjs', 'gateway/admin/permissions-main.ts', 'check'],
    mend: 'Run "npm run generate" and review the difference.',
  },
  {
    name: 'policies',
    run: ['entry.mjs', 'gateway/admin/cli.ts', 'policy', 'check', 'policies'],
    mend: 'Correct the policies, the registry or the cases at the lines named.',
  },
];

const root = fileURLToPath(new URL('..', import.meta.url));
const failed: Step[] = [];
for (const step of STEPS) {
  const startedMs = performance.now();
  const { passed, output } = await run(step);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  process.stdout.write(`${passed ? 'ok    ' : 'FAILED'} ${step.name} (${seconds} s)\n`);
  if (passed) continue;
  failed.push(step);
  process.stdout.write(`\n${output.trim()}\n\n`);
}
for (const { name, mend } of failed) process.stdout.write(`${name} failed. ${mend}\n`);
process.exitCode = failed.length > 0 ? 1 : 0;

async function run(step: Step): Promise<{ readonly passed: boolean; readonly output: string }> {
  const child = spawn(process.execPath, step.run, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve) => {
    child.once('error', ({ message }) => resolve({ passed: false, output: message }));
    child.once('close', (status) => resolve({ passed: status === 0, output: Buffer.concat(chunks).toString('utf8') }));
  });
}
