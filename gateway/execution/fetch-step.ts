import { compileContext, type ContextOf } from './contexts.ts';
import type { Data } from './data.ts';
import { absorbEntities, absorbFields, type Intake } from './fetch-absorb.ts';
import type { Lookup } from './lookups.ts';
import { askedBy, type Merger } from './merge.ts';
import type { FetchNode } from './plan-nodes.ts';
import { located, objectsAt, type Located, type PlanPath } from './plan-path.ts';
import type { Begin, FetchPart, Run, Step, TakeIn } from './plan-run.ts';
import { readNow, type FetchAnswer, type SubgraphOutcome } from './reply.ts';
import { compileRepresent, type Represent } from './representations.ts';
import { compileRewrites } from './rewrites.ts';
import type { TypeNames } from './type-names.ts';

export interface FetchParts {
  readonly types: TypeNames;
  readonly merger: Merger;
  /** Objects around an entity decide its arguments, so equal entities may not share objects. */
  readonly copies: boolean;
}

interface Fetch extends Intake {
  readonly represent: Represent | undefined;
  readonly contextOf: ContextOf | undefined;
}

/**
 * Compiles a fetch at a place of the answer, the next of `fetches`; for a look-up the one that `finds` its people. Running it gives undefined
 * when there is nothing to fetch.
 */
export function compileFetch(
  node: FetchNode,
  fetches: readonly FetchPart[],
  path: PlanPath,
  parts: FetchParts,
  finds: Lookup | undefined,
): { readonly part: FetchPart; readonly step: Step } {
  const { types, merger, copies } = parts;
  const { serviceName, operation, operationName, operationKind, requires, contextRewrites = [], outputRewrites } = node;
  const isEntities = requires !== undefined;
  const part: FetchPart = { index: fetches.length, subgraph: serviceName, operation, operationName, operationKind, isEntities };
  const fetch: Fetch = {
    part,
    path,
    asked: askedBy(operation, isEntities, outputRewrites),
    represent: requires && compileRepresent(requires, node.inputRewrites, types),
    contextOf: contextRewrites.length === 0 ? undefined : compileContext(contextRewrites, types),
    rewriteOutput: compileRewrites(outputRewrites, types),
    renamed: new Map(
      (outputRewrites ?? []).flatMap((one) => (one.kind === 'KeyRenamer' ? [[one.path.at(-1) ?? '', one.renameKeyTo]] : [])),
    ),
    copies,
    merger,
    finds,
  };
  const names = node.variableUsages ?? [];
  if (fetch.contextOf) {
    const { contextOf } = fetch;
    return { part, step: (run) => fetchByContext(fetch, contextOf, pickVariables(names, run.variables), run) };
  }
  const begin: Begin = (run) => {
    const variables = pickVariables(names, run.variables);
    const targets = objectsAt(run.root, path);
    if (targets.length === 0) return undefined;
    return fetch.represent ? fetchEntities(fetch, fetch.represent, targets, variables, run) : fetchFields(fetch, targets, variables, run);
  };
  return { part, step: Object.assign((run: Run) => begin(run)?.then((takeIn) => takeIn()), { begin }) };
}

function pickVariables(names: readonly string[], all: Readonly<Record<string, unknown>>): Data {
  const variables: Data = {};
  for (const name of names) {
    const value = Object.hasOwn(all, name) ? all[name] : undefined;
    if (value !== undefined) variables[name] = value;
  }
  return variables;
}

/** Fields of a root type: those of the operation, or of one that stands inside an answer (`mutation { done { query { … } } }`). */
function fetchFields(fetch: Fetch, targets: readonly Data[], variables: Data, run: Run): Promise<TakeIn> {
  return run.call(fetch.part, variables).then((answer) => takingIn(answer, (outcome) => absorbFields(fetch, targets, outcome, run)));
}

function fetchEntities(
  fetch: Fetch,
  represent: Represent,
  targets: readonly Data[],
  variables: Data,
  run: Run,
): Promise<TakeIn> | undefined {
  const batch = represent(targets);
  if (batch.representations.length === 0) return undefined;
  variables['representations'] = batch.representations;
  const absorb = (outcome: SubgraphOutcome): void => absorbEntities(fetch, batch, targets, undefined, outcome, run);
  return run.call(fetch.part, variables).then((answer) => takingIn(answer, absorb));
}

function takingIn(answer: FetchAnswer, absorb: (outcome: SubgraphOutcome) => void): TakeIn {
  return () => {
    const outcome = readNow(answer);
    return outcome instanceof Promise ? outcome.then(absorb) : absorb(outcome);
  };
}

/**
 * Entities whose arguments come from the objects around them: one call for each set of arguments, with the operation as it was planned,
 * since grants are for its exact text.
 */
function fetchByContext(fetch: Fetch, contextOf: ContextOf, variables: Data, run: Run): Promise<void> | undefined {
  const groups = new Map<string, { readonly context: Data; readonly entities: Located[] }>();
  for (const entity of located(run.root, fetch.path)) {
    const context = contextOf(entity);
    const key = JSON.stringify(context);
    const group = groups.get(key) ?? { context, entities: [] };
    groups.set(key, group);
    group.entities.push(entity);
  }
  const calls: Promise<void>[] = [];
  for (const { context, entities } of groups.values()) {
    const targets = entities.flatMap(({ line }) => line.slice(-1));
    const own: Data = { ...variables, ...context };
    const batch = fetch.represent?.(targets);
    if (batch === undefined) {
      calls.push(fetchFields(fetch, targets, own, run).then((takeIn) => takeIn()));
    } else if (batch.representations.length > 0) {
      own['representations'] = batch.representations;
      const absorb = (outcome: SubgraphOutcome): void => absorbEntities(fetch, batch, targets, entities, outcome, run);
      calls.push(run.call(fetch.part, own).then((answer) => takingIn(answer, absorb)()));
    }
  }
  return calls.length === 0 ? undefined : Promise.all(calls).then(() => undefined);
}
