import type { Consents } from './consents.ts';

export type ConsentState = 'given' | 'missing' | 'unknown';

/** The consents of people met in one request: each person is looked up once, and nothing is kept past it. */
export interface RequestConsents {
  /** Looks up those of these people who were not looked up yet, all in one statement. Resolves also when the store fails. */
  ask(idNumbers: Iterable<string>): Promise<void>;
  /** Of a person who was looked up. Unknown when the store failed. */
  state(idNumber: string, key: string): ConsentState;
  /** Ids of the consents that something was released by. */
  readonly relied: ReadonlySet<string>;
}

/** Starts the look-ups of one request; `failed` is told when the store does not answer. */
export function createRequestConsents(
  consents: Consents,
  { agency, purpose }: { readonly agency: string; readonly purpose: string },
  failed: (error: unknown) => void,
): RequestConsents {
  const found = new Map<string, ReadonlyMap<string, string> | 'unknown' | undefined>();
  const underWay = new Set<Promise<void>>();
  const relied = new Set<string>();

  const find = async (idNumbers: readonly string[]): Promise<void> => {
    try {
      const answer = await consents.find({ agency, purpose, idNumbers });
      for (const id of idNumbers) found.set(id, answer.get(id));
    } catch (error) {
      for (const id of idNumbers) found.set(id, 'unknown');
      failed(error);
    }
  };

  return {
    relied,
    async ask(idNumbers) {
      const fresh = new Set<string>();
      for (const id of idNumbers) if (!found.has(id)) fresh.add(id);
      if (fresh.size > 0) {
        // Noted before the answer is there, so that nobody asks for them twice.
        for (const id of fresh) found.set(id, 'unknown');
        const finding = find([...fresh]);
        underWay.add(finding);
        void finding.finally(() => underWay.delete(finding));
      }
      await Promise.all(underWay);
    },
    state(idNumber, key) {
      const known = found.get(idNumber);
      if (known === 'unknown') return 'unknown';
      const id = known?.get(key);
      if (id === undefined) return 'missing';
      relied.add(id);
      return 'given';
    },
  };
}
