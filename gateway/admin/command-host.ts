import type { CommandSettings } from './command-settings.ts';

/** What the commands are given by the command line. */
export interface CommandHost {
  readonly settings: (as?: string) => CommandSettings;
  /** A path as the caller means it. */
  readonly path: (path: string) => string;
}

export interface Common {
  readonly as?: string;
  readonly json?: true;
}

export const AS = ['--as <officer>', 'act as this officer: agency/officer, or the officer alone where one agency has such a one'] as const;
export const JSON_FLAG = ['--json', 'print JSON'] as const;
