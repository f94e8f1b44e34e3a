import { InvalidArgumentError, Option, type Command } from 'commander';
import { AS, JSON_FLAG, type CommandHost, type Common } from './command-host.ts';
import type { RunOptions } from './commands/analysis-run.ts';
import { FORMATS, LANGUAGES, type ShowOptions } from './commands/analysis-table.ts';

type PageOptions = Common & { readonly runs?: true; readonly analysis?: string; readonly first?: number; readonly after?: string };

/** Commands about analyses and their runs. Each is loaded when it is called. */
export function addAnalysisCommands(program: Command, { settings, path }: CommandHost): void {
  const analysis = program.command('analysis').description('approved analyses: tables about the population, and about nobody');
  const format = (): Option => new Option('--format <format>', 'how the table is printed').choices(FORMATS).default('table');
  const language = (): Option => new Option('--language <language>', 'of names and bins').choices(LANGUAGES).default('en');
  const out = ['--out <file>', 'write the table to this file instead'] as const;
  const withPath = <Options extends ShowOptions>(options: Options): Options => ({
    ...options,
    ...(options.out === undefined ? {} : { out: path(options.out) }),
  });

  analysis
    .command('run')
    .argument('<name>', 'the analysis, as "analysis list" shows it')
    .description('count a population, wait, and print the table; a question that was asked before has its answer at once')
    .option('--variables <json>', 'values of its variables, a JSON object')
    .option('--filter <dimension=bins...>', 'count only people of these bins (joined by commas), under differential privacy', filter)
    .option('--epsilon <number>', 'of differential privacy, taken from the account of the population', epsilon)
    .option('--cost', 'say what it would take of the budgets, and do not run it')
    .option('--no-wait', 'begin, print the id of the run, and do not wait')
    .addOption(format())
    .addOption(language())
    .option(...out)
    .option(...AS)
    .option(...JSON_FLAG)
    .action(async (name: string, options: RunOptions) =>
      (await import('./commands/analysis-run.ts')).analysisRun(settings(options.as), name, withPath(options)),
    );

  analysis
    .command('list')
    .description('approved analyses; with --runs what was run')
    .option('--runs', 'runs, the newest first')
    .option('--analysis <name>', 'only runs of this one')
    .option('--first <number>', 'runs of a page, 1 to 500', wholeNumber)
    .option('--after <cursor>', 'go on after a page')
    .option(...AS)
    .option(...JSON_FLAG)
    .action(async (options: PageOptions) => (await import('./commands/analysis-runs.ts')).analysisList(settings(options.as), options));

  analysis
    .command('show')
    .argument('<run>', 'id of the run')
    .description('what a run is of, how far it is, what it can be made again from, and its table')
    .addOption(format())
    .addOption(language())
    .option(...out)
    .option(...AS)
    .option(...JSON_FLAG)
    .action(async (run: string, options: ShowOptions & Common) =>
      (await import('./commands/analysis-runs.ts')).analysisShow(settings(options.as), run, withPath(options)),
    );

  analysis
    .command('cancel')
    .argument('<run>', 'id of the run')
    .description('end a run that is under way; what was counted is forgotten')
    .option(...AS)
    .option(...JSON_FLAG)
    .action(async (run: string, options: Common) =>
      (await import('./commands/analysis-runs.ts')).analysisCancel(settings(options.as), run, options),
    );

  analysis
    .command('release')
    .argument('<run>', 'id of the run')
    .description('decide on a table that is held, as another person than its analyst')
    .option('--withhold <reason>', 'do not release it, for this reason')
    .option(...AS)
    .option(...JSON_FLAG)
    .action(async (run: string, options: Common & { readonly withhold?: string }) =>
      (await import('./commands/analysis-runs.ts')).analysisRelease(settings(options.as), run, options),
    );
}

/** `--filter sex=F --filter province=01,79`: bins by dimension. */
function filter(text: string, before: Readonly<Record<string, readonly string[]>> = {}): Readonly<Record<string, readonly string[]>> {
  const [, dimension, bins] = /^([A-Za-z][A-Za-z0-9]*)=(.+)$/.exec(text) ?? [];
  if (dimension === undefined || bins === undefined) throw new InvalidArgumentError('It is a dimension and its bins, like province=01,79.');
  return { ...before, [dimension]: [...(before[dimension] ?? []), ...bins.split(',')] };
}

function epsilon(text: string): number {
  const number = Number(text);
  if (!/^\d+(?:\.\d+)?$/.test(text) || number <= 0) throw new InvalidArgumentError('It is a number above 0, like 0.5.');
  return number;
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1 to 500.');
  return Number(text);
}
