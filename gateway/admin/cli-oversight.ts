import { InvalidArgumentError, type Command } from 'commander';
import type { CommandSettings } from './command-settings.ts';
import type { HistoryOptions } from './commands/history.ts';
import type { SpanOptions } from './commands/supervision.ts';

const AS = ['--as <officer>', 'act as this officer, for example portal/officer-002 (--demo)'] as const;
const JSON_OUTPUT = ['--json', 'print JSON'] as const;
const FROM = ['--from <time>', 'from this day or moment, like 2026-11-25 or 2026-11-25T08:00:00Z'] as const;
const TO = ['--to <time>', 'up to this day, or before this moment'] as const;

/** Commands about what is read from the ledger. Each is loaded when it is called. */
export function oversightCommands(program: Command, ledger: Command, settings: (as?: string) => CommandSettings): void {
  ledger
    .command('history')
    .description("who looked at a person's data, when, what for, on what basis; as the citizen (--demo), or as an officer")
    .requiredOption('--person <id>', 'ID number, 12 digits')
    .option('--case <reference>', 'the case for which an officer looks')
    .option('--second <officer>', 'the other person without whom an officer may not look')
    .option('--agency <id>', 'only by this agency')
    .option(...FROM)
    .option('--to <time>', 'before this day or moment')
    .option('--first <number>', 'entries of a page, 1 to 100', wholeNumber)
    .option('--after <cursor>', 'go on after a page')
    .option(...AS)
    .option(...JSON_OUTPUT)
    .action(async (options: HistoryOptions) => (await import('./commands/history.ts')).ledgerHistory(settings(options.as), options));

  ledger
    .command('scope')
    .description('the scope of a breach: whose data an application was shown, which fields, how many')
    .requiredOption('--application <id>', 'for example hospital-counter')
    .requiredOption(...FROM)
    .requiredOption(...TO)
    .option('--pseudonyms', 'list the pseudonyms of the people, which needs the role auditor')
    .option(...AS)
    .option(...JSON_OUTPUT)
    .action(async (options: SpanOptions & { readonly application: string; readonly pseudonyms?: true; readonly as?: string }) =>
      (await import('./commands/supervision.ts')).ledgerScope(settings(options.as), options),
    );

  ledger
    .command('reconcile')
    .description('hold the grants that registers served against the records; exit status 1 when one has no record')
    .option('--settled <seconds>', 'calls that are younger may be under way; 120 without it', seconds)
    .option(...AS)
    .option(...JSON_OUTPUT)
    .action(async (options: { readonly settled?: number; readonly as?: string; readonly json?: true }) => {
      const { ledgerReconcile } = await import('./commands/supervision.ts');
      if (!(await ledgerReconcile(settings(options.as), options))) process.exitCode = 1;
    });

  program
    .command('supervision')
    .description('who is connected, requests, people, refusals by reason, emergencies, times of answers, health of registers')
    .option(...FROM)
    .option(...TO)
    .option('--unit <unit>', 'hour or day', 'hour')
    .option(...AS)
    .option(...JSON_OUTPUT)
    .action(async (options: SpanOptions & { readonly unit?: string; readonly as?: string }) =>
      (await import('./commands/supervision.ts')).supervision(settings(options.as), options),
    );

  program
    .command('anomalies')
    .description('days on which far more was asked than is usual')
    .option(...AS)
    .option(...JSON_OUTPUT)
    .action(async (options: { readonly as?: string; readonly json?: true }) =>
      (await import('./commands/supervision.ts')).anomalies(settings(options.as), options),
    );

  const emergency = program.command('emergency').description('emergencies and their review');
  emergency
    .command('list')
    .description('emergencies, with the deadline of their review')
    .option('--waiting', 'only those that wait for their review')
    .option(...AS)
    .option(...JSON_OUTPUT)
    .action(async (options: { readonly waiting?: true; readonly as?: string; readonly json?: true }) =>
      (await import('./commands/supervision.ts')).emergencies(settings(options.as), options),
    );
  emergency
    .command('review')
    .description('say what an emergency was')
    .requiredOption('--record <id>', 'id of the record')
    .requiredOption('--verdict <verdict>', 'justified or unjustified')
    .requiredOption('--note <text>', 'why')
    .option(...AS)
    .option(...JSON_OUTPUT)
    .action(
      async (options: {
        readonly record: string;
        readonly verdict: string;
        readonly note: string;
        readonly as?: string;
        readonly json?: true;
      }) => (await import('./commands/supervision.ts')).reviewEmergency(settings(options.as), options),
    );
}

function seconds(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('It is a whole number of seconds.');
  return Number(text);
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!/^\d{1,3}$/.test(text) || number < 1) throw new InvalidArgumentError('It is a whole number from 1 to 100.');
  return number;
}
