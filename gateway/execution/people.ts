import type { FieldNode, GraphQLField, SelectionNode } from 'graphql';
import type { Key } from './data.ts';
import type { Site } from './shape.ts';

/** From an object to what stands under one of its fields; lists on the way are gone into. */
export interface DataStep {
  readonly key: Key;
  /** Types of the objects whose field this is; undefined when only one type can stand there. */
  readonly holders: ReadonlySet<string> | undefined;
}

export type DataWay = readonly DataStep[];

/** A field that is withheld from the answer for whoever has not consented. */
export interface Mark {
  /** Key of the consent (consent/consents.ts). */
  readonly consent: string;
  /** From the person to the field, the field last. */
  readonly field: DataWay;
}

/** A field whose items are about several persons, all of whom must have consented; who they are is known once it is fetched. */
export interface NamedCheck {
  readonly consent: string;
  readonly field: DataWay;
  /** From an item to the persons it names; an empty way when the item is itself a person. */
  readonly named: readonly DataWay[];
}

/** What is fetched only of people who gave every consent named. */
export interface Gated {
  readonly keys: readonly string[];
  readonly selections: readonly SelectionNode[];
}

/** A place in the document where people stand of whom something depends on consent, with everything that depends on it. */
export interface PeoplePlace {
  readonly type: string;
  readonly keyField: string;
  /** From the root of the data to the people. */
  readonly way: DataWay;
  /** Rounds of fetching after which it is known who stands there: 0 is the plan of what law gives. */
  readonly knownAfter: number;
  /** Fetched of everybody who still stands there then; empty where it was fetched with the round before. */
  readonly plain: readonly SelectionNode[];
  readonly gated: readonly Gated[];
  readonly marks: readonly Mark[];
  readonly checks: readonly NamedCheck[];
  /** The root field whose arguments name everybody here, so that nobody need be waited for. */
  readonly lookup: FieldNode | undefined;
}

/** A root field that is asked only when everybody named in its arguments has consented. */
export interface GatedRoot {
  readonly consent: string;
  readonly node: FieldNode;
  readonly selections: readonly SelectionNode[];
  readonly field: DataStep;
  /** Names from the arguments to the persons' keys. */
  readonly named: readonly (readonly string[])[];
}

/** Persons whom a record names (`@subject(of:)`), for the ledger: they need not be selected by the client. */
export interface NamedPersons {
  /** From the root of the data. */
  readonly way: DataWay;
  readonly site: Site;
}

/** Questions to people that a permit bounds; the key stands among those of consents. */
export interface ProbeKey {
  readonly key: string;
  readonly coordinate: string;
  readonly max: number;
  /** For its arguments. */
  readonly node: FieldNode;
  readonly field: GraphQLField<unknown, unknown>;
}

/** Everything about an operation that depends on the consent of people. */
export interface ConsentPlan {
  readonly places: readonly PeoplePlace[];
  readonly roots: readonly GatedRoot[];
  readonly named: readonly NamedPersons[];
  readonly probes: readonly ProbeKey[];
}

/** Stands in the data for a value that is withheld. A symbol, so that no way through the data leads into it. */
export const CONSENT_MISSING = Symbol('consent is missing');
/** The same where too much was asked of the person already. */
export const PROBES_USED_UP = Symbol('no more questions today');
/** The same where consent could not be looked up. */
export const CONSENT_UNKNOWN = Symbol('consent is unknown');
