import { Kind, parse, print, stripIgnoredCharacters } from 'graphql';
import type { Lookup } from './lookups.ts';
import { inlineFragment, plainField, withSelections } from './nodes.ts';
import type { FetchNode, RequiredSelection } from './plan-nodes.ts';

// The fetch of a plan by which the people of a look-up are found: an entity fetch at their own subgraph that needs nothing but their key.

/** Where the people of a look-up stand in a plan. */
export function pathOf({ dataKey, isList }: Lookup): readonly string[] {
  return isList ? [dataKey.name, '@'] : [dataKey.name];
}

/** Whether people of a look-up are found by this fetch at this place. */
export function isFinder({ serviceName, requires = [] }: FetchNode, path: readonly (string | number)[], lookup: Lookup): boolean {
  const { subgraph, type, keyField } = lookup;
  const [entity, ...others] = requires;
  const isOfKey =
    entity?.kind === 'InlineFragment' &&
    others.length === 0 &&
    entity.typeCondition === type &&
    entity.selections.every((selection) => selection.kind === 'Field' && ['__typename', keyField].includes(selection.name));
  return serviceName === subgraph && isOfKey && path.filter((element) => element !== '').join(' ') === pathOf(lookup).join(' ');
}

/**
 * The fetch with the key among what it asks for. A subgraph that may tell who exists answers null for a key that nobody has, and says of
 * everybody else whose object it gives.
 */
export function withKey(node: FetchNode, { type, keyField }: Lookup): FetchNode {
  const document = parse(node.operation, { noLocation: true });
  const key = inlineFragment(type, [plainField(keyField)]);
  const definitions = document.definitions.map((definition) => {
    if (definition.kind !== Kind.OPERATION_DEFINITION) return definition;
    const selections = definition.selectionSet.selections.map((root) =>
      root.kind === Kind.FIELD ? withSelections(root, [key, ...(root.selectionSet?.selections ?? [])]) : root,
    );
    return { ...definition, selectionSet: { ...definition.selectionSet, selections } };
  });
  return { ...node, operation: stripIgnoredCharacters(print({ ...document, definitions })) };
}

/** A fetch of its own for a look-up of which the plan asks the subgraph nothing. */
export function finderOf({ subgraph, type, keyField }: Lookup): FetchNode {
  const fields: RequiredSelection[] = ['__typename', keyField].map((name) => ({ kind: 'Field', name }));
  return {
    kind: 'Fetch',
    serviceName: subgraph,
    requires: [{ kind: 'InlineFragment', typeCondition: type, selections: fields }],
    variableUsages: [],
    operation: `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on ${type} { ${keyField} } } }`,
    operationName: undefined,
    operationKind: 'query',
  } as FetchNode;
}
