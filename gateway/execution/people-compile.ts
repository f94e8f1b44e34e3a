import { getArgumentValues, print, type FieldNode, type GraphQLField, type GraphQLObjectType } from 'graphql';
import type { QueryPlan } from '../apollo.ts';
import type { Data } from './data.ts';
import { askedBy, createMerger, type Asked, type Merger } from './merge.ts';
import type { GatedRoot, NamedPersons, PeoplePlace, ProbeKey } from './people.ts';
import type { PeoplePart, Round, Rounds } from './people-rounds.ts';
import { compilePlan } from './plan-compile.ts';
import type { FetchPart, Step } from './plan-run.ts';
import type { TypeNames } from './type-names.ts';

/** The rounds with the planner's plan of each; a plan is undefined where nothing is fetched. */
export interface PlannedRounds {
  readonly rounds: Rounds;
  readonly early: QueryPlan | undefined;
  readonly later: readonly (QueryPlan | undefined)[];
  readonly roots: readonly QueryPlan[];
  readonly named: readonly NamedPersons[];
  readonly probes: readonly ProbeKey[];
}

export interface CompiledRound {
  readonly places: readonly CompiledPlace[];
  readonly parts: readonly CompiledPart[];
  readonly step: Step | undefined;
}

export interface CompiledPlace {
  readonly place: PeoplePlace;
  /** The keys of everybody here, from the arguments of the root. */
  readonly idsFrom: ((variables: Readonly<Record<string, unknown>>) => readonly string[]) | undefined;
}

export interface CompiledPart extends PeoplePart {
  readonly asked: Asked;
  /** Names under which the plan takes the key from the root: clients give it others. */
  readonly keyNames: readonly string[];
}

export interface CompiledRoot {
  readonly root: GatedRoot;
  readonly step: Step | undefined;
  readonly asked: Asked;
  readonly idsFrom: (variables: Readonly<Record<string, unknown>>) => readonly string[];
}

/** Everything that depends on consent, ready to run, and whom records name. */
export interface CompiledPeople {
  /** Somebody is asked for consent: else nothing but the names is to be looked at. */
  readonly dependsOnConsent: boolean;
  readonly early: CompiledRound;
  readonly later: readonly CompiledRound[];
  readonly roots: readonly CompiledRoot[];
  readonly named: readonly NamedPersons[];
  readonly probes: ReadonlyMap<string, ProbeKey>;
  readonly merger: Merger;
}

const NOTHING_ASKED: Asked = { fields: [] };

/** Compiles the rounds; their fetches are added to those of the main plan, so that each has its grant. */
export function compilePeople(planned: PlannedRounds, query: GraphQLObjectType, types: TypeNames, fetches: FetchPart[]): CompiledPeople {
  const { rounds } = planned;
  const round = ({ places, parts, document }: Round, plan: QueryPlan | undefined): CompiledRound => {
    const asked = document === undefined ? NOTHING_ASKED : askedBy(print(document), false, undefined);
    const byAlias = new Map(asked.fields.map(({ key, inner }) => [key.name, inner]));
    const compiled = plan && compilePlan(plan, types, fetches);
    return {
      places: places.map((place) => ({ place, idsFrom: place.lookup && lookupIds(place.lookup, query) })),
      parts: parts.map((part) => {
        const keyNames = [...new Set([part.place.keyField, ...(compiled?.peopleKeys.get(part.alias) ?? [])])];
        return { ...part, asked: byAlias.get(part.alias) ?? NOTHING_ASKED, keyNames };
      }),
      step: compiled?.step,
    };
  };
  return {
    dependsOnConsent: dependsOnConsent(rounds),
    early: round(rounds.early, planned.early),
    later: rounds.later.map((one, index) => round(one, planned.later[index])),
    roots: rounds.roots.map(({ root, document }, index) => {
      const plan = planned.roots[index];
      const idsFrom = namedIds(root, query);
      return { root, step: plan && compilePlan(plan, types, fetches).step, asked: askedBy(print(document), false, undefined), idsFrom };
    }),
    named: planned.named,
    probes: new Map(planned.probes.map((probe) => [probe.key, probe])),
    merger: createMerger(types.objects),
  };
}

function dependsOnConsent({ early, later, roots }: Rounds): boolean {
  return roots.length > 0 || [early, ...later].some(({ places }) => places.length > 0);
}

function lookupIds(node: FieldNode, query: GraphQLObjectType): CompiledPlace['idsFrom'] {
  const field = fieldOf(node, query);
  return (variables) => Object.values(getArgumentValues(field, node, { ...variables })).flatMap(texts);
}

function namedIds({ node, named }: GatedRoot, query: GraphQLObjectType): CompiledRoot['idsFrom'] {
  const field = fieldOf(node, query);
  return (variables) => {
    const values: unknown = getArgumentValues(field, node, { ...variables });
    return named.flatMap((names) => texts(names.reduce(member, values)));
  };
}

function fieldOf(node: FieldNode, query: GraphQLObjectType): GraphQLField<unknown, unknown> {
  const field = query.getFields()[node.name.value];
  if (!field) throw new Error('A root field that was pruned is there.');
  return field;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Data)[name] : undefined;
}

function texts(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
