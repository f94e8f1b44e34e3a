import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { WORK_NAMES, type WorkName } from './work/documents.ts';

/** Studies that `--study` runs; the others have entry files of their own. */
export const STUDY_NAMES = ['growth', 'stages'] as const;
export type StudyName = (typeof STUDY_NAMES)[number];

export interface Options {
  /** A study to run in place of the comparison. */
  readonly study: StudyName | undefined;
  /** The largest population of the growth study. */
  readonly citizensMax: number;
  readonly quick: boolean;
  readonly targets: readonly string[];
  readonly works: readonly WorkName[];
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly jsonFile: string | undefined;
  readonly svgFile: string | undefined;
  /** Print the README's table of the last results and run nothing. */
  readonly markdown: boolean;
}

const CITIZENS_MAX = 100_000;
/** Loading more takes longer than the study waits. */
const CITIZENS_MAX_LIMIT = 1_000_000;

const FULL = { rounds: 3, seconds: 5, warmUpSeconds: 4 };
const QUICK = { rounds: 1, seconds: 1, warmUpSeconds: 1 };

/** What the command line says, or a sentence that says what is wrong with it. */
export function readOptions(args: readonly string[], targetNames: readonly string[]): Options | string {
  let values: ReturnType<typeof parse>['values'];
  try {
    ({ values } = parse(args));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const defaults = values.quick ? QUICK : FULL;
  const targets = values.targets?.split(',') ?? targetNames;
  const unknown = targets.filter((name) => !targetNames.includes(name));
  if (unknown.length > 0) return `There is no target ${unknown.join(', ')}. There are ${targetNames.join(', ')}.`;
  const works = (values.work?.split(',') ?? WORK_NAMES) as WorkName[];
  if (works.some((name) => !WORK_NAMES.includes(name))) return `--work takes ${WORK_NAMES.join(', ')}, with commas between.`;
  const rounds = values.rounds === undefined ? defaults.rounds : Number(values.rounds);
  const seconds = values.seconds === undefined ? defaults.seconds : Number(values.seconds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100) return '--rounds takes a whole number from 1 to 100.';
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 600) return '--seconds takes a whole number from 1 to 600.';
  const { study } = values;
  if (study !== undefined && !isStudy(study)) return `--study takes one of ${STUDY_NAMES.join(', ')}.`;
  const citizensMax = values['citizens-max'] === undefined ? CITIZENS_MAX : Number(values['citizens-max']);
  if (!Number.isInteger(citizensMax) || citizensMax < 10_000 || citizensMax > CITIZENS_MAX_LIMIT) {
    return '--citizens-max takes a whole number from 10000 to 1000000.';
  }
  if (!values.markdown && availableParallelism() < 2) return 'The bench needs two cores: one for the gateway, one for everything else.';
  return {
    study,
    citizensMax,
    quick: values.quick,
    targets,
    works,
    rounds,
    seconds,
    warmUpSeconds: defaults.warmUpSeconds,
    jsonFile: values.json,
    svgFile: values.svg,
    markdown: values.markdown,
  };
}

function isStudy(name: string): name is StudyName {
  return STUDY_NAMES.some((study) => study === name);
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      markdown: { type: 'boolean', default: false },
      targets: { type: 'string' },
      work: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      json: { type: 'string' },
      svg: { type: 'string' },
      study: { type: 'string' },
      'citizens-max': { type: 'string' },
    },
  });
}
