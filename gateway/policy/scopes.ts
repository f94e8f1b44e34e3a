import {
  getNamedType,
  isInterfaceType,
  isObjectType,
  Kind,
  visit,
  type DocumentNode,
  type GraphQLInterfaceType,
  type GraphQLNamedType,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql';
import type { Credentials, PlaceRules, Policies, SelectedField } from './decision.ts';
import type { FieldInputs } from './field-inputs.ts';
import { OPEN_POLICIES } from './open.ts';
import { isImplied, type Demand } from './scope-demands.ts';

/** What the access directives of a supergraph are read from. */
export interface ScopeSources {
  /** The whole supergraph: an `@inaccessible` implementor counts among those of its interface. */
  readonly schema: GraphQLSchema;
  /** By `Type` and `Type.field`. */
  readonly demands: ReadonlyMap<string, readonly Demand[]>;
  readonly inputs: FieldInputs;
  /** Whether each policy of `@policy` holds; one without a value here does not. */
  readonly truths: ReadonlyMap<string, boolean>;
}

/**
 * Policies made of `@authenticated`, `@requiresScopes` and `@policy`, as Apollo's router documents them ("Authorization in the GraphOS
 * Router"). Where it differs on the stricter side, ARCHITECTURE.md says why.
 */
export function scopePolicies(sources: ScopeSources): Policies {
  const rules = new ScopeRules(sources);
  return {
    ...OPEN_POLICIES,
    version: 'scopes',
    key: 'scopes',
    places: ({ credentials }, document) => rules.places(credentials ?? ANONYMOUS, document),
  };
}

const ANONYMOUS: Credentials = { authenticated: false, scopes: new Set(), key: '' };

/**
 * Makes the credentials of a caller whose token has these scopes. Only scopes that some demand names are kept, so that callers who differ
 * in others share what is prepared for them.
 */
export function credentialsFrom(demands: ReadonlyMap<string, readonly Demand[]>): (scopes: readonly string[]) => Credentials {
  const named = new Set([...demands.values()].flat().flatMap((demand) => (demand.kind === 'scopes' ? demand.anyOf.flat() : [])));
  return (scopes) => {
    const kept = new Set(scopes.filter((scope) => named.has(scope)));
    return { authenticated: true, scopes: kept, key: JSON.stringify([...kept].toSorted()) };
  };
}

/** What a supergraph demands of a caller at each place of a document. Demands are gathered at their first use and kept. */
class ScopeRules {
  readonly #sources: ScopeSources;
  readonly #ofType = new Map<string, readonly Demand[]>();
  readonly #ofField = new Map<string, readonly Demand[]>();

  constructor(sources: ScopeSources) {
    this.#sources = sources;
  }

  places(credentials: Credentials, document: DocumentNode): PlaceRules {
    const holds = (demands: readonly Demand[]): boolean => demands.every((demand) => this.#holds(demand, credentials));
    const isOpen = (type: string): boolean => holds(this.#demandsOfType(type));
    const direct = selectedDirectly(document);
    return {
      permits: ({ type, parent, node, field }: SelectedField) => {
        if (!holds(this.#demandsOfField(type, field.name))) return false;
        // Written on an interface, a field needs what all implementors demand, whichever of them can stand here.
        if (isInterfaceType(parent) && !this.#implementors(parent).every((one) => holds(this.#demandsOfField(one, field.name))))
          return false;
        const returned = getNamedType(field.type);
        if (!isInterfaceType(returned)) return true;
        const implementors = this.#implementors(returned);
        if (node.selectionSet && direct.has(node.selectionSet) && !implementors.every(isOpen)) return false;
        // What composition wrote on the interface stands for its implementors: one of them that is open can be asked for by a fragment.
        return holds(this.#own(returned.name)) || implementors.some(isOpen);
      },
      permitsTypename: (parent) => isOpen(parent.name),
    };
  }

  #holds(demand: Demand, { authenticated, scopes }: Credentials): boolean {
    switch (demand.kind) {
      case 'authenticated':
        return authenticated;
      case 'scopes':
        return demand.anyOf.some((names) => names.every((name) => scopes.has(name)));
      case 'policies':
        return demand.anyOf.some((names) => names.every((name) => this.#sources.truths.get(name) === true));
    }
  }

  /** What stands on the element itself. */
  #own(element: string): readonly Demand[] {
    return this.#sources.demands.get(element) ?? [];
  }

  #implementors(type: GraphQLInterfaceType): readonly string[] {
    const whole = this.#sources.schema.getType(type.name);
    return isInterfaceType(whole) ? this.#sources.schema.getPossibleTypes(whole).map(({ name }) => name) : [];
  }

  /** What a type demands of whoever reads anything of it. Of an interface, what its author demands beyond the implementors'. */
  #demandsOfType(name: string): readonly Demand[] {
    const known = this.#ofType.get(name);
    if (known) return known;
    const type = this.#sources.schema.getType(name);
    const demands = isInterfaceType(type)
      ? this.#beyondImplementors(type)
      : [...this.#own(name), ...interfacesOf(type).flatMap((one) => this.#beyondImplementors(one))];
    this.#ofType.set(name, demands);
    return demands;
  }

  /**
   * What a field of an object type demands: its type, itself, what it returns, and the same of everything that it is computed from.
   * INVARIANT: inputs count, however long the chain, for a subgraph that is handed a secret may answer with it (GHSA-m8jr-fxqx-8xx6).
   */
  #demandsOfField(type: string, field: string): readonly Demand[] {
    const coordinate = `${type}.${field}`;
    const known = this.#ofField.get(coordinate);
    if (known) return known;
    const reached = new Set([coordinate]);
    for (const one of reached) for (const input of this.#sources.inputs.get(one) ?? []) reached.add(input);
    const demands = [...new Set([...reached].flatMap((one) => this.#demandsOfCoordinate(one)))];
    this.#ofField.set(coordinate, demands);
    return demands;
  }

  #demandsOfCoordinate(coordinate: string): readonly Demand[] {
    const [typeName = '', name = ''] = coordinate.split('.');
    const type = this.#sources.schema.getType(typeName);
    const field = isObjectType(type) ? type.getFields()[name] : undefined;
    if (!field) throw new Error(`The supergraph has no field ${coordinate}.`);
    return [
      ...this.#demandsOfType(typeName),
      ...this.#own(coordinate),
      ...interfacesOf(type).flatMap((one) => this.#beyondImplementors(one, name)),
      ...this.#demandsOfType(getNamedType(field.type).name),
    ];
  }

  /**
   * What stands on an interface, or on a field of it, and does not follow from its implementors. Since Federation 2.9 there is no such
   * thing: composition refuses it and writes there what the implementors demand together. In an older supergraph it is the author's
   * word and holds for the implementors too, or `... on Implementor` would be the way around it (GHSA-mx7m-j9xf-62hw).
   */
  #beyondImplementors(type: GraphQLInterfaceType, field?: string): readonly Demand[] {
    const suffix = field === undefined ? '' : `.${field}`;
    const own = this.#own(`${type.name}${suffix}`);
    if (own.length === 0) return own;
    const implementors = this.#implementors(type).flatMap((one) => this.#own(`${one}${suffix}`));
    return own.filter((demand) => !isImplied(demand, implementors));
  }
}

function interfacesOf(type: GraphQLNamedType | undefined): readonly GraphQLInterfaceType[] {
  return isObjectType(type) ? type.getInterfaces() : [];
}

/**
 * Selection sets with a field of their own beside fragments and `__typename`. Fields of one response key are one field of the answer, so
 * unless all of them are such, none is: what is selected on the interface is then refused field by field.
 */
function selectedDirectly(document: DocumentNode): ReadonlySet<SelectionSetNode> {
  const sets = new Map<string, SelectionSetNode[]>();
  visit(document, {
    Field({ alias, name, selectionSet }) {
      if (!selectionSet) return;
      const responseKey = (alias ?? name).value;
      sets.set(responseKey, [...(sets.get(responseKey) ?? []), selectionSet]);
    },
  });
  const isDirect = ({ selections }: SelectionSetNode): boolean =>
    selections.some((selection) => selection.kind === Kind.FIELD && selection.name.value !== '__typename');
  return new Set([...sets.values()].filter((same) => same.every(isDirect)).flat());
}
