import { getArgumentValues } from 'graphql';
import type { SubgraphError } from '../apollo.ts';
import type { RequestConsents } from '../consent/request.ts';
import type { Data } from './data.ts';
import type { Asked } from './merge.ts';
import { CONSENT_MISSING, CONSENT_UNKNOWN, PROBES_USED_UP, type NamedCheck, type PeoplePlace, type ProbeKey } from './people.ts';
import type { CompiledPart, CompiledPeople, CompiledPlace, CompiledRoot, CompiledRound } from './people-compile.ts';
import { idOf, visitAt, visitHolders, visitPlaces } from './people-ways.ts';
import type { Run } from './plan-run.ts';

type Path = readonly (string | number)[];
type Ids = ReadonlyMap<PeoplePlace, readonly string[]>;

/** What a round fetched, to be merged once the objects of its people are there. */
interface Fetched {
  readonly round: CompiledRound;
  readonly root: Data;
  readonly idsOf: ReadonlyMap<CompiledPart, readonly string[]>;
  readonly told: readonly (readonly [SubgraphError, Path])[];
  readonly unavailable: readonly (readonly [Path, Asked])[];
}

/**
 * Fetches what depends on consent, round by round, into the data of a run. INVARIANT: nothing that needs a person's consent is asked of a
 * subgraph before that consent was found in this request; what is about several people, of whom some are known only by the answer, is
 * taken out of the data before anything else sees it.
 */
export async function runPeople(
  people: CompiledPeople,
  consents: RequestConsents,
  run: Run,
  main: Promise<void> | undefined,
): Promise<void> {
  const { early, later, roots } = people;
  const known = new Map(early.places.map(({ place, idsFrom }) => [place, [...new Set(idsFrom?.(run.variables))]]));
  const rootIds = roots.map(({ idsFrom }) => idsFrom(run.variables));
  const before = consents.ask([...[...known.values()].flat(), ...rootIds.flat()]);
  const first = before.then(async () => {
    await takeProbes(early, known, people, consents, run);
    return fetchRound(early, known, consents, run);
  });
  const askedRoots = roots.map(async (root, index) => before.then(async () => runRoot(root, rootIds[index] ?? [], people, consents, run)));
  const [fetched] = await Promise.all([first, main, ...askedRoots]);
  absorb(fetched, people, run);
  await settle(early, later[0], consents, run);
  for (const [index, round] of later.entries()) {
    const ids = new Map(round.places.map(({ place }) => [place, idsAt(run.root, place)]));
    await consents.ask([...ids.values()].flat());
    await takeProbes(round, ids, people, consents, run);
    absorb(await fetchRound(round, ids, consents, run), people, run);
    await settle(round, later[index + 1], consents, run);
  }
}

/** Notes bounded questions to the people of whom everything else allows them to be asked. */
async function takeProbes(round: CompiledRound, ids: Ids, { probes }: CompiledPeople, consents: RequestConsents, run: Run): Promise<void> {
  if (probes.size === 0) return;
  const asked = round.parts.flatMap(({ place, keys }) =>
    keys.flatMap((key) => {
      const probe = probes.get(key);
      if (probe === undefined) return [];
      const others = keys.filter((other) => !probes.has(other));
      const idNumbers = (ids.get(place) ?? []).filter((id) => others.every((other) => consents.state(id, other) === 'given'));
      return [{ ...probeOf(probe, run), idNumbers }];
    }),
  );
  await consents.take(asked);
}

function probeOf({ key, coordinate, max, node, field }: ProbeKey, { variables }: Run) {
  return { key, coordinate, max, question: JSON.stringify(getArgumentValues(field, node, { ...variables })) };
}

/** Asks for what people have consented to, and for what needs no consent of those who are known only now. */
async function fetchRound(round: CompiledRound, ids: Ids, consents: RequestConsents, run: Run): Promise<Fetched> {
  const idsOf = new Map<CompiledPart, readonly string[]>();
  const root: Data = {};
  for (const part of round.parts) {
    const { type } = part.place;
    const admitted = (ids.get(part.place) ?? []).filter((id) => part.keys.every((key) => consents.state(id, key) === 'given'));
    idsOf.set(part, admitted);
    root[part.alias] = admitted.map((id) => ({ __typename: type, ...Object.fromEntries(part.keyNames.map((name) => [name, id])) }));
  }
  const told: [SubgraphError, Path][] = [];
  const unavailable: [Path, Asked][] = [];
  const isEmpty = [...idsOf.values()].every(({ length }) => length === 0);
  if (!isEmpty && round.step !== undefined) {
    const own: Run = {
      ...run,
      root,
      tell: (error, path) => void told.push([error, path]),
      tellUnavailable: (path, asked) => void unavailable.push([path, asked]),
    };
    await round.step(own);
  }
  return { round, root, idsOf, told, unavailable };
}

