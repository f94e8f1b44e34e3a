import type { PlanNode, QueryPlan } from '../apollo.ts';
import { compileFetch, type FetchParts } from './fetch-step.ts';
import { finderOf, isFinder, pathOf, withKey } from './lookup-finders.ts';
import type { Lookup } from './lookups.ts';
import { askedBy, createMerger } from './merge.ts';
import { PEOPLE_SUBGRAPH } from './people-roots.ts';
import { usesContext, type FetchNode } from './plan-nodes.ts';
import { planPath } from './plan-path.ts';
import type { Begin, FetchPart, Run, Step, TakeIn } from './plan-run.ts';
import type { TypeNames } from './type-names.ts';

export interface CompiledPlan {
  /** Undefined when nothing is fetched. */
  readonly step: Step | undefined;
  readonly fetches: readonly FetchPart[];
  /** Roots of people with the names under which the plan takes their key from there: clients give it others. */
  readonly peopleKeys: ReadonlyMap<string, ReadonlySet<string>>;
}

/**
 * Compiles a plan of Apollo's planner. Its fetches are added to `fetches`, which may hold those of other plans of the same execution; a
 * fetch of people as such is none, since whoever runs the plan puts them at its root. Throws on what is refused before planning: `@defer`
 * and subscriptions.
 */
export function compilePlan(
  { node }: QueryPlan,
  types: TypeNames,
  fetches: FetchPart[] = [],
  lookups: readonly Lookup[] = [],
): CompiledPlan {
  const parts: FetchParts = { types, merger: createMerger(types.objects), copies: usesContext(node) };
  const compiler = new PlanCompiler(parts, fetches, lookups);
  const planned = compiler.node(node, []);
  const others = compiler.findersMissing();
  const step = others.length === 0 ? planned : inParallel(planned === undefined ? others : [planned, ...others]);
  return { step, fetches, peopleKeys: compiler.peopleKeys };
}

type Path = readonly (string | number)[];

class PlanCompiler {
  readonly peopleKeys = new Map<string, Set<string>>();
  readonly #parts: FetchParts;
  readonly #fetches: FetchPart[];
  /** Look-ups by whose fetch people are found; each is found by one. */
  readonly #unfound: Set<Lookup>;

  constructor(parts: FetchParts, fetches: FetchPart[], lookups: readonly Lookup[]) {
    this.#parts = parts;
    this.#fetches = fetches;
    this.#unfound = new Set(lookups);
  }

  node(node: PlanNode | undefined, path: Path): Step | undefined {
    switch (node?.kind) {
      case undefined:
        return undefined;
      case 'Sequence':
        return inSequence(this.#steps(node.nodes, path));
      case 'Parallel':
        return inParallel(this.#steps(node.nodes, path));
      case 'Flatten':
        return this.node(node.node, [...path, ...node.path]);
      case 'Condition': {
        const whenTrue = this.node(node.ifClause, path);
        const whenFalse = this.node(node.elseClause, path);
        const { condition } = node;
        return (run) => (run.variables[condition] === true ? whenTrue : whenFalse)?.(run);
      }
      case 'Fetch':
        return this.#fetch(node, path);
      case 'Defer':
      case 'Subscription':
        throw new Error('Incremental delivery and subscriptions are refused before planning.');
    }
  }

  /** Fetches that look for the people of whom the plan asks their own subgraph nothing else. */
  findersMissing(): readonly Step[] {
    return [...this.#unfound].map((lookup) => this.#add(finderOf(lookup), pathOf(lookup), lookup));
  }

  #steps(nodes: readonly PlanNode[], path: Path): readonly Step[] {
    return nodes.flatMap((node) => this.node(node, path) ?? []);
  }

  #fetch(node: FetchNode, path: Path): Step | undefined {
    if (node.serviceName === PEOPLE_SUBGRAPH) {
      for (const { key, inner } of askedBy(node.operation, false, undefined).fields) {
        const names = inner?.fields.map((field) => field.key.name).filter((name) => name !== '__typename');
        this.peopleKeys.set(key.name, (this.peopleKeys.get(key.name) ?? new Set()).union(new Set(names)));
      }
      return undefined;
    }
    const lookup = [...this.#unfound].find((one) => isFinder(node, path, one));
    return lookup === undefined ? this.#add(node, path, undefined) : this.#add(withKey(node, lookup), path, lookup);
  }

  #add(node: FetchNode, path: Path, finds: Lookup | undefined): Step {
    if (finds !== undefined) this.#unfound.delete(finds);
    const { part, step } = compileFetch(node, this.#fetches, planPath(path), this.#parts, finds);
    this.#fetches.push(part);
    return step;
  }
}

/** One after the other, without a turn of the event loop between steps that do not wait. */
function inSequence(steps: readonly Step[]): Step {
  const from = (run: Run, first: number): Promise<void> | undefined => {
    for (let at = first; at < steps.length; at += 1) {
      const underWay = steps[at]?.(run);
      if (underWay !== undefined) return underWay.then(() => from(run, at + 1));
    }
    return undefined;
  };
  return (run) => from(run, 0);
}

function inParallel(steps: readonly Step[]): Step {
  const begins = steps.flatMap(({ begin }) => begin ?? []);
  if (begins.length === steps.length) return together(begins);
  return (run) => {
    const underWay: Promise<void>[] = [];
    for (const step of steps) {
      const started = step(run);
      if (started !== undefined) underWay.push(started);
    }
    const [only] = underWay;
    if (underWay.length < 2) return only;
    return Promise.all(underWay).then(() => undefined);
  };
}

/** Fetches on which nothing else waits one by one: their answers are read when all have come, in the order of the plan. */
function together(begins: readonly Begin[]): Step {
  return (run) => {
    const underWay = begins.flatMap((begin) => begin(run) ?? []);
    return underWay.length === 0 ? undefined : Promise.all(underWay).then(takeAllIn);
  };
}

function takeAllIn(all: readonly TakeIn[]): Promise<void> | void {
  const waits = all.flatMap((takeIn) => takeIn() ?? []);
  return waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined);
}
