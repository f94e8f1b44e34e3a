import type { Answer } from '../../stages/answer.ts';
import type { Limits } from '../../limits.ts';
import type { WithheldAt } from './model.ts';

/** What became of asking about a range of people. */
export type RangeAnswer =
  | {
      readonly kind: 'answered';
      readonly data: Readonly<Record<string, unknown>>;
      /** Paths to what people did not consent to. */
      readonly withheld: readonly WithheldAt[];
    }
  /** Something that the answer needs is down; asking again may succeed. */
  | { readonly kind: 'away'; readonly why: string }
  /** It will never be answered so: the run fails. */
  | { readonly kind: 'failed'; readonly why: string };

interface Body {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly BodyError[];
  readonly extensions?: { readonly disclosure?: { readonly policyVersion?: string; readonly errorsNotShown?: number } };
}

interface BodyError extends WithheldAt {
  readonly message: string;
  readonly extensions: { readonly code: string; readonly coordinate?: string };
}

/** A person who did not consent is not counted where the basis is consent: that is what the analysis is approved for. */
const WITHHELD = new Set(['CONSENT_REQUIRED']);
/** Codes of what passes by itself. */
const AWAY: Readonly<Record<string, string>> = {
  SUBGRAPH_UNAVAILABLE: 'A register does not answer.',
  CONSENT_UNAVAILABLE: 'Consents cannot be looked up.',
  AUDIT_UNAVAILABLE: 'Records cannot be written.',
  RULES_UNAVAILABLE: 'The rules in force cannot be looked up.',
  OVERLOADED: 'The gateway has more requests than it can take.',
};

/**
 * Reads the pipeline's answer about one range. INVARIANT: any error but a consent withheld fails the run or is asked again. A thinner answer
 * is never counted: nobody who reads the table could tell.
 */
export function readAnswer(answer: Answer, policyVersion: string, { errorsKeptMax }: Pick<Limits, 'errorsKeptMax'>): RangeAnswer {
  const { data, errors = [], extensions } = JSON.parse(answer.body.toString()) as Body;
  const others = errors.filter(({ extensions: { code } }) => !WITHHELD.has(code));
  const away = others.find(({ extensions: { code } }) => AWAY[code] !== undefined);
  const lasting = others.find(({ extensions: { code } }) => AWAY[code] === undefined);
  if (lasting !== undefined) {
    const { code, coordinate } = lasting.extensions;
    return {
      kind: 'failed',
      why: `The answer is not whole (${coordinate === undefined ? code : `${code} at ${coordinate}`}). ${lasting.message}`,
    };
  }
  if (away !== undefined) return { kind: 'away', why: AWAY[away.extensions.code] ?? away.message };
  const { disclosure } = extensions ?? {};
  if (errors.length + (disclosure?.errorsNotShown ?? 0) >= errorsKeptMax) {
    return { kind: 'failed', why: 'More consents are missing in one answer than are kept. Ask for fewer fields that need consent.' };
  }
  if (data === undefined || data === null) return { kind: 'failed', why: 'The answer holds no data. Look at what the document asks for.' };
  if (disclosure?.policyVersion !== undefined && disclosure.policyVersion !== policyVersion) return { kind: 'failed', why: OTHER_RULES };
  return { kind: 'answered', data, withheld: errors };
}

export const OTHER_RULES = 'The rules changed while it ran, and one table is under one version of the rules. Run it again.';
