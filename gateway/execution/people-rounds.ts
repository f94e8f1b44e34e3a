import { Kind, OperationTypeNode, visit, type DocumentNode, type FieldNode, type OperationDefinitionNode } from 'graphql';
import type { ConsentPlan, GatedRoot, PeoplePlace } from './people.ts';
import { peopleRoot } from './people-roots.ts';

/** A selection of one place's people, as a root field of its round. */
export interface PeoplePart {
  readonly alias: string;
  readonly place: PeoplePlace;
  /** Consents of the person without which nothing is asked; none for what everybody has who is still there. */
  readonly keys: readonly string[];
}

/** What is fetched at once when the people of some places are known. */
export interface Round {
  readonly places: readonly PeoplePlace[];
  readonly parts: readonly PeoplePart[];
  /** Undefined when nothing is fetched, and only consent is looked at. */
  readonly document: DocumentNode | undefined;
}

export interface Rounds {
  /** People who are known from the arguments: the round runs beside the plan of what law gives. */
  readonly early: Round;
  /** One after the other, each when the one before is merged. */
  readonly later: readonly Round[];
  readonly roots: readonly { readonly root: GatedRoot; readonly document: DocumentNode }[];
}

/** Sorts what depends on consent into rounds of fetching, each a document of its own for the planner. */
export function roundsOf({ places, roots }: ConsentPlan, operation: OperationDefinitionNode): Rounds {
  const early = places.filter(({ lookup }) => lookup !== undefined);
  const others = places.filter(({ lookup }) => lookup === undefined);
  const last = Math.max(-1, ...others.map(({ knownAfter }) => knownAfter));
  const later = Array.from({ length: last + 1 }, (_, known) => others.filter(({ knownAfter }) => knownAfter === known));
  return {
    early: roundOf(early, operation),
    later: later.map((some) => roundOf(some, operation)),
    roots: roots.map((root) => {
      const selections = root.selections.filter((selection): selection is FieldNode => selection.kind === Kind.FIELD);
      return { root, document: queryOf(operation, selections) };
    }),
  };
}

function roundOf(places: readonly PeoplePlace[], operation: OperationDefinitionNode): Round {
  const parts: PeoplePart[] = [];
  const fields: FieldNode[] = [];
  for (const place of places) {
    const all = place.plain.length > 0 ? [{ keys: [], selections: place.plain }, ...place.gated] : place.gated;
    for (const { keys, selections } of all) {
      const alias = `p${parts.length}`;
      parts.push({ alias, place, keys });
      fields.push({
        kind: Kind.FIELD,
        alias: { kind: Kind.NAME, value: alias },
        name: { kind: Kind.NAME, value: peopleRoot(place.type) },
        selectionSet: { kind: Kind.SELECTION_SET, selections },
      });
    }
  }
  return { places, parts, document: parts.length === 0 ? undefined : queryOf(operation, fields) };
}

/** A query of its own with the variables that it uses; what depends on consent is read after a mutation, never written. */
function queryOf(operation: OperationDefinitionNode, selections: readonly FieldNode[]): DocumentNode {
  const used = new Set<string>();
  for (const selection of selections) visit(selection, { Variable: (variable) => void used.add(variable.name.value) });
  return {
    kind: Kind.DOCUMENT,
    definitions: [
      {
        kind: Kind.OPERATION_DEFINITION,
        operation: OperationTypeNode.QUERY,
        variableDefinitions: operation.variableDefinitions?.filter((definition) => used.has(definition.variable.name.value)) ?? [],
        selectionSet: { kind: Kind.SELECTION_SET, selections },
      },
    ],
  };
}
