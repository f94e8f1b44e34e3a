import { buildASTSchema, Kind, valueFromASTUntyped, type DocumentNode } from 'graphql';
import { classify } from '../../platform/classification.ts';
import { argumentProblems } from './classification-arguments.ts';
import type { ClassificationCheck, ClassificationEntries, Classified } from './classification-model.ts';
import { nameProblems } from './classification-names.ts';
import { derivedProblems, groupProblems, retainedProblems, withheldProblems } from './classification-sense.ts';
import { lookupProblems, ownerProblems, pathProblems } from './classification-subjects.ts';
import { decidedFields, subgraphNames } from './decided-fields.ts';
import { fieldInputs } from './field-inputs.ts';
import type { Problem } from './problems.ts';

const CHECKS: readonly ClassificationCheck[] = [
  groupProblems,
  derivedProblems,
  argumentProblems,
  pathProblems,
  ownerProblems,
  lookupProblems,
  retainedProblems,
  withheldProblems,
];

/**
 * Holds a classification against its supergraph: every name exists, and the rules that composition keeps for a graph of ours hold where
 * only the file can say so (schema/checks/). `document` is the supergraph with the file's directives written into it.
 */
export function classificationProblems(document: DocumentNode, entries: ClassificationEntries, at: Classified['at']): readonly Problem[] {
  const schema = buildASTSchema(document, { assumeValid: true, assumeValidSDL: true });
  const classified: Classified = {
    entries,
    at,
    schema,
    classification: classify(document),
    inputs: fieldInputs(schema, contextDirective(document)),
    decided: decidedFields(document),
    subgraphs: subgraphNames(document),
  };
  const names = nameProblems(classified);
  // What does not exist would make the others stumble.
  return names.length > 0 ? names : CHECKS.flatMap((check) => check(classified));
}

/** What `@context` is called in the supergraph, undefined where it is not linked. */
function contextDirective(document: DocumentNode): string | undefined {
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.SCHEMA_DEFINITION && definition.kind !== Kind.SCHEMA_EXTENSION) continue;
    for (const link of definition.directives ?? []) {
      const values = Object.fromEntries(
        (link.arguments ?? []).map(({ name, value }) => [name.value, valueFromASTUntyped(value)]),
      ) as Record<string, unknown>;
      const { url, as } = values;
      if (typeof url !== 'string' || !url.startsWith('https://specs.apollo.dev/context/')) continue;
      return typeof as === 'string' ? as : 'context';
    }
  }
  return undefined;
}
