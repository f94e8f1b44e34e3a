import type { SubgraphError } from '../apollo.ts';
import { clientError, type ClientError, type ErrorCode } from '../errors.ts';
import type { AnswerPlace } from './answer-place.ts';
import type { Issue } from './complete.ts';

type Path = readonly (string | number)[];

/** Codes of a subgraph that mean something to a client; the text is still ours. */
const PASSED_CODES: ReadonlySet<string> = new Set<ErrorCode>(['BAD_USER_INPUT', 'ID_NUMBER_INVALID']);

/**
 * The errors of one execution, gathered while it runs. A null that an error explains is not told a second time: a field has one error
 * (GraphQL specification, 6.4.4).
 */
export class Failures {
  readonly #errors: ClientError[] = [];
  readonly #passMessages: boolean;
  readonly #errorsMax: number;
  /** Places of errors, and every place above one, with list indices where they are known. */
  readonly #places = new Set<string>();
  readonly #above = new Set<string>();
  readonly #unavailable = new Set<string>();

  constructor(options: { readonly passMessages: boolean; readonly errorsMax: number }) {
    this.#passMessages = options.passMessages;
    this.#errorsMax = options.errorsMax;
  }

  /** A subgraph did not answer properly. Told once for each place; without list indices it is true of every item. */
  unavailable(path: Path): void {
    const key = textOf(path);
    if (this.#unavailable.has(key)) return;
    this.#unavailable.add(key);
    this.#add(clientError('SUBGRAPH_UNAVAILABLE', withPath(path)), path);
  }

  /** An error that a subgraph told, at its place in the answer. */
  told(error: SubgraphError, { path }: AnswerPlace): void {
    if (this.#passMessages) {
      const { serviceName: _, code, ...extensions } = error.extensions ?? {};
      const coded = { code: typeof code === 'string' ? code : 'DOWNSTREAM_SERVICE_ERROR', ...extensions };
      this.#add({ message: error.message, ...withPath(path), extensions: coded }, path);
    } else {
      const code = String(error.extensions?.['code']);
      this.#add(clientError(PASSED_CODES.has(code) ? (code as ErrorCode) : 'SUBGRAPH_ERROR', withPath(path)), path);
    }
  }

  /** All errors, those of value completion last and only where nothing else says why. */
  with(issues: readonly Issue[]): readonly ClientError[] {
    const explains = this.#errors.length > 0;
    for (const { kind, path, what, consent } of issues) {
      if (kind !== 'null' && kind !== 'invalid') {
        if (this.#errors.length >= this.#errorsMax) break;
        const code = CONSENT_CODES[kind];
        this.#errors.push(clientError(code, { path, ...(consent === undefined ? {} : { extensions: { ...consent } }) }));
        continue;
      }
      if (kind === 'null' && explains && this.#explained(path)) continue;
      if (this.#errors.length >= this.#errorsMax) break;
      this.#errors.push(clientError('SUBGRAPH_ERROR', { path, ...(this.#passMessages ? { detail: what } : {}) }));
    }
    return this.#errors;
  }

  #add(error: ClientError, path: Path): void {
    if (this.#errors.length >= this.#errorsMax) return;
    this.#errors.push(error);
    this.#places.add(textOf(path));
    for (let length = 0; length < path.length; length += 1) this.#above.add(textOf(path.slice(0, length)));
  }

  /** An error at the place, below it or above it, told with list indices or for all items of the lists on the way. */
  #explained(path: Path): boolean {
    const names = path.filter((part) => typeof part === 'string');
    return [path, names].some(
      (way) =>
        this.#above.has(textOf(way)) || way.some((_, index) => this.#places.has(textOf(way.slice(0, index + 1)))) || this.#places.has(''),
    );
  }
}

const CONSENT_CODES = {
  'consent-missing': 'CONSENT_REQUIRED',
  'consent-unknown': 'CONSENT_UNAVAILABLE',
  'consent-used-up': 'PROBES_USED_UP',
} as const;

function withPath(path: Path): { readonly path?: Path } {
  return path.length === 0 ? {} : { path };
}

/** Names hold no slash, and an index follows a sign that no name has. */
function textOf(path: Path): string {
  return path.map((part) => (typeof part === 'number' ? `#${part}` : part)).join('/');
}
