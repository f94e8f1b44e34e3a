import type { Registry } from './registry.ts';
import type { DocumentNode, FieldNode, GraphQLCompositeType, GraphQLField } from 'graphql';
import type { GrantAction } from '../../platform/grant.ts';

/** What decides: everything but the person. */
export interface DecisionContext {
  readonly action: GrantAction;
  readonly application: string;
  /** Role of the officer in the registry; undefined when the officer is unknown or has none. */
  readonly officerRole: string | undefined;
  readonly purpose: string;
  readonly assurance: AssuranceLevel;
  readonly emergency: boolean;
  /** What is asked is about the person who is logged in; absent means no. It depends on the place in the document, never on the person. */
  readonly self?: boolean | undefined;
  /** What the token gives for access directives; undefined where nobody is asked for any. */
  readonly credentials?: Credentials | undefined;
}

/** What access directives (`@authenticated`, `@requiresScopes`) ask of a caller. */
export interface Credentials {
  readonly authenticated: boolean;
  readonly scopes: ReadonlySet<string>;
  /** The same for all credentials that no rule tells apart, and for no others. */
  readonly key: string;
}

/** Level of the officer's or citizen's own login (Decree 69/2024: 1 and 2); 0 when nobody logged in beyond the application. */
export type AssuranceLevel = 0 | 1 | 2;

/** Argument values that policies read, by argument name. Only scalars and enums; anything else is absent. */
export type ArgumentFacts = Readonly<Record<string, string | number | boolean>>;

/**
 * What the policies say of one coordinate. Two rungs: what law gives, and what consent adds; each person gets the higher one they have.
 * A decision holds until `expiresAtMs` (the earliest `@until` of a permit that took part), always under one policy version.
 */
export type Decision = Permitted | Refused;

export interface Permitted {
  readonly kind: 'permitted';
  readonly law: Rung | undefined;
  readonly consent: Rung | undefined;
  readonly expiresAtMs: number;
}

export interface Refused {
  readonly kind: 'refused';
  readonly code: 'FIELD_NOT_PERMITTED' | 'ASSURANCE_TOO_LOW';
  /** Ids of the forbids that decided; empty when no permit matched. */
  readonly policies: readonly string[];
  readonly expiresAtMs: number;
}

export interface Rung {
  readonly policyId: string;
  /** `CONSENT` or an article of Law 91/2025/QH15, `ART_19_1_A` … */
  readonly basis: string;
  readonly reference: string | undefined;
  readonly transform: string | undefined;
  /** Distinct questions to one person in a day; undefined without a bound. */
  readonly probesMax?: number | undefined;
  /** Days for which the person is not shown that it was used. */
  readonly hiddenDays?: number | undefined;
}

/** Decides one coordinate. Pure given the policy version and the clock; never depends on a person. */
export type Decide = (context: DecisionContext, coordinate: string, facts: ArgumentFacts) => Decision;

/** The active rules as the pipeline sees them. */
export interface Policies {
  /** Content address of the policy set, `sha256:…` (first 16 hex digits suffice to read, the whole decides). */
  readonly version: string;
  /** Equal for the same rules on the same registry only: what is kept of a decision is kept under it. */
  readonly key: string;
  readonly decide: Decide;
  /** Names of arguments that some policy reads; only their values take part in decisions and in cache keys. */
  readonly argumentsRead: ReadonlySet<string>;
  /** Paths of the context that some policy reads, and values that policies compare with. Undefined where rules are not Cedar's. */
  readonly contextRead?: ReadonlySet<string>;
  readonly literals?: readonly (string | number | boolean)[];
  readonly registry?: Registry;
  /** Rules about more than a coordinate, where there are any; a field needs their permission and that of `decide`. */
  readonly places?: (context: DecisionContext, document: DocumentNode) => PlaceRules;
}

/** Rules about selections as they are written: on which type, and with what below. */
export interface PlaceRules {
  readonly permits: (selected: SelectedField) => boolean;
  /** `__typename` written on this type. */
  readonly permitsTypename: (parent: GraphQLCompositeType) => boolean;
}

export interface SelectedField {
  /** The object type that it is asked of. */
  readonly type: string;
  /** The type that it is written on: the object type itself, or an interface of it. */
  readonly parent: GraphQLCompositeType;
  readonly node: FieldNode;
  readonly field: GraphQLField<unknown, unknown>;
}
