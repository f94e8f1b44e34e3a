import type { FieldNode, SelectionNode } from 'graphql';
import { keyOf } from '../execution/data.ts';
import type { DataWay } from '../execution/people.ts';
import type { ShapeField } from '../execution/shape.ts';
import type { Consented } from './decide.ts';
import { withSelections } from '../execution/nodes.ts';
import { behind, gatedAs, NO_CONSENT, NOTHING, type ConsentResult, type FieldResult, type ObjectResult } from './prune-result.ts';

/** A field as it was selected and as it will be answered, with the consents that are needed to be asked for it. */
export interface ConsentedPlace {
  readonly node: FieldNode;
  readonly shape: ShapeField;
  readonly keys: readonly string[];
}

/** A leaf that is asked only of those who consent. `transform` is what the permit leaves of its values. */
export function consentedLeaf({ coordinate, consent }: Consented, place: ConsentedPlace, transform: string | undefined): FieldResult {
  const { node, shape, keys } = place;
  const shown = { ...shape, consent: { coordinate, group: consent.group } };
  const field = transform === undefined ? shown : { ...shown, transform: { name: transform, unlessConsent: undefined } };
  const mark = { consent: consent.key, field: [stepOf(shape)] };
  const result = { ...NO_CONSENT, gated: [{ keys, selections: [node] }], marks: [mark] };
  return { ...NOTHING, all: [node], fields: [field], leaves: 1, size: 1, whole: false, consent: result };
}

/** An object that is asked only of those who consent. `others` are the ways to persons in it who must have consented too. */
export function consentedObject(
  { coordinate, consent }: Consented,
  { node, shape, keys }: ConsentedPlace,
  inner: ObjectResult,
  others: readonly DataWay[],
): FieldResult {
  const step = stepOf(shape);
  const wrap = (selections: readonly SelectionNode[]) => (selections.length === 0 ? [] : [withSelections(node, selections)]);
  const below = behind(step, gatedAs(inner.consent, wrap));
  return {
    ...NOTHING,
    all: wrap(inner.all),
    fields: [{ ...shape, consent: { coordinate, group: consent.group }, inner: inner.shape }],
    leaves: Math.max(1, inner.leaves),
    size: inner.size + 1,
    whole: false,
    consent: {
      ...below,
      gated: [{ keys, selections: wrap(inner.selections) }, ...below.gated],
      marks: [{ consent: consent.key, field: [step] }, ...below.marks],
      checks: others.length === 0 ? below.checks : [{ consent: consent.key, field: [step], named: others }, ...below.checks],
    },
  };
}

/** A root field that is asked only when everybody named in its arguments consents; `paths` lead there, `$input.idNumber`. */
export function consentedRoot(
  { coordinate, consent }: Consented,
  { node, shape }: ConsentedPlace,
  inner: ObjectResult | undefined,
  paths: readonly string[],
): FieldResult {
  const step = { ...stepOf(shape), holders: undefined };
  const root = {
    consent: consent.key,
    node,
    selections: [inner === undefined ? node : withSelections(node, inner.selections)],
    field: step,
    named: paths.filter((one) => one.startsWith('$')).map((one) => one.slice(1).split('.')),
  };
  const below = inner === undefined ? NO_CONSENT : behind(step, inner.consent);
  return {
    ...NOTHING,
    all: [inner === undefined ? node : withSelections(node, inner.all)],
    fields: [{ ...shape, consent: { coordinate, group: consent.group }, inner: inner?.shape }],
    leaves: 1,
    size: (inner?.size ?? 0) + 1,
    whole: false,
    consent: { ...below, roots: [root, ...below.roots] },
  };
}

/** The people at the root are those whom the arguments of the field name. */
export function knownByLookup(consent: ConsentResult, node: FieldNode): ConsentResult {
  const places = consent.places.map((place) => (place.way.length === 0 && place.knownAfter === 0 ? { ...place, lookup: node } : place));
  return { ...consent, places };
}

export function stepOf(shape: ShapeField) {
  return { key: keyOf(shape.dataKey), holders: shape.types };
}
