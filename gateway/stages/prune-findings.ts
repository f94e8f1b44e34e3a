import type { ProbeKey } from '../execution/people.ts';
import type { GatedField, Site } from '../execution/shape.ts';
import type { Rung } from '../policy/decision.ts';
import type { Consented, Released, Withheld } from './decide.ts';
import type { FieldRefusal } from './prune.ts';

/** A place where a person stands, while it is being found out what of them is disclosed. */
export interface MutableSite extends Site {
  readonly released: Set<string>;
  readonly withheld: Set<string>;
  readonly transformed: Set<string>;
  readonly gated: GatedField[];
}

/** Where something is released: whose it is, behind which consents, and in which round it is fetched. */
export interface Standing {
  readonly site: MutableSite | undefined;
  readonly gate: readonly string[];
  readonly round: number;
}

/** What a walk over a document finds out about disclosure, place by place and in all. */
export class PruneFindings {
  readonly refusals = new Map<string, FieldRefusal>();
  readonly released = new Set<string>();
  /** Released to those who consent. */
  readonly consented = new Set<string>();
  /** Read only to learn whom a record names. */
  readonly inputs = new Set<string>();
  readonly bases = new Map<string, string>();
  /** For each basis the texts of law that were relied on. */
  readonly references = new Map<string, Set<string>>();
  readonly probes = new Map<string, ProbeKey>();
  /** Days for which the people concerned are not shown it: the longest of what was relied on. */
  hiddenDays = 0;

  release({ coordinate, rung, more }: Released, { site, gate, round }: Standing): void {
    (round === 0 && gate.length === 0 ? this.released : this.consented).add(coordinate);
    if (rung) this.#rely(coordinate, rung);
    const given = rung?.transform === undefined ? 'released' : 'transformed';
    if (more !== undefined) site?.gated.push({ coordinate, keys: [...gate, more.key], given: 'released', missing: 'transformed' });
    else if (gate.length > 0) site?.gated.push({ coordinate, keys: gate, given, missing: 'withheld' });
    else site?.[given].add(coordinate);
  }

  releaseByConsent({ coordinate, consent }: Consented, { site, gate }: Standing): void {
    this.consented.add(coordinate);
    this.#rely(coordinate, consent.rung);
    const given = consent.rung.transform === undefined ? 'released' : 'transformed';
    site?.gated.push({ coordinate, keys: [...gate, consent.key], given, missing: 'withheld' });
  }

  refuse(outcome: Withheld, path: readonly string[], site: MutableSite | undefined): void {
    site?.withheld.add(outcome.coordinate);
    const key = JSON.stringify([path, outcome.code]);
    const { coordinate, code, group } = outcome;
    // The first of several implementors' names it.
    if (!this.refusals.has(key)) this.refusals.set(key, { path, coordinate, code, group });
  }

  #rely(coordinate: string, { basis, reference, hiddenDays = 0 }: Rung): void {
    this.hiddenDays = Math.max(this.hiddenDays, hiddenDays);
    if (!this.bases.has(coordinate)) this.bases.set(coordinate, basis);
    if (reference === undefined) return;
    const known = this.references.get(basis);
    if (known) known.add(reference);
    else this.references.set(basis, new Set([reference]));
  }
}