/** Merges what was fetched into the objects of the people, wherever each stands, and tells errors at their places there. */
function absorb({ round, root, idsOf, told, unavailable }: Fetched, { merger }: CompiledPeople, run: Run): void {
  for (const part of round.parts) {
    const list = root[part.alias];
    if (!Array.isArray(list)) continue;
    const byId = new Map((idsOf.get(part) ?? []).map((id, index) => [id, list[index] as Data]));
    if (byId.size === 0) continue;
    visitPeople(run.root, part.place, (person, id) => {
      const entity = byId.get(id);
      if (entity !== undefined) merger.merge(part.asked, person, entity);
    });
  }
  const byAlias = new Map(round.parts.map((part) => [part.alias, part]));
  for (const [error, [alias, index, ...rest]] of told) {
    const part = byAlias.get(String(alias));
    if (part === undefined) continue;
    const id = typeof index === 'number' ? idsOf.get(part)?.[index] : undefined;
    if (id === undefined) run.tell(error, [...namesOf(part.place), ...(index === undefined ? [] : [index]), ...rest]);
    else for (const place of placesOf(run.root, part.place, id)) run.tell(error, [...place, ...rest]);
  }
  for (const [[alias, ...rest], asked] of unavailable) {
    const part = byAlias.get(String(alias));
    if (part === undefined) continue;
    const [first] = rest;
    const id = typeof first === 'number' ? idsOf.get(part)?.[first] : undefined;
    const places = id === undefined ? [namesOf(part.place)] : placesOf(run.root, part.place, id);
    for (const place of places) run.tellUnavailable([...place, ...(id === undefined ? rest : rest.slice(1))], asked);
  }
}

/** Takes out what people have not consented to. Who is met next is looked up with those whom the fetched records name. */
async function settle(round: CompiledRound, next: CompiledRound | undefined, consents: RequestConsents, run: Run): Promise<void> {
  for (const { place } of round.places) {
    visitPeople(run.root, place, (person, id) => {
      for (const { consent, field } of place.marks) {
        const state = consents.state(id, consent);
        if (state === 'given') continue;
        visitHolders(person, field, (holder, key) => void (holder[key] = MARKS[state]));
      }
    });
  }
  const checks = round.places.flatMap(({ place }) => place.checks.map((check) => ({ place, check })));
  const named = new Set((next?.places ?? []).flatMap(({ place }) => idsAt(run.root, place)));
  for (const { place, check } of checks) {
    visitAt(run.root, place.way, (person) => {
      visitHolders(person, check.field, (holder, key) => {
        for (const id of idsNamed(holder[key], check)) named.add(id);
      });
    });
  }
  await consents.ask(named);
  for (const { place, check } of checks) {
    visitAt(run.root, place.way, (person) => {
      visitHolders(person, check.field, (holder, key) => void (holder[key] = checked(holder[key], check, consents)));
    });
  }
}

/** The value without the items of which somebody named has not consented. */
function checked(value: unknown, check: NamedCheck, consents: RequestConsents): unknown {
  if (Array.isArray(value)) return value.map((item) => checked(item, check, consents));
  if (typeof value !== 'object' || value === null) return value;
  let mark: symbol | undefined;
  for (const way of check.named) {
    visitAt(value, way, (person) => {
      const id = idOf(person);
      const state = id === undefined ? 'missing' : consents.state(id, check.consent);
      if (state === 'missing') mark = CONSENT_MISSING;
      else if (state === 'unknown') mark ??= CONSENT_UNKNOWN;
    });
  }
  return mark ?? value;
}

const MARKS = { missing: CONSENT_MISSING, 'used-up': PROBES_USED_UP, unknown: CONSENT_UNKNOWN } as const;

function idsNamed(value: unknown, { named }: NamedCheck): readonly string[] {
  const ids: string[] = [];
  for (const way of named) {
    visitAt(value, way, (person) => {
      const id = idOf(person);
      if (id !== undefined) ids.push(id);
    });
  }
  return ids;
}

async function runRoot(
  { root, step, asked }: CompiledRoot,
  ids: readonly string[],
  { merger, probes }: CompiledPeople,
  consents: RequestConsents,
  run: Run,
): Promise<void> {
  const probe = probes.get(root.consent);
  if (probe !== undefined) await consents.take([{ ...probeOf(probe, run), idNumbers: [...new Set(ids)] }]);
  const states = ids.map((id) => consents.state(id, root.consent));
  const isGiven = ids.length > 0 && states.every((state) => state === 'given');
  if (!isGiven) {
    const [worst = 'missing'] = (['missing', 'used-up', 'unknown'] as const).filter((state) => states.includes(state));
    run.root[root.field.key.name] = MARKS[worst];
    return;
  }
  const data: Data = {};
  await step?.({ ...run, root: data });
  merger.merge(asked, run.root, data);
}

function visitPeople(root: Data, place: PeoplePlace, visit: (person: Data, id: string) => void): void {
  visitAt(root, place.way, (person) => {
    const type = person['__typename'];
    const id = idOf(person);
    if (id !== undefined && (type === undefined || type === place.type)) visit(person, id);
  });
}

function idsAt(root: Data, place: CompiledPlace['place']): readonly string[] {
  const ids = new Set<string>();
  visitPeople(root, place, (_, id) => void ids.add(id));
  return [...ids];
}

function placesOf(root: Data, place: PeoplePlace, id: string): readonly Path[] {
  const places: Path[] = [];
  visitPlaces(root, place.way, (person, path) => {
    if (idOf(person) === id) places.push(path);
  });
  return places;
}

function namesOf(place: PeoplePlace): Path {
  return place.way.map(({ key }) => key.name);
}
