import { DATA_CLASSES } from '../../platform/classification.ts';
import type { DecidedField } from './decided-fields.ts';
import type { Policy } from './policy-set.ts';
import { didYouMean, error, type Problem } from './problems.ts';
import type { LoadedRegistry } from './registry-load.ts';

/**
 * What Cedar's validator cannot know: that every name in a policy exists in the graph or the registry, that a permit is bound to a
 * purpose, that its transform leaves something. A rule about a name that does not exist would be in force and do nothing.
 */
export function semanticProblems(
  policy: Policy,
  registry: LoadedRegistry | undefined,
  fields: ReadonlyMap<string, DecidedField>,
): readonly Problem[] {
  const { source, reading } = policy;
  const problems = reading.refusals.map((refusal) => error(source.file, source.position, refusal));
  if (policy.effect === 'permit' && !reading.boundToPurpose) {
    problems.push(error(source.file, source.position, 'The permit is bound to no purpose. Add: when { context.purpose == "…" }.'));
  }

  const names = knownNames(registry, fields);
  for (const { type, id } of reading.entities) {
    const known = names.entities[type];
    if (known === undefined || known.has(id)) continue;
    const what = `${type}::${JSON.stringify(id)} does not exist.`;
    problems.push(error(source.file, source.entity(type, id), `${what}${didYouMean(id, known)}`));
  }
  for (const [path, texts] of reading.compared) {
    const known = names.texts[path];
    if (known === undefined) continue;
    for (const text of texts) {
      if (known.has(text)) continue;
      const what = `${path} is never ${JSON.stringify(text)}.`;
      problems.push(error(source.file, source.literal(text), `${what}${didYouMean(text, known)}`));
    }
  }

  const { transform } = policy;
  if (transform !== undefined) {
    for (const field of fieldsNamed(policy, fields)) {
      if (fits(transform, field)) continue;
      const message = `@transform("${transform}") leaves nothing of ${field.coordinate}. Leave it out, or name fields it is made for.`;
      problems.push(error(source.file, source.annotation('transform'), message));
    }
  }
  return problems;
}

interface KnownNames {
  readonly entities: Readonly<Record<string, ReadonlySet<string> | undefined>>;
  readonly texts: Readonly<Record<string, ReadonlySet<string> | undefined>>;
}

/** Without a registry, which then has problems of its own, names from it are not judged. */
function knownNames(registry: LoadedRegistry | undefined, fields: ReadonlyMap<string, DecidedField>): KnownNames {
  const groups = new Set([...fields.values()].map((field) => field.group).filter((group) => group !== undefined));
  const agencies = registry && new Set(registry.agencies.keys());
  return {
    entities: {
      Field: new Set(fields.keys()),
      Group: groups,
      Register: registry && new Set([...registry.registers.values()].map((register) => register.id)),
      Application: registry && new Set(registry.applications.keys()),
      Agency: agencies,
      AgencyKind: registry && new Set([...registry.agencies.values()].map((agency) => agency.kind)),
    },
    texts: {
      'context.purpose': registry && new Set(registry.purposes.keys()),
      'context.officer.role': registry?.roles,
      'resource.class': new Set(DATA_CLASSES),
      'resource.owner': agencies,
    },
  };
}

/** Fields that a policy names, itself or by their group. What it names by register or class only is too wide to judge a transform by. */
function fieldsNamed(policy: Policy, fields: ReadonlyMap<string, DecidedField>): readonly DecidedField[] {
  const named = new Set(policy.reading.entities.map(({ type, id }) => `${type}::${id}`));
  return [...fields.values()].filter((field) => named.has(`Field::${field.coordinate}`) || named.has(`Group::${field.group}`));
}

/** A part of a value type remains where its SDL says so (`@retained`); the other transforms are made for single values. */
function fits(transform: string, field: DecidedField): boolean {
  if (field.output.kind === 'object') return field.output.transforms.has(transform);
  return transform !== 'province';
}
