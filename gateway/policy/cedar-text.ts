import { policySetTextToParts, type DetailedError } from '@cedar-policy/cedar-wasm/nodejs';
import { error, FILE_START, positionAt, type Position, type Problem } from './problems.ts';

/** One policy of a file: its text, and where its parts stand, for messages that point at them. */
export interface PolicyText {
  readonly file: string;
  readonly text: string;
  readonly position: Position;
  /** Where an annotation's name stands; the policy's start when it has none of that name. */
  readonly annotation: (name: string) => Position;
  /** Where an entity such as `Field::"Resident.phone"` stands. */
  readonly entity: (type: string, id: string) => Position;
  /** Where a string literal stands. */
  readonly literal: (value: string) => Position;
}

/**
 * Splits a Cedar file into its policies. Cedar's parser decides what is a policy; the tokens here only find where each one starts, and a
 * file that the two read differently is an error. Errors of syntax carry the line and column of Cedar's byte offsets.
 */
export function readPolicyTexts(
  file: string,
  bytes: Buffer,
): { readonly policies: readonly PolicyText[]; readonly problems: readonly Problem[] } {
  const text = bytes.toString('utf8');
  const parts = policySetTextToParts(text);
  if (parts.type === 'failure') return { policies: [], problems: cedarProblems(file, bytes, parts.errors) };
  if (parts.policy_templates.length > 0) {
    return {
      policies: [],
      problems: [error(file, FILE_START, 'Templates (?principal, ?resource) are not used here. Write the policy out.')],
    };
  }

  const policies = split(tokensOf(text)).map((tokens) => policyText(file, bytes, text, tokens));
  const same = policies.map((policy) => policy.text).sort();
  const expected = [...parts.policies].sort();
  if (same.length !== expected.length || same.some((policy, index) => policy !== expected[index])) {
    return {
      policies: [],
      problems: [error(file, FILE_START, 'The file cannot be split into policies. Remove unusual characters from it.')],
    };
  }
  return { policies, problems: [] };
}

/** Cedar's errors and the ones they bring along, as problems of a file. */
export function cedarProblems(file: string, bytes: Buffer, errors: readonly DetailedError[]): readonly Problem[] {
  return errors.flatMap((detail) => {
    const [place] = detail.sourceLocations ?? [];
    const position = place === undefined ? FILE_START : positionAt(bytes, place.start);
    const text = detail.message.replace(/^for policy `[^`]*`, /, '').replace(/^failed to parse polic(y|ies) from string: /, '');
    const label = place?.label ?? undefined;
    const message = [text, label, detail.help ?? undefined].filter((part) => part !== undefined).join('; ');
    return [error(file, position, `${message}.`), ...cedarProblems(file, bytes, detail.related ?? [])];
  });
}

interface Token {
  readonly text: string;
  readonly index: number;
}

/** Cedar's tokens as far as finding places needs them: comments end at a line feed or a carriage return, strings have escapes. */
function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(/\/\/[^\n\r]*|"(?:\\[^]|[^"\\])*"|[A-Za-z_]\w*|::|\S/g)) {
    if (!match[0].startsWith('//')) tokens.push({ text: match[0], index: match.index });
  }
  return tokens;
}

/** A policy ends with a semicolon, which stands nowhere else outside strings and comments. */
function split(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const policies: Token[][] = [];
  let current: Token[] = [];
  for (const token of tokens) {
    current.push(token);
    if (token.text !== ';') continue;
    policies.push(current);
    current = [];
  }
  return policies;
}

function policyText(file: string, bytes: Buffer, text: string, tokens: readonly Token[]): PolicyText {
  const start = tokens[0]?.index ?? 0;
  const end = tokens.at(-1)?.index ?? 0;
  const at = (index: number): Position => positionAt(bytes, Buffer.byteLength(text.slice(0, index), 'utf8'));
  const find = (matches: (token: Token, index: number) => boolean): Position => at(tokens.find(matches)?.index ?? start);
  return {
    file,
    text: text.slice(start, end + 1),
    position: at(start),
    annotation: (name) => find((token, index) => token.text === '@' && tokens[index + 1]?.text === name),
    entity: (type, id) =>
      find((token, index) => token.text === type && tokens[index + 1]?.text === '::' && unquote(tokens[index + 2]?.text) === id),
    literal: (value) => find((token, index) => tokens[index - 1]?.text !== '::' && unquote(token.text) === value),
  };
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '0': '\0' };

/** The value of a Cedar string literal; undefined for any other token. */
function unquote(token: string | undefined): string | undefined {
  if (!token?.startsWith('"')) return undefined;
  return token.slice(1, -1).replace(/\\(?:u\{([0-9A-Fa-f]{1,6})\}|x([0-9A-Fa-f]{2})|([^]))/g, (_all, point, byte, single: string) => {
    const code = (point ?? byte) as string | undefined;
    if (code === undefined) return ESCAPES[single] ?? single;
    const value = Number.parseInt(code, 16);
    return value <= 0x10_ff_ff ? String.fromCodePoint(value) : '';
  });
}
