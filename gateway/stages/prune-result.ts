import type { SelectionNode } from 'graphql';
import type { DataStep, Gated, GatedRoot, Mark, NamedCheck, NamedPersons, PeoplePlace } from '../execution/people.ts';
import type { Shape, ShapeField } from '../execution/shape.ts';
import type { Released } from './decide.ts';
import { inlineFragment } from '../execution/nodes.ts';

/** What pruning makes of a selection set or of a part of one. */
export interface Result {
  /** Fetched whoever stands there. */
  readonly selections: readonly SelectionNode[];
  /** The same with everything that depends on consent: what the answer is compiled against. */
  readonly all: readonly SelectionNode[];
  readonly fields: readonly ShapeField[];
  /** Released leaves below, `__typename` and introspection included when the client asked for them. */
  readonly leaves: number;
  /** How many selections a planner will see, were the same ones printed wherever they stand. */
  readonly size: number;
  /** Nothing below was refused or altered but for helper selections. */
  readonly whole: boolean;
  readonly consent: ConsentResult;
}

export type FieldResult = Result & { readonly outcome?: Released; readonly inner?: ObjectResult };
export type ObjectResult = Result & { readonly shape: Shape };

/** What depends on consent, from where the result stands: `gated`, `marks` and `checks` belong to the nearest person around it. */
export interface ConsentResult {
  readonly gated: readonly Gated[];
  readonly marks: readonly Mark[];
  readonly checks: readonly NamedCheck[];
  readonly places: readonly PeoplePlace[];
  readonly roots: readonly GatedRoot[];
  readonly named: readonly NamedPersons[];
}

export const NO_CONSENT: ConsentResult = { gated: [], marks: [], checks: [], places: [], roots: [], named: [] };
export const NOTHING: Result = { selections: [], all: [], fields: [], leaves: 0, size: 0, whole: true, consent: NO_CONSENT };

/** Results of selections that stand beside each other. */
export function combine(results: readonly Result[]): Result {
  const [only] = results;
  if (only !== undefined && results.length === 1) return only;
  return {
    selections: results.flatMap((result) => result.selections),
    all: results.flatMap((result) => result.all),
    fields: results.flatMap((result) => result.fields),
    leaves: results.reduce((sum, result) => sum + result.leaves, 0),
    size: results.reduce((sum, result) => sum + result.size, 0),
    whole: results.every((result) => result.whole),
    consent: combineConsent(results.map((result) => result.consent)),
  };
}

function combineConsent(results: readonly ConsentResult[]): ConsentResult {
  const some = results.filter((result) => result !== NO_CONSENT);
  const [first = NO_CONSENT] = some;
  if (some.length < 2) return first;
  return {
    gated: some.flatMap(({ gated }) => gated),
    marks: some.flatMap(({ marks }) => marks),
    checks: some.flatMap(({ checks }) => checks),
    places: some.flatMap(({ places }) => places),
    roots: some.flatMap(({ roots }) => roots),
    named: some.flatMap(({ named }) => named),
  };
}

/** The result inside an inline fragment. */
export function inFragment(condition: string | undefined, result: Result): Result {
  const wrapped = (selections: readonly SelectionNode[]): readonly SelectionNode[] =>
    selections.length === 0 ? selections : [inlineFragment(condition, selections)];
  return { ...result, selections: wrapped(result.selections), all: wrapped(result.all), consent: gatedAs(result.consent, wrapped) };
}

/** What depends on consent with its selections inside another one. */
export function gatedAs(consent: ConsentResult, wrap: (selections: readonly SelectionNode[]) => readonly SelectionNode[]): ConsentResult {
  if (consent.gated.length === 0) return consent;
  return { ...consent, gated: consent.gated.map(({ keys, selections }) => ({ keys, selections: wrap(selections) })) };
}

/** What depends on consent behind a field, seen from the object that has the field. */
export function behind(step: DataStep, consent: ConsentResult): ConsentResult {
  if (consent === NO_CONSENT) return consent;
  return {
    gated: consent.gated,
    marks: consent.marks.map((mark) => ({ ...mark, field: [step, ...mark.field] })),
    checks: consent.checks.map((check) => ({ ...check, field: [step, ...check.field] })),
    places: consent.places.map((place) => ({ ...place, way: [step, ...place.way] })),
    roots: consent.roots,
    named: consent.named.map((named) => ({ ...named, way: [step, ...named.way] })),
  };
}

/** One entry for each set of consents. */
export function groupGated(gated: readonly Gated[]): readonly Gated[] {
  return [...Map.groupBy(gated, ({ keys }) => JSON.stringify(keys)).values()].map((same) => ({
    keys: same[0]?.keys ?? [],
    selections: same.flatMap(({ selections }) => selections),
  }));
}
