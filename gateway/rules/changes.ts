import type { Policy, PolicySet } from '../policy/policy-set.ts';
import type { LoadedRegistry } from '../policy/registry-load.ts';
import type { PolicyFiles } from '../policy/policy-files.ts';
import { parseCases } from '../policy/cases.ts';

/** A rule or a case that one version has and another has not, or has otherwise. */
export interface Change {
  readonly kind: 'added' | 'removed' | 'changed';
  /** `policy bank.phone`, or `case …`. */
  readonly what: string;
  readonly file: string;
  /** Agencies whose applications it is about; `*` when its head names none. */
  readonly agencies: readonly string[];
  /** Agencies that own the data it is about; `*` when its head names none. */
  readonly owners: readonly string[];
  readonly before: string | null;
  readonly after: string | null;
}

type CheckedSet = Pick<PolicySet, 'policies' | 'fields'> & { readonly registry: LoadedRegistry };

/** What differs between two versions, by policy and by case. */
export function changesOf(
  before: CheckedSet,
  after: CheckedSet,
  files: { readonly before: PolicyFiles; readonly after: PolicyFiles },
): readonly Change[] {
  const policies = compare(byId(before.policies), byId(after.policies), ({ source }) => source.text);
  const cases = compare(casesOf(files.before), casesOf(files.after), ({ text }) => text);
  return [
    ...policies.map(({ key, one, other, ...change }): Change => {
      const sides = [one, other].filter((side) => side !== undefined);
      return {
        ...change,
        what: `policy ${key}`,
        file: (other ?? one)?.source.file ?? '',
        agencies: union(sides.map((policy) => agenciesOf(policy, after.registry))),
        owners: union(sides.map((policy) => ownersOf(policy, after))),
      };
    }),
    ...cases.map(({ key, one, other, ...change }): Change => {
      const about = other ?? one;
      return {
        ...change,
        what: `case ${key}`,
        file: about?.file ?? '',
        agencies: [after.registry.applications.get(about?.application ?? '')?.agency ?? '*'],
        owners: fieldOwners(about?.coordinate ?? '', after),
      };
    }),
  ];
}

interface Difference<Side> {
  readonly key: string;
  readonly kind: Change['kind'];
  readonly one: Side | undefined;
  readonly other: Side | undefined;
  readonly before: string | null;
  readonly after: string | null;
}

function compare<Side>(
  some: ReadonlyMap<string, Side>,
  others: ReadonlyMap<string, Side>,
  text: (side: Side) => string,
): readonly Difference<Side>[] {
  const differences: Difference<Side>[] = [];
  for (const key of new Set([...some.keys(), ...others.keys()])) {
    const [one, other] = [some.get(key), others.get(key)];
    const before = one === undefined ? null : text(one);
    const after = other === undefined ? null : text(other);
    if (before === after) continue;
    differences.push({ key, kind: before === null ? 'added' : after === null ? 'removed' : 'changed', one, other, before, after });
  }
  return differences;
}

function byId(policies: readonly Policy[]): ReadonlyMap<string, Policy> {
  return new Map(policies.map((policy) => [policy.id, policy]));
}

/** Cases by their whole text: one that says something else is another one. */
function casesOf(files: PolicyFiles) {
  const found = new Map<
    string,
    { readonly file: string; readonly text: string; readonly application: string; readonly coordinate: string }
  >();
  for (const [file, bytes] of files) {
    if (!file.startsWith('cases/')) continue;
    for (const one of parseCases(file, bytes.toString('utf8')).value ?? []) {
      const text = JSON.stringify(one);
      found.set(`${one.name} ${text}`, { file, text, application: one.application, coordinate: one.coordinate });
    }
  }
  return found;
}

/** Whose applications the head of a policy names. What a condition says does not count: it may be written to look so. */
function agenciesOf({ json: { principal } }: Policy, registry: LoadedRegistry): readonly string[] {
  const named = entityOf(principal);
  if (named?.type === 'Application') return [registry.applications.get(named.id)?.agency ?? '*'];
  return named?.type === 'Agency' ? [named.id] : ['*'];
}

function ownersOf({ json: { resource } }: Policy, set: CheckedSet): readonly string[] {
  const named = entityOf(resource);
  if (named?.type === 'Field') return fieldOwners(named.id, set);
  if (named?.type === 'Register') {
    return [set.registry.registers.values().find(({ id }) => id === named.id)?.owner ?? '*'];
  }
  if (named?.type !== 'Group') return ['*'];
  const members = [...set.fields.values()].filter(({ group }) => group === named.id);
  return members.length === 0 ? ['*'] : union(members.map(({ coordinate }) => fieldOwners(coordinate, set)));
}

/** The agencies that own a field's data. */
function fieldOwners(coordinate: string, { fields, registry }: CheckedSet): readonly string[] {
  const owners = (fields.get(coordinate)?.subgraphs ?? []).map((subgraph) => registry.registers.get(subgraph)?.owner ?? '*');
  return owners.length === 0 ? ['*'] : owners;
}

function entityOf(constraint: object): { readonly type: string; readonly id: string } | undefined {
  const entity =
    'entity' in constraint ? constraint.entity : 'in' in constraint ? (constraint.in as { entity?: unknown }).entity : undefined;
  return typeof entity === 'object' && entity !== null && 'type' in entity && 'id' in entity
    ? { type: String(entity.type), id: String(entity.id) }
    : undefined;
}

function union(lists: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(lists.flat())].toSorted();
}

/** What became of one rule or case on both sides since the version that both began with. */
export interface ThreeWay {
  readonly what: string;
  readonly base: string | null;
  /** In the draft. */
  readonly draft: string | null;
  /** In the active version. */
  readonly active: string | null;
  /** Both changed it, and not alike. */
  readonly conflicts: boolean;
}

/** Three versions side by side: what the draft changed and what was activated meanwhile. */
export function threeWay(toDraft: readonly Change[], toActive: readonly Change[]): readonly ThreeWay[] {
  const drafts = new Map(toDraft.map((change) => [change.what, change]));
  const actives = new Map(toActive.map((change) => [change.what, change]));
  return [...new Set([...drafts.keys(), ...actives.keys()])].map((what) => {
    const [draft, active] = [drafts.get(what), actives.get(what)];
    const base = (draft ?? active)?.before ?? null;
    return {
      what,
      base,
      draft: draft === undefined ? base : draft.after,
      active: active === undefined ? base : active.after,
      conflicts: draft !== undefined && active !== undefined && draft.after !== active.after,
    };
  });
}
