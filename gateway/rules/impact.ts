import { argumentsReadBy } from '../policy/load.ts';
import { createJudge, decisionOf, type Judgement } from '../policy/decide.ts';
import type { ArgumentFacts, Decision, DecisionContext } from '../policy/decision.ts';
import type { Policy, PolicySet } from '../policy/policy-set.ts';
import { questionOf } from '../policy/question.ts';
import type { LoadedRegistry } from '../policy/registry-load.ts';
import { ACTIONS, scopeAdmits } from '../policy/transform-conflicts.ts';
import { compareDecisions, levelOf, type Direction, type Level } from './order.ts';
import { circumstancesOf, type Circumstances } from '../policy/circumstances.ts';

/** Rows told; what goes beyond is counted and still compared, so that nothing widens unseen. */
const ROWS_MAX = 5_000;

/** What one set of rules does beside another: every question that is answered otherwise. */
export interface Impact {
  /** Content addresses. */
  readonly before: string;
  readonly after: string;
  readonly rows: readonly ImpactRow[];
  /** Rows beyond the bound. */
  readonly omitted: number;
  readonly widened: number;
  readonly narrowed: number;
  /** Registers, by their id in the registry, on which something widens: their owners have to approve. */
  readonly registersWidened: readonly string[];
  /** Registers on which anything changes. */
  readonly registersChanged: readonly string[];
  /** Agencies whose applications get other answers. */
  readonly agenciesChanged: readonly string[];
}

/** One question with both answers. A circumstance that is null makes no difference to either set of rules. */
export interface ImpactRow extends Circumstances {
  readonly application: string;
  readonly purpose: string;
  readonly action: DecisionContext['action'];
  readonly coordinate: string;
  /** From when on, ISO 8601; null for now. Permits that end make rows of their own. */
  readonly from: string | null;
  /** Until when; null for as long as the rules stay. */
  readonly until: string | null;
  /** `apart` counts as widening: nobody can say that it gives less. */
  readonly direction: Exclude<Direction, 'same'>;
  readonly before: ImpactSide;
  readonly after: ImpactSide;
}

export interface ImpactSide {
  readonly level: Level;
  /** `transform` and `probes` of what law gives, where there are any. */
  readonly transform: string | null;
  readonly probes: number | null;
  /** Ids of the permits that give, or of the forbids that refuse. */
  readonly policies: readonly string[];
}

type CheckedSet = PolicySet & { readonly registry: LoadedRegistry };

/**
 * The difference of two decision tables over every application, purpose, action, coordinate and circumstance that some rule reads. Pure: the
 * same for the same rules, registry and moment. Both sets must be free of errors and read with the same registry and graph.
 */
export function impactOf(before: CheckedSet, after: CheckedSet, nowMs: number): Impact {
  const { registry } = after;
  const judges = [before, after].map((set) => createJudge(set, argumentsReadBy(set)));
  const [judgeBefore, judgeAfter] = judges;
  if (judgeBefore === undefined || judgeAfter === undefined) throw new Error('Two sets of rules have two judges.');
  const found = new Findings(registry, after);

  for (const application of registry.applications.values()) {
    for (const field of after.fields.values()) {
      for (const action of ACTIONS) {
        const question = questionOf(registry, application, action, field, {});
        const admitted = (set: PolicySet): readonly Policy[] => set.policies.filter((policy) => scopeAdmits(policy, question));
        const [earlier, later] = [admitted(before), admitted(after)];
        if (sameTexts(earlier, later)) continue;
        for (const circumstances of circumstancesOf([...earlier, ...later], registry, application, field)) {
          for (const purpose of application.purposes) {
            const context = contextOf(application.id, purpose, action, circumstances);
            const facts: ArgumentFacts = circumstances.arguments ?? {};
            const asked = { ...circumstances, application: application.id, purpose, action, coordinate: field.coordinate };
            const judged = [judgeBefore(context, field.coordinate, facts), judgeAfter(context, field.coordinate, facts)] as const;
            found.add(asked, judged, nowMs);
          }
        }
      }
    }
  }
  return { before: before.version, after: after.version, ...found.summary() };
}

type Asked = Omit<ImpactRow, 'from' | 'until' | 'direction' | 'before' | 'after'>;

class Findings {
  readonly #registry: LoadedRegistry;
  readonly #set: PolicySet;
  readonly #rows: ImpactRow[] = [];
  #omitted = 0;
  #widened = 0;
  #narrowed = 0;
  readonly #registersWidened = new Set<string>();
  readonly #registersChanged = new Set<string>();
  readonly #agencies = new Set<string>();

