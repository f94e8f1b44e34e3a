import { createHash } from 'node:crypto';
import { canonicalJson } from '../admin/canonical.ts';
import type { RegistryFile } from '../policy/registry-load.ts';

export type EntryKind = 'agency' | 'officer' | 'purpose' | 'application' | 'register';

/** A row of `registry_entries`. */
export interface Entry {
  readonly kind: EntryKind;
  readonly id: string;
  readonly body: unknown;
}

/** A registry as rows. Officers are rows of their own, by account. */
export function entriesOf({ agencies, purposes, applications, registers }: RegistryFile): readonly Entry[] {
  const rows = (kind: EntryKind, from: object): readonly Entry[] =>
    Object.entries(from).map(([id, body]) => ({ kind, id, body: body as unknown }));
  const named = Object.entries(agencies);
  return [
    ...named.map(([id, { kind, name }]): Entry => ({ kind: 'agency', id, body: { kind, name } })),
    ...named.flatMap(([agency, { officers }]) =>
      Object.entries(officers).map(([officer, body]): Entry => ({ kind: 'officer', id: `${agency}/${officer}`, body })),
    ),
    ...rows('purpose', purposes),
    ...rows('application', applications),
    ...rows('register', registers),
  ];
}

/**
 * The text of a registry from its rows, as `loadRegistry` reads it: JSON with sorted members, so that equal registries have equal texts.
 * What the rows hold is checked by whoever reads the text.
 */
export function textOf(entries: readonly Entry[]): string {
  const part = (kind: EntryKind): Record<string, unknown> =>
    Object.fromEntries(entries.filter((entry) => entry.kind === kind).map(({ id, body }) => [id, body]));
  const agencies = Object.fromEntries(
    Object.entries(part('agency')).map(([id, body]) => {
      const own = entries.filter(({ kind, id: account }) => kind === 'officer' && account.startsWith(`${id}/`));
      const officers = Object.fromEntries(own.map((officer) => [officer.id.slice(id.length + 1), officer.body]));
      return [id, { ...(body as object), officers }];
    }),
  );
  return canonicalJson({ agencies, purposes: part('purpose'), applications: part('application'), registers: part('register') });
}

/** SHA-256 of a registry's text, hex: what the record of a change says that the registry is after it. */
export function hashOfEntries(entries: readonly Entry[]): string {
  return createHash('sha256').update(textOf(entries)).digest('hex');
}

/** Rows to write and rows to take away, from one registry to another. */
export function differenceOf(
  before: readonly Entry[],
  after: readonly Entry[],
): { readonly written: readonly Entry[]; readonly gone: readonly Entry[] } {
  const key = ({ kind, id }: Entry): string => `${kind} ${id}`;
  const known = new Map(before.map((entry) => [key(entry), canonicalJson(entry.body)]));
  const kept = new Set(after.map(key));
  return {
    written: after.filter((entry) => known.get(key(entry)) !== canonicalJson(entry.body)),
    gone: before.filter((entry) => !kept.has(key(entry))),
  };
}
