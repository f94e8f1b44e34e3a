import type { Probe } from '../probes/probes.ts';
import type { Consents } from './consents.ts';

/** Begins the keys of bounded questions; no group does. */
const PROBE_PREFIX = 'probe ';

export type ConsentState = 'given' | 'missing' | 'used-up' | 'unknown';

/** The consents of people met in one request: each person is looked up once, and nothing is kept past it. */
export interface RequestConsents {
  /** Looks up those of these people who were not looked up yet, all in one statement. Resolves also when the store fails. */
  ask(idNumbers: Iterable<string>): Promise<void>;
  /** Of a person who was looked up. Unknown when the store failed. */
  state(idNumber: string, key: string): ConsentState;
  /** Whether all of these people, who were looked up, have given all of these consents, which are then relied on. */
  allGave(idNumbers: readonly string[], keys: readonly string[]): boolean;
  /** Notes questions that permits bound, by key, before they are asked. Resolves also when that fails: then none may be asked. */
  take(probes: readonly (Probe & { readonly key: string })[]): Promise<void>;
  /** Ids of the consents that something was released by. */
  readonly relied: ReadonlySet<string>;
}

/** Starts the look-ups of one request; `failed` is told when the store does not answer. */
export function createRequestConsents(
  consents: Consents,
  { agency, purpose }: { readonly agency: string; readonly purpose: string },
  failed: (error: unknown) => void,
  takeProbes: (probes: readonly Probe[]) => Promise<readonly ReadonlySet<string>[]>,
): RequestConsents {
  const found = new Map<string, ReadonlyMap<string, string> | 'unknown' | undefined>();
  const underWay = new Set<Promise<void>>();
  const relied = new Set<string>();
  const probed = new Map<string, ConsentState>();

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
    allGave(idNumbers, keys) {
      const consentIds: string[] = [];
      for (const idNumber of idNumbers) {
        const known = found.get(idNumber);
        if (known === undefined || known === 'unknown') return false;
        for (const key of keys) {
          const id = known.get(key);
          if (id === undefined) return false;
          consentIds.push(id);
        }
      }
      for (const id of consentIds) relied.add(id);
      return true;
    },
    async take(probes) {
      const some = probes.filter(({ idNumbers }) => idNumbers.length > 0);
      if (some.length === 0) return;
      try {
        const taken = await takeProbes(some);
        for (const [index, { key, idNumbers }] of some.entries()) {
          for (const id of idNumbers) probed.set(`${id} ${key}`, taken[index]?.has(id) === true ? 'given' : 'used-up');
        }
      } catch (error) {
        for (const { key, idNumbers } of some) for (const id of idNumbers) probed.set(`${id} ${key}`, 'unknown');
        failed(error);
      }
    },
    state(idNumber, key) {
      if (key.startsWith(PROBE_PREFIX)) return probed.get(`${idNumber} ${key}`) ?? 'missing';
      const known = found.get(idNumber);
      if (known === 'unknown') return 'unknown';
      const id = known?.get(key);
      if (id === undefined) return 'missing';
      relied.add(id);
      return 'given';
    },
  };
}
