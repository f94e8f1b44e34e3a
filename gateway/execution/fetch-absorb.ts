import type { SubgraphError } from '../apollo.ts';
import { isData, type Data } from './data.ts';
import type { SubgraphOutcome } from './reply.ts';
import type { Lookup } from './lookups.ts';
import type { Asked, Merger } from './merge.ts';
import { located, namesOf, type Located, type PlanPath } from './plan-path.ts';
import type { FetchPart, Run } from './plan-run.ts';
import type { Batch } from './representations.ts';
import type { Rewrite } from './rewrites.ts';

/** How the answers of one fetch of a plan are taken in. */
export interface Intake {
  readonly part: FetchPart;
  readonly path: PlanPath;
  readonly asked: Asked;
  readonly rewriteOutput: Rewrite | undefined;
  /** Names that output rewrites replaced, for the paths of errors. */
  readonly renamed: ReadonlyMap<string, string>;
  /** Objects around an entity decide its arguments, so equal entities may not share objects. */
  readonly copies: boolean;
  readonly merger: Merger;
  /** The look-up whose people this fetch finds. */
  readonly finds: Lookup | undefined;
}

/** Takes the fields of a root type in: those of the operation, or of a root that stands inside an answer. */
export function absorbFields(fetch: Intake, targets: readonly Data[], outcome: SubgraphOutcome, run: Run): void {
  const data = dataOf(fetch, outcome, run, (path, error) => {
    const [first] = located(run.root, fetch.path);
    run.tell(error, [...(first?.path ?? []), ...renamed(fetch, path)]);
  });
  if (data === undefined) return;
  fetch.rewriteOutput?.(data);
  for (const [index, target] of targets.entries()) mergeInto(fetch, target, data, index > 0);
}

/** Takes entities in, each for every object that its representation stands for. */
export function absorbEntities(
  fetch: Intake,
  { representations, indexOf }: Batch,
  targets: readonly Data[],
  entities: readonly Located[] | undefined,
  outcome: SubgraphOutcome,
  run: Run,
): void {
  const finding = fetch.finds && run.finding;
  const taken = takeEntities(fetch, { representations, indexOf }, targets, entities, outcome, finding ? { ...run, ...finding } : run);
  if (finding === undefined || fetch.finds === undefined) return;
  if (taken === undefined) finding.failed(fetch.finds);
  for (const [at, target] of targets.entries()) if (taken?.has(indexOf[at] ?? -1) !== true) finding.lost(target);
}

/** Gives the indices of the representations whose entities came; undefined when the answer as a whole is none. */
function takeEntities(
  fetch: Intake,
  { representations, indexOf }: Batch,
  targets: readonly Data[],
  entities: readonly Located[] | undefined,
  outcome: SubgraphOutcome,
  run: Run,
): ReadonlySet<number> | undefined {
  let places: ReadonlyMap<number | undefined, readonly Located[]> | undefined;
  const placesOf = (index: number): readonly Located[] => {
    places ??= Map.groupBy(entities ?? located(run.root, fetch.path), (_, at) => indexOf[at]);
    return places.get(index) ?? [];
  };
  const failed = new Set<unknown>();
  const data = dataOf(fetch, outcome, run, (path, error) => {
    const [field, index, ...rest] = path;
    const stands = field === '_entities' && typeof index === 'number' ? placesOf(index) : [];
    if (stands.length === 0) tellFetchError(fetch, error, run);
    else failed.add(index);
    // Everyone for whom the entity stands has its error, as if each had been asked for alone.
    for (const place of stands) run.tell(error, [...place.path, ...renamed(fetch, rest)]);
  });
  if (data === undefined) return undefined;
  const list = data['_entities'];
  if (!Array.isArray(list) || list.length !== representations.length) {
    // A null with errors has said why it is null.
    const explained = (list === null || list === undefined) && outcome.kind === 'answered' && outcome.errors.length > 0;
    if (!explained) distrust(fetch, 'entities that are no list of the length asked for', run);
    return undefined;
  }
  const given = new Set<number>();
  for (const [at, target] of targets.entries()) {
    const index = indexOf[at] ?? -1;
    const entity: unknown = list[index];
    if (index < 0) continue;
    if (isData(entity) && isOfKey(fetch, entity, representations[index])) {
      if (!given.has(index)) fetch.rewriteOutput?.(entity);
      mergeInto(fetch, target, entity, given.has(index));
      given.add(index);
    } else if (entity === null) {
      if (!failed.has(index)) setNulls(fetch.asked, target);
    } else if (!failed.has(index)) {
      failed.add(index);
      run.distrusted(fetch.part, isData(entity) ? 'an entity of another key' : 'an entity that is no object');
      for (const place of placesOf(index)) run.tellUnavailable(place.path, askedOf(fetch));
    }
  }
  return given;
}

/** Whoever finds somebody says whom: another's data must not be taken for theirs. */
function isOfKey({ finds }: Intake, entity: Data, representation: Data | undefined): boolean {
  return finds === undefined || String(entity[finds.keyField]) === String(representation?.[finds.keyField]);
}

/** Who is not found is not there as a whole, and not some fields of theirs. */
function askedOf({ finds, asked }: Intake): Asked {
  return finds === undefined ? asked : NOTHING;
}

const NOTHING: Asked = { fields: [] };

/** An entity that its subgraph does not have: its fields are known to be null, and what requires them can be computed from that. */
function setNulls(asked: Asked, target: Data): void {
  for (const { key } of asked.fields) if (!Object.hasOwn(target, key.name)) target[key.name] = null;
}

function mergeInto(fetch: Intake, target: Data, source: Data, again: boolean): void {
  if (again && fetch.copies) fetch.merger.mergeCopy(fetch.asked, target, source);
  else fetch.merger.merge(fetch.asked, target, source);
}

type Place = (path: readonly (string | number)[], error: SubgraphError) => void;

/** The data of an answer, after its errors were told; undefined when there is none. */
function dataOf(fetch: Intake, outcome: SubgraphOutcome, run: Run, place: Place): Data | undefined {
  if (outcome.kind === 'unavailable') {
    run.tellUnavailable(namesOf(fetch.path), askedOf(fetch));
    return undefined;
  }
  for (const error of outcome.errors) {
    if (error.path === undefined || error.path.length === 0) tellFetchError(fetch, error, run);
    else place(error.path, error);
  }
  if (isData(outcome.data)) return outcome.data;
  if (outcome.errors.length === 0) distrust(fetch, 'neither data nor errors', run);
  return undefined;
}

/** An error that says nothing of where: it belongs to the objects that the fetch was about. */
function tellFetchError(fetch: Intake, error: SubgraphError, run: Run): void {
  run.tell(error, namesOf(fetch.path));
}

function renamed(fetch: Intake, path: readonly (string | number)[]): readonly (string | number)[] {
  return fetch.renamed.size === 0 ? path : path.map((part) => (typeof part === 'string' ? (fetch.renamed.get(part) ?? part) : part));
}

function distrust(fetch: Intake, why: string, run: Run): void {
  run.distrusted(fetch.part, why);
  run.tellUnavailable(namesOf(fetch.path), askedOf(fetch));
}
