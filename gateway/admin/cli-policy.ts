import { InvalidArgumentError, type Command } from 'commander';
import type { CommandSettings } from './command-settings.ts';
import type { ExplainOptions } from './commands/policy-read.ts';
import type { StepOptions } from './commands/policy-steps.ts';

type As<Options> = Options & { readonly as?: string };

const AS = ['--as <officer>', 'act as this officer, for example police/officer-064 (--demo)'] as const;
const JSON_OPTION = ['--json', 'print JSON'] as const;
const SUPERGRAPH = ['--supergraph <file>', "somebody else's composed supergraph; the project's own without it"] as const;
const VERSION = ['--version <hash>', 'the version, or the beginning of its hash'] as const;
const REASON = ['--reason <text>', 'why, for the record'] as const;

const STEPS = {
  submit: 'put a draft before those who approve',
  approve: 'answer for a draft as the second person, or as the owner of the data',
  reject: 'end a draft',
  review: 'look at what one person activated alone',
} as const;

/** The commands `policy …`. Each is loaded when it is called. */
export function addPolicyCommands(program: Command, settings: (as?: string) => CommandSettings, path: (given: string) => string): void {
  const policy = program.command('policy').description('access rules: drafted, weighed, approved, activated, taken back, explained');

  policy
    .command('check')
    .description('check the policies of a directory, or the active ones of the running gateway')
    .argument('[dir]', 'directory with registry.yaml; needs no gateway')
    .option(...SUPERGRAPH)
    .option(...AS)
    .option('--json', 'print the report as JSON')
    .action(async (directory: string | undefined, { as, json, supergraph }: As<{ json?: true; supergraph?: string }>) => {
      const { policyCheck } = await import('./commands/policy-check.ts');
      const options = { json, supergraph: supergraph === undefined ? undefined : path(supergraph) };
      const passed = await policyCheck(settings(as), directory === undefined ? undefined : path(directory), options);
      if (!passed) process.exitCode = 1;
    });

  policy
    .command('schema')
    .description('print the Cedar schema that policies are validated against')
    .argument('<dir>', 'directory with registry.yaml and, for a foreign supergraph, classification.yaml; needs no gateway')
    .option(...SUPERGRAPH)
    .action(async (directory: string, { supergraph }: { supergraph?: string }) => {
      const { policySchema } = await import('./commands/policy-check.ts');
      await policySchema(settings(), path(directory), { supergraph: supergraph === undefined ? undefined : path(supergraph) });
    });

  policy
    .command('draft')
    .description('draft the policies and cases of a directory')
    .requiredOption('--from <dir>', 'directory with <agency>.cedar and cases/')
    .option('--parent <version>', 'the version that it began with; the one that was exported there, or the active one, without it')
    .option(...REASON)
    .option(...AS)
    .option(...JSON_OPTION)
    .action(async (options: As<{ from: string; parent?: string; reason?: string; json?: true }>) => {
      const { policyDraft } = await import('./commands/policy-steps.ts');
      await policyDraft(settings(options.as), { ...options, from: path(options.from) });
    });

  policy
    .command('impact')
    .description('show what a version would change beside the active one')
    .requiredOption(...VERSION)
    .option('--days <number>', 'decide the requests of so many days again', days)
    .option(...AS)
    .option(...JSON_OPTION)
    .action(async (options: As<{ version: string; days?: number; json?: true }>) =>
      (await import('./commands/policy-read.ts')).policyImpact(settings(options.as), options),
    );

  for (const [kind, description] of Object.entries(STEPS) as [keyof typeof STEPS, string][]) {
    policy
      .command(kind)
      .description(description)
      .requiredOption(...VERSION)
      .option(...REASON)
      .option(...AS)
      .option(...JSON_OPTION)
      .action(async (options: As<StepOptions>) => {
        const { policyStep } = await import('./commands/policy-steps.ts');
        await policyStep(settings(options.as), kind, options);
      });
  }

  policy
    .command('activate')
    .description('make an approved version the active one')
    .requiredOption(...VERSION)
    .option('--emergency', 'by one person and without approval, where nothing widens; somebody else reviews it afterwards')
    .option(...REASON)
    .option(...AS)
    .option(...JSON_OPTION)
    .action(async (options: As<StepOptions & { emergency?: true }>) => {
      const { policyStep } = await import('./commands/policy-steps.ts');
      await policyStep(settings(options.as), options.emergency === true ? 'narrow' : 'activate', options);
    });

  policy
    .command('rollback')
    .description('make the version active that was active before')
    .option(...REASON)
    .option(...AS)
    .option(...JSON_OPTION)
    .action(async (options: As<Omit<StepOptions, 'version'>>) =>
      (await import('./commands/policy-steps.ts')).policyRollback(settings(options.as), options),
    );

  policy
    .command('export')
    .description('write a version to a directory, byte for byte as it was drafted')
    .requiredOption('--to <dir>', 'directory; policies and cases there that the version has not are removed')
    .option('--version <hash>', 'another version than the active one')
    .option(...AS)
    .option(...JSON_OPTION)
    .action(async (options: As<{ to: string; version?: string; json?: true }>) =>
      (await import('./commands/policy-files.ts')).policyExport(settings(options.as), { ...options, to: path(options.to) }),
    );

  policy
    .command('list')
    .description('list versions with their state')
    .option(...AS)
    .option(...JSON_OPTION)
    .action(async (options: As<{ json?: true }>) => (await import('./commands/policy-read.ts')).policyList(settings(options.as), options));

  policy
    .command('explain')
    .description('say why a field is answered as it is, and what would change it')
    .requiredOption('--app <id>', 'application')
    .requiredOption('--purpose <id>', 'purpose')
    .requiredOption('--field <coordinate>', 'for example Resident.phone')
    .option('--person <id>', 'ID number: whether this person has consented')
    .option('--officer-role <role>', 'role of the officer who asks')
    .option('--assurance <level>', 'level of the login, 0, 1 or 2', level)
    .option('--emergency', 'in an emergency')
    .option('--self', 'asked by the citizen who is logged in, about themselves')
    .option('--arguments <json>', 'arguments of the field, as a JSON object')
    .option(...AS)
    .option(...JSON_OPTION)
    .action(async (options: As<ExplainOptions>) =>
      (await import('./commands/policy-read.ts')).policyExplain(settings(options.as), options),
    );
}

function days(text: string): number {
  if (!/^\d{1,2}$/.test(text) || Number(text) < 1 || Number(text) > 90)
    throw new InvalidArgumentError('It is a whole number from 1 to 90.');
  return Number(text);
}

function level(text: string): number {
  if (!/^[012]$/.test(text)) throw new InvalidArgumentError('It is 0, 1 or 2.');
  return Number(text);
}
