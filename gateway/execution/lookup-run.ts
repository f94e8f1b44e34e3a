import type { SubgraphError } from '../apollo.ts';
import { isData, type Data, type Key } from './data.ts';
import type { Lookup } from './lookups.ts';
import type { Asked } from './merge.ts';
import type { Finding, Run, Step } from './plan-run.ts';

/** With the names under which the plan takes the key from the root. */
interface CompiledLookup extends Lookup {
  readonly keyNames: readonly string[];
}

type Path = readonly (string | number)[];

/**
 * Makes the step that runs a plan of look-ups. People are put at its root by the keys that the arguments name, under each of the names by
 * which the plan takes the key from there (`peopleKeys`, by name of the root), and taken out again when it is found that they are not there. INVARIANT: nothing that was said of somebody who is not there is told or kept; that they were asked for
 * elsewhere at the same time must not show.
 */
export function withLookups(
  step: Step | undefined,
  planned: readonly Lookup[],
  peopleKeys: ReadonlyMap<string, ReadonlySet<string>>,
): Step | undefined {
  if (step === undefined || planned.length === 0) return step;
  const lookups = planned.map((lookup): CompiledLookup => {
    const { dataKey, keyField } = lookup;
    return { ...lookup, keyNames: [...new Set([keyField, ...(peopleKeys.get(dataKey.name) ?? [])])] };
  });
  return (run) => {
    for (const lookup of lookups) run.root[lookup.dataKey.name] = seedsOf(lookup, run.variables);
    const lost = new Set<Data>();
    const failed = new Set<Key>();
    const told: (readonly [SubgraphError, Path])[] = [];
    const unavailable: (readonly [Path, Asked])[] = [];
    const finding: Finding = {
      tell: (error, path) => run.tell(error, path),
      tellUnavailable: (path, asked) => run.tellUnavailable(path, asked),
      lost: (person) => void lost.add(person),
      failed: ({ dataKey }) => void failed.add(dataKey),
    };
    const early: Run = {
      ...run,
      finding,
      tell: (error, path) => void told.push([error, path]),
      tellUnavailable: (path, asked) => void unavailable.push([path, asked]),
    };
    return step(early)?.then(() => {
      const isThere = (path: Path): boolean => lost.size === 0 || someThere(run.root, path, lost);
      for (const [error, path] of told) if (isThere(path)) run.tell(error, path);
      for (const [path, asked] of unavailable) if (isThere(path)) run.tellUnavailable(path, asked);
      if (lost.size > 0) for (const { dataKey } of lookups) takeOut(run.root, dataKey, lost);
      for (const { name } of failed) run.root[name] = null;
    });
  };
}

function seedsOf({ type, keyNames, isList, idsFrom }: CompiledLookup, variables: Run['variables']): Data | readonly Data[] | null {
  const seeds = idsFrom(variables).map((id) => {
    const seed: Data = { __typename: type };
    for (const name of keyNames) seed[name] = id;
    return seed;
  });
  return isList ? seeds : (seeds[0] ?? null);
}

/** Whether anybody of whom something is told at this place is there; without an index it is about all people of a list. */
function someThere(root: Data, [name = '', index]: Path, lost: ReadonlySet<Data>): boolean {
  const value = root[String(name)];
  if (!Array.isArray(value)) return !isData(value) || !lost.has(value);
  const people: readonly unknown[] = typeof index === 'number' ? [value[index]] : value;
  return people.some((person) => !isData(person) || !lost.has(person));
}

function takeOut(root: Data, { name }: Key, lost: ReadonlySet<Data>): void {
  const value = root[name];
  if (Array.isArray(value)) root[name] = value.map((person: Data) => (lost.has(person) ? null : person));
  else if (isData(value) && lost.has(value)) root[name] = null;
}
