import type { Classification } from '../../platform/classification.ts';
import type { Database } from '../../platform/database.ts';
import { byCoordinate, type LabelOf } from './labels.ts';
import { insertGroupVersion, readGroupVersions, type GroupVersionRow } from './store.ts';

/** The groups that people can consent to, each with the fields that it has and had. */
export interface ConsentGroups {
  readonly current: ReadonlyMap<string, ConsentGroup>;
  /** The key under which consent to a coordinate is found: its group, and the version in which it joined for good. */
  readonly keyOf: (coordinate: string) => string | undefined;
  /** The keys that a consent to a version of a group opens. */
  readonly keysOf: (group: string, version: number) => readonly string[];
  readonly labelOf: LabelOf;
}

export interface ConsentGroup {
  readonly name: string;
  readonly version: number;
  readonly coordinates: readonly string[];
  readonly sensitive: boolean;
}

/** Reads the groups of the graph and notes in the database when one has other fields than before. Replicas may do so at once. */
export async function loadConsentGroups(
  database: Database,
  { personal }: Classification,
  clock: () => number,
  labelOf: LabelOf = byCoordinate,
): Promise<ConsentGroups> {
  const now = new Map<string, { readonly coordinates: string[]; sensitive: boolean }>();
  for (const [coordinate, field] of personal) {
    const group = now.get(field.group) ?? { coordinates: [], sensitive: false };
    now.set(field.group, group);
    group.coordinates.push(coordinate);
    group.sensitive ||= field.class === 'SENSITIVE';
  }
  const before = await readVersions(database);
  for (const [name, { coordinates }] of now) {
    const last = before.get(name)?.at(-1);
    const sorted = coordinates.toSorted();
    if (last !== undefined && last.coordinates.join() === sorted.join()) continue;
    await insertGroupVersion(database, { group_name: name, version: (last?.version ?? 0) + 1, coordinates: sorted }, new Date(clock()));
  }
  return { ...groupsOf(await readVersions(database), now), labelOf };
}

async function readVersions(database: Database): Promise<ReadonlyMap<string, readonly GroupVersionRow[]>> {
  return Map.groupBy(await readGroupVersions(database), ({ group_name }) => group_name);
}

function groupsOf(
  versions: ReadonlyMap<string, readonly GroupVersionRow[]>,
  now: ReadonlyMap<string, { readonly sensitive: boolean }>,
): Omit<ConsentGroups, 'labelOf'> {
  const current = new Map<string, ConsentGroup>();
  const keys = new Map<string, string>();
  const joins = new Map<string, Set<number>>();
  for (const [name, { sensitive }] of now) {
    const history = versions.get(name) ?? [];
    const last = history.at(-1);
    if (last === undefined) continue;
    current.set(name, { name, version: last.version, coordinates: last.coordinates, sensitive });
    const joined = new Set<number>();
    joins.set(name, joined);
    for (const coordinate of last.coordinates) {
      const since = joinedIn(history, coordinate);
      joined.add(since);
      keys.set(coordinate, keyOf(name, since));
    }
  }
  return {
    current,
    keyOf: (coordinate) => keys.get(coordinate),
    keysOf: (group, version) => [...(joins.get(group) ?? [])].filter((since) => since <= version).map((since) => keyOf(group, since)),
  };
}

/** The version since which a field is in its group without a break: who consented before did not see it. */
function joinedIn(history: readonly GroupVersionRow[], coordinate: string): number {
  const absent = history.findLastIndex(({ coordinates }) => !coordinates.includes(coordinate));
  return history[absent + 1]?.version ?? 1;
}

function keyOf(group: string, since: number): string {
  return `${group}#${since}`;
}
