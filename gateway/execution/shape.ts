/**
 * What the answer looks like: the client's document with its fragments expanded, and at each field what became of it. Built by
 * stages/prune.ts once per prepared execution, run for every answer.
 */
export interface Shape {
  readonly fields: readonly ShapeField[];
  /** Whose data stands here, when the value is a person. */
  readonly site: Site | undefined;
}

/** One field as it stands in the client's document. The same response key may stand several times in one place; they merge. */
export interface ShapeField {
  readonly responseKey: string;
  /** Under which name its value was fetched. */
  readonly dataKey: string;
  /** Concrete types that this selection is for; undefined when every type at this place. */
  readonly types: ReadonlySet<string> | undefined;
  readonly released: boolean;
  readonly nonNull: boolean;
  /** What is left of a leaf, and for whose values nothing is taken: the key of the consent that gives it whole. */
  readonly transform?: LeafTransform | undefined;
  /** Code and group of the error where consent is missing. */
  readonly consent?: { readonly coordinate: string; readonly group: string } | undefined;
  /** How composite values go on; undefined for leaves and for introspection, which pass as they are. */
  readonly inner: Shape | undefined;
}

/** A place in the document where a person stands, with what is disclosed of each person found there. */
export interface Site {
  readonly type: string;
  readonly released: ReadonlySet<string>;
  readonly withheld: ReadonlySet<string>;
  readonly transformed: ReadonlySet<string>;
  /** What depends on the consents of the person who stands there. */
  readonly gated: readonly GatedField[];
}

/** A coordinate that is released to whom the person gave every consent named. */
export interface GatedField {
  readonly coordinate: string;
  readonly keys: readonly string[];
  /** What it is with them, and without. */
  readonly given: 'released' | 'transformed';
  readonly missing: 'transformed' | 'withheld';
}

export interface LeafTransform {
  readonly name: string;
  readonly unlessConsent: string | undefined;
}

/** Response key under which a person's key is fetched for the record; clients cannot use names with two underscores. */
export const SUBJECT_KEY = '__subject';

/** Names under which the persons of a record are fetched (`@subject(of:)`); clients' names never begin like this. */
export const NAMED_PREFIX = 'o__';

export type PersonSeen = (idNumber: string, site: Site) => void;
