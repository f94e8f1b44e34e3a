import { dayOf } from './time.ts';

/** What was asked of one person by one field; `args` as JSON, sorted by their names. */
export interface Question {
  readonly person: string;
  readonly coordinate: string;
  readonly args: string;
}

/** What the gateway said when it counted a question. */
export interface Counted extends Question {
  readonly probes: number;
  readonly isGiven: boolean;
}

export type MayAsk = (question: Question, probes: number) => 'given' | 'used-up' | 'unknown';

/** Distinct questions of a day, by application, person and field. */
export type Book = Map<string, Set<string>>;

/**
 * The questions of one request. Which of several new ones are answered when too few are left is the gateway's choice, so that it is read from what
 * the gateway counted, and held to the bounds: never more than there were left, and none refused while one was.
 */
export class Questions {
  readonly #book: Book;
  readonly #about: { readonly application: string; readonly nowMs: number };
  readonly #counted: readonly Counted[];
  readonly #wanted = new Map<string, { readonly question: Question; readonly probes: number }>();

  constructor(book: Book, about: { readonly application: string; readonly nowMs: number }, counted: readonly Counted[]) {
    this.#book = book;
    this.#about = about;
    this.#counted = counted;
  }

  readonly mayAsk: MayAsk = (question, probes) => {
    this.#wanted.set(JSON.stringify([question, probes]), { question, probes });
    return this.#known(question).has(question.args) || this.#isGiven(question, probes) ? 'given' : 'used-up';
  };

  /** How the counting differs from what the walk wanted to ask. What nobody can know to be there may be counted, too. */
  differences(isUnsure: (question: Question) => boolean): readonly string[] {
    const found: string[] = [];
    const given = this.#counted.filter((one) => one.isGiven && !this.#known(one).has(one.args));
    for (const same of Map.groupBy(given, (one) => this.#key(one)).values()) {
      const times = Map.groupBy(same, ({ args }) => args);
      const bounds = [...times.values()].map((some) => Math.max(...some.map(({ probes }) => probes))).sort((one, other) => one - other);
      const [{ person, coordinate } = UNKNOWN] = same;
      const before = this.#known({ person, coordinate, args: '' }).size;
      if (bounds.some((bound, index) => before + index >= bound)) found.push(`more asked than may be: ${person} ${coordinate}`);
    }
    for (const one of given) {
      const { person, coordinate, args, probes } = one;
      const isWanted = this.#wanted.has(JSON.stringify([{ person, coordinate, args }, probes]));
      if (!isWanted && !isUnsure(one)) found.push(`counted and not to be asked: ${person} ${coordinate} ${args} of ${probes}`);
    }
    for (const { question, probes } of this.#wanted.values()) {
      if (this.#known(question).has(question.args) || this.#isGiven(question, probes)) continue;
      const fresh = new Set(given.filter((one) => this.#key(one) === this.#key(question)).map(({ args }) => args));
      const { person, coordinate, args } = question;
      const isLeft = this.#known(question).size + fresh.size < probes;
      if (isLeft && !isUnsure(question)) found.push(`not asked, though it may be: ${person} ${coordinate} ${args} of ${probes}`);
    }
    return found;
  }

  /** Writes down what was counted. */
  close(): void {
    for (const one of this.#counted) {
      if (one.isGiven) this.#book.set(this.#key(one), new Set([...this.#known(one), one.args]));
    }
  }

  #isGiven({ person, coordinate, args }: Question, probes: number): boolean {
    return this.#counted.some(
      (one) => one.isGiven && one.person === person && one.coordinate === coordinate && one.args === args && one.probes === probes,
    );
  }

  #known(question: Question): ReadonlySet<string> {
    return this.#book.get(this.#key(question)) ?? new Set();
  }

  #key({ person, coordinate }: Question): string {
    return JSON.stringify([dayOf(this.#about.nowMs), this.#about.application, person, coordinate]);
  }
}

const UNKNOWN: Question = { person: '', coordinate: '', args: '' };

/** Arguments in a form that is equal for equal questions; empty where there are none. */
export function textOf(args: object): string {
  return JSON.stringify(sorted(args));
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, inner]) => [name, sorted(inner)]),
  );
}
