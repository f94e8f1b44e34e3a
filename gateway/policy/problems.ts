import { suggestionList } from 'graphql/jsutils/suggestionList.js';

/** Something wrong, or doubtful, in a policy directory. Lines and columns count from 1; a column counts characters, not bytes. */
export interface Problem extends Position {
  /** Name of the file inside the directory. */
  readonly file: string;
  readonly message: string;
  readonly severity: 'error' | 'warning';
}

export interface Position {
  readonly line: number;
  readonly column: number;
}

export const FILE_START: Position = { line: 1, column: 1 };

/** A policy directory that cannot be used. The message holds every problem on a line of its own, `file:line:column: text`. */
export class PolicyError extends Error {
  readonly problems: readonly Problem[];

  constructor(directory: string, problems: readonly Problem[]) {
    super(`The policies in ${directory} cannot be used. Correct them and start again.\n${problems.map(problemLine).join('\n')}`);
    this.name = 'PolicyError';
    this.problems = problems;
  }
}

/** `hospital.cedar:3:14: error: …`, as editors and terminals link it. */
export function problemLine(problem: Problem): string {
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.severity}: ${problem.message}`;
}

export function error(file: string, position: Position, message: string): Problem {
  return { file, line: position.line, column: position.column, message, severity: 'error' };
}

export function warning(file: string, position: Position, message: string): Problem {
  return { file, line: position.line, column: position.column, message, severity: 'warning' };
}

/** Line and column of a byte offset: Cedar counts UTF-8 bytes, and Vietnamese text has more of them than characters. */
export function positionAt(bytes: Buffer, offset: number): Position {
  const before = bytes.subarray(0, offset);
  const lineStart = before.lastIndexOf(0x0a) + 1;
  let line = 1;
  for (const byte of before) if (byte === 0x0a) line += 1;
  return { line, column: Array.from(before.subarray(lineStart).toString('utf8')).length + 1 };
}

/** ` Did you mean "…"?` when a known name is near enough to be meant, else nothing. For operators, never for clients. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const [nearest] = suggestionList(name, [...known]);
  return nearest === undefined ? '' : ` Did you mean "${nearest}"?`;
}
