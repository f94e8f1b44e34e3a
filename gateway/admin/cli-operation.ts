import { InvalidArgumentError, type Command } from 'commander';
import { isCalendarDate } from '../../platform/scalars.ts';
import { AS, JSON_FLAG, type CommandHost, type Common } from './command-host.ts';
import type { ListOptions, RegisterOptions, StepOptions } from './commands/operation.ts';

const OPERATION = ['--operation <name>', 'its name, or the beginning of its address or document id'] as const;
const REASON = ['--reason <text>', 'why, for the record'] as const;

const STEPS = {
  approve: 'answer for what somebody else proposed, as another person or as the owner of data that it touches',
  reject: 'end a proposal',
  suspend: 'end an approval before its time',
} as const;

const load = async () => import('./commands/operation.ts');

/** Adds `operation …`: what applications may run and analysts may count, approved before. */
export function addOperationCommands(program: Command, { settings, path }: CommandHost): void {
  const operation = program.command('operation').description('approved operations: registered, judged, run by their document id');

  operation
    .command('register')
    .description('check an operation, show what it would disclose, and propose it')
    .requiredOption('--from <file>', 'YAML or JSON: kind, name, application, purpose, document, variables, why')
    .option('--until <date>', 'last day on which it may run, like 2027-06-30; a year without it', day)
    .option('--check', 'show what it would disclose, and propose nothing')
    .option(...REASON)
    .option(...AS)
    .option(...JSON_FLAG)
    .action(async (options: Common & RegisterOptions) =>
      (await load()).operationRegister(settings(options.as), { ...options, from: path(options.from) }),
    );

  for (const [kind, description] of Object.entries(STEPS) as [keyof typeof STEPS, string][]) {
    operation
      .command(kind)
      .description(description)
      .requiredOption(...OPERATION)
      .option(...REASON)
      .option(...AS)
      .option(...JSON_FLAG)
      .action(async (options: Common & StepOptions) => (await load()).operationStep(settings(options.as), kind, options));
  }

  operation
    .command('list')
    .description('list operations and analyses with their state, the newest proposal first')
    .option('--state <state>', 'proposed, approved, expired, suspended or rejected alone')
    .option(...AS)
    .option(...JSON_FLAG)
    .action(async (options: Common & ListOptions) => (await load()).operationList(settings(options.as), options));

  operation
    .command('show')
    .description('show an operation: what it is, what it discloses, who answers for it')
    .requiredOption(...OPERATION)
    .option(...AS)
    .option(...JSON_FLAG)
    .action(async (options: Common & StepOptions) => (await load()).operationShow(settings(options.as), options));
}

function day(text: string): string {
  if (!isCalendarDate(text)) throw new InvalidArgumentError('It is a day like 2027-06-30.');
  return text;
}