  constructor(registry: LoadedRegistry, set: PolicySet) {
    this.#registry = registry;
    this.#set = set;
  }

  /** Compares at this moment and whenever a permit that takes part ends. */
  add(asked: Asked, [before, after]: readonly [Judgement, Judgement], nowMs: number): void {
    const ends = [...before.permits, ...after.permits].map(({ endsAtMs }) => endsAtMs).filter((end) => end > nowMs && end < Infinity);
    const moments = [nowMs, ...new Set(ends)].toSorted((a, b) => a - b);
    const spans: {
      readonly fromMs: number;
      readonly key: string;
      readonly sides: Pick<ImpactRow, 'before' | 'after'>;
      readonly direction: Direction;
    }[] = [];
    for (const fromMs of moments) {
      const [earlier, later] = [decided(before, fromMs), decided(after, fromMs)];
      const direction = compareDecisions(earlier, later);
      const sides = { before: sideOf(earlier), after: sideOf(later) };
      const key = direction === 'same' ? '' : JSON.stringify([direction, sides]);
      if (spans.at(-1)?.key !== key) spans.push({ fromMs, key, sides, direction });
    }
    for (const [index, { fromMs, sides, direction }] of spans.entries()) {
      if (direction === 'same') continue;
      const end = spans[index + 1]?.fromMs;
      const from = fromMs === nowMs ? null : new Date(fromMs).toISOString();
      this.#note({ ...asked, ...sides, from, until: end === undefined ? null : new Date(end).toISOString(), direction });
    }
  }

  summary(): Omit<Impact, 'before' | 'after'> {
    return {
      rows: this.#rows,
      omitted: this.#omitted,
      widened: this.#widened,
      narrowed: this.#narrowed,
      registersWidened: [...this.#registersWidened].toSorted(),
      registersChanged: [...this.#registersChanged].toSorted(),
      agenciesChanged: [...this.#agencies].toSorted(),
    };
  }

  #note(row: ImpactRow): void {
    if (this.#rows.length < ROWS_MAX) this.#rows.push(row);
    else this.#omitted += 1;
    const widens = row.direction !== 'narrower';
    if (widens) this.#widened += 1;
    else this.#narrowed += 1;
    for (const subgraph of this.#set.fields.get(row.coordinate)?.subgraphs ?? []) {
      const id = this.#registry.registers.get(subgraph)?.id;
      if (id === undefined) continue;
      this.#registersChanged.add(id);
      if (widens) this.#registersWidened.add(id);
    }
    const agency = this.#registry.applications.get(row.application)?.agency;
    if (agency !== undefined) this.#agencies.add(agency);
  }
}

/** The decision at a moment. Neither the code of a refusal nor when it ends is part of what is compared. */
function decided({ permits, forbids, failed }: Judgement, atMs: number): Decision {
  if (failed.length > 0) return refused(failed);
  return forbids.length > 0 ? refused(forbids) : decisionOf(permits, atMs);
}

function refused(policies: readonly string[]): Decision {
  return { kind: 'refused', code: 'FIELD_NOT_PERMITTED', policies, expiresAtMs: Infinity };
}

/** What a decision says, for people and programs. */
export function sideOf(decision: Decision): ImpactSide {
  const level = levelOf(decision);
  if (decision.kind === 'refused') return { level, transform: null, probes: null, policies: decision.policies };
  const rungs = [decision.law, decision.consent].filter((rung) => rung !== undefined);
  const [best] = rungs;
  return {
    level,
    transform: best?.transform ?? null,
    probes: best?.probesMax ?? null,
    policies: rungs.map(({ policyId }) => policyId),
  };
}

/** A question in circumstances; what makes no difference is taken as it is for an unknown officer who did not log in. */
export function contextOf(application: string, purpose: string, action: DecisionContext['action'], at: Circumstances): DecisionContext {
  return {
    action,
    application,
    officerRole: at.officerRole === null || at.officerRole === '' ? undefined : at.officerRole,
    purpose,
    assurance: at.assurance ?? 0,
    emergency: at.emergency ?? false,
    self: at.self ?? false,
  };
}

function sameTexts(some: readonly Policy[], others: readonly Policy[]): boolean {
  const texts = (policies: readonly Policy[]): string => JSON.stringify(policies.map(({ source }) => source.text).toSorted());
  return texts(some) === texts(others);
}
