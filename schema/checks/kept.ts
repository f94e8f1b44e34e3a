import type { Classification } from '../../platform/classification.ts';
import type { Problem } from '../graph.ts';

/**
 * Nothing is lost in composition: what the subgraphs declare is what the supergraph says, rule by rule and coordinate by coordinate. The
 * gateway reads the supergraph only, so a rule that composition dropped or moved would not exist.
 */
export function kept(declared: Classification, composed: Classification): readonly Problem[] {
  const pairs = [
    ['@personal', entries(declared.personal), entries(composed.personal)],
    ['@subject', entries(declared.subjects), entries(composed.subjects)],
    ['@subject(of:)', entries(declared.subjectsOf), entries(composed.subjectsOf)],
    ['@reads', entries(declared.reads), entries(composed.reads)],
    ['@retained', entries(declared.retained), entries(composed.retained)],
    ['@lookup', flags(declared.lookups), flags(composed.lookups)],
    ['value type', flags(declared.valueTypes), flags(composed.valueTypes)],
  ] as const;
  return pairs.flatMap(([rule, before, after]) =>
    [...new Set([...before.keys(), ...after.keys()])]
      .filter((coordinate) => before.get(coordinate) !== after.get(coordinate))
      .map((coordinate) => ({
        rule: 'kept',
        coordinate,
        message:
          `${coordinate}: ${rule} is ${before.get(coordinate) ?? 'absent'} in the subgraphs and ${after.get(coordinate) ?? 'absent'} in the ` +
          'supergraph. Declare it where the field is resolved, in one subgraph.',
      })),
  );
}

function entries(map: ReadonlyMap<string, unknown>): ReadonlyMap<string, string> {
  return new Map(
    [...map].map(([key, value]) => [
      key,
      JSON.stringify(value instanceof Set ? [...value].map(String).sort((a, b) => a.localeCompare(b)) : value),
    ]),
  );
}

function flags(set: ReadonlySet<string>): ReadonlyMap<string, string> {
  return new Map([...set].map((name) => [name, 'present']));
}
