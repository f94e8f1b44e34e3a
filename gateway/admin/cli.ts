import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { addAnalysisCommands } from './cli-analysis.ts';
import { CITIZENS_MAX } from './limits.ts';
import { addOperationCommands } from './cli-operation.ts';
import { addPolicyCommands } from './cli-policy.ts';
import { readCommandSettings, type CommandSettings } from './command-settings.ts';
import { oversightCommands } from './cli-oversight.ts';
import { ledgerCommands } from './cli-ledger.ts';
import { addRegistryCommands } from './registry-cli.ts';
import type { ConsentOptions } from './commands/consent.ts';

/**
 * The command line, `npm run --silent cli -- COMMAND`. Each command is loaded when it is called, so that asking for a token does not wait
 * for Cedar. Exit status 0 only on success; what went wrong is one sentence on stderr that says what to do.
 */
const program = new Command('cli')
  .description('The command line of a Liên Thông gateway. Settings: PORT or GATEWAY_URL, DATA_DIR.')
  .showHelpAfterError('Try --help.');

program
  .command('token')
  .description('print an access token of a demo application, of a synthetic citizen who logs in, or of a demo officer')
  .option('--app <id>', 'the application, for example hospital-counter; at a login the one that is logged in to')
  .option('--citizen <id>', 'log in as this citizen, 12 digits, to citizen-portal')
  .option('--officer <id>', 'log in as this officer, for example hospital/officer-017, to officer-login: a token for x-officer-token')
  .option('--level <level>', 'level of the electronic identity at a login, 1 or 2', level, 2)
  .option('--json', 'print JSON: access_token, expires_in')
  .action(async (options: TokenOptions) => {
    const { app, citizen, officer, json = false } = options;
    const who = citizen ?? officer;
    if (who !== undefined && (citizen === undefined || officer === undefined)) {
      const { login } = await import('./commands/login.ts');
      const client = app ?? (citizen === undefined ? 'officer-login' : 'citizen-portal');
      return login(settings(), { app: client, who, level: options.level, json });
    }
    if (app === undefined || who !== undefined) throw new Error('Name one of --app, --citizen and --officer.');
    const { token } = await import('./commands/token.ts');
    return token(settings(), app, json);
  });

program
  .command('citizens')
  .description('print ID numbers of synthetic citizens to try requests with, one a line')
  .option('--count <number>', `how many, at most ${CITIZENS_MAX}`, wholeNumber, 5)
  .option('--json', 'print a JSON array')
  .action(async (options: { count: number; json?: true }) => {
    const { citizens } = await import('./commands/citizens.ts');
    await citizens(settings(), options.count, options.json === true);
  });

addPolicyCommands(program, settings, fromCaller);

oversightCommands(program, ledgerCommands(program, settings, fromCaller), settings);

const consent = program.command('consent').description('consents of people, noted by an operator');
const as = ['--as <officer>', 'act as this officer, for example police/officer-064 (--demo)'] as const;
const person = ['--person <id>', 'ID number, 12 digits'] as const;

consent
  .command('give')
  .description('note a consent, and show its page of terms')
  .requiredOption(...person)
  .requiredOption('--agency <id>', 'who may see it, for example hospital')
  .requiredOption('--purpose <id>', 'what for, for example health.check-in')
  .requiredOption('--group <name...>', 'group of data, for example residents.contact')
  .option('--until <date>', 'last day, like 2027-12-31; a year without it')
  .option('--evidence <reference>', "where the proof of the person's will is kept")
  .option('--representative <id>', 'for a person under 18: ID number of the parent or guardian who consents')
  .option('--child-agreement <reference>', "for sensitive data from the age of 7: where the proof of the child's own agreement is kept")
  .option(...as)
  .option('--json', 'print JSON')
  .action(async (options: ConsentOptions) => (await import('./commands/consent.ts')).consentGive(settings(options.as), options));

consent
  .command('withdraw')
  .description('withdraw a consent; it holds for the next request')
  .requiredOption(...person)
  .requiredOption('--agency <id>', 'to whom it was given')
  .requiredOption('--purpose <id>', 'what for')
  .option('--group <name...>', 'group of data; all without it')
  .option('--evidence <reference>', "where the proof of the person's will is kept")
  .option(...as)
  .option('--json', 'print JSON')
  .action(async (options: ConsentOptions) => (await import('./commands/consent.ts')).consentWithdraw(settings(options.as), options));

consent
  .command('list')
  .description('show what a person consented to: who may see what, what for, until when')
  .requiredOption(...person)
  .option(...as)
  .option('--json', 'print JSON')
  .action(async (options: { person: string; as?: string; json?: true }) =>
    (await import('./commands/consent.ts')).consentList(settings(options.as), options),
  );

consent
  .command('extend')
  .description('let a consent hold longer')
  .requiredOption('--id <uuid>', 'the consent')
  .requiredOption('--until <date>', 'last day, like 2027-12-31')
  .option(...as)
  .option('--json', 'print JSON')
  .action(async (options: { id: string; until: string; as?: string; json?: true }) =>
    (await import('./commands/consent.ts')).consentExtend(settings(options.as), options),
  );

consent
  .command('receipt')
  .description('print the record of a consent as it was given')
  .requiredOption('--id <uuid>', 'the consent')
  .option(...as)
  .action(async (options: { id: string; as?: string }) =>
    (await import('./commands/consent.ts')).consentReceipt(settings(options.as), options),
  );

addOperationCommands(program, { settings, path: fromCaller });

addRegistryCommands(program, { settings, path: fromCaller });
addAnalysisCommands(program, { settings, path: fromCaller });

interface TokenOptions {
  readonly app?: string;
  readonly citizen?: string;
  readonly officer?: string;
  readonly level: 1 | 2;
  readonly json?: true;
}

// A reader that has seen enough (`… | head -1`) closes the pipe; that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
try {
  await program.parseAsync(process.argv);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

function settings(as?: string): CommandSettings {
  const write = (text: string): void => void process.stdout.write(text);
  const output = { columns: process.stdout.columns, write, progress: process.stderr };
  return readCommandSettings(process.env, output, as);
}

/** npm runs scripts in the project's root and says where it was called. */
function fromCaller(path: string): string {
  const { npm_lifecycle_event: script, INIT_CWD: calledIn } = process.env;
  return script === 'cli' && calledIn !== undefined ? resolve(calledIn, path) : resolve(path);
}

function level(text: string): 1 | 2 {
  if (text !== '1' && text !== '2') throw new InvalidArgumentError('It is 1 or 2.');
  return text === '1' ? 1 : 2;
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || number > CITIZENS_MAX) {
    throw new InvalidArgumentError(`It is a whole number from 1 to ${CITIZENS_MAX}.`);
  }
  return number;
}
