import type { DecideField, Facts, Rung } from './rules.ts';
import { concrete, isComposite, PERSON, type FieldFacts } from './world.ts';

/** What the rules make of a field where it stands, before anybody's consent is looked at. */
export type Outcome =
  | { readonly kind: 'refused'; readonly code: string }
  /** Released to all with its transform; `more` is the group by which consent lifts the transform. */
  | { readonly kind: 'law'; readonly transform: string | undefined; readonly more: string | undefined; readonly applies: boolean }
  | { readonly kind: 'consent'; readonly transform: string | undefined; readonly group: string; readonly applies: boolean }
  /** Released of those persons of whom not too many different things were asked: so many in a day. */
  | { readonly kind: 'counted'; readonly transform: string | undefined; readonly probes: number; readonly applies: boolean };

/** How the field was released that leads to a value. */
export interface Inherited {
  readonly transform: string | undefined;
  readonly more: string | undefined;
}

interface Where {
  readonly inherited: Inherited | undefined;
  readonly echoed: boolean;
  readonly self: boolean;
  readonly isRoot: boolean;
}

const NOT_PERMITTED: Outcome = { kind: 'refused', code: 'FIELD_NOT_PERMITTED' };
const NO_TEXTS = ['Int', 'Float', 'Boolean', 'Sex', 'RecordKind'];

/** The rules for one field. `applies` is false where a transform has done its work by leaving other fields out. */
export function decideOutcome(
  decide: DecideField,
  type: string,
  facts: FieldFacts,
  args: Readonly<Record<string, unknown>>,
  where: Where,
): Outcome {
  if (where.echoed && type === PERSON && facts.name === 'id') return { kind: 'law', transform: undefined, more: undefined, applies: false };
  if (where.isRoot || facts.group !== undefined) return itself(decide, type, facts, args, where);
  if (type === PERSON || where.inherited === undefined) return NOT_PERMITTED;
  const { transform, more } = where.inherited;
  if (transform === undefined || facts.retainedBy.includes(transform)) return { kind: 'law', transform, more, applies: false };
  return more === undefined ? NOT_PERMITTED : { kind: 'consent', transform: undefined, group: more, applies: false };
}

function itself(decide: DecideField, type: string, facts: FieldFacts, args: Readonly<Record<string, unknown>>, where: Where): Outcome {
  const outcome = withoutReads(decide, type, facts, args, where);
  if (outcome.kind === 'refused') return outcome;
  for (const [argument, coordinate] of facts.reads) {
    if (!Object.hasOwn(args, argument)) continue;
    const ruled = decide(coordinate, where.self, {});
    if (ruled.kind === 'refused') return { kind: 'refused', code: ruled.code };
    if (ruled.consent !== undefined) return { kind: 'refused', code: 'CONSENT_REQUIRED' };
    // Whom it finds is known by asking only, so that nobody can count it.
    if (ruled.law?.transform !== undefined || ruled.law?.probes !== undefined) return NOT_PERMITTED;
  }
  const isOfNobody = where.isRoot && facts.subjectsOf.length === 0;
  return outcome.kind === 'counted' && isOfNobody ? NOT_PERMITTED : outcome;
}

function withoutReads(
  decide: DecideField,
  type: string,
  facts: FieldFacts,
  args: Readonly<Record<string, unknown>>,
  where: Where,
): Outcome {
  const ruled = decide(`${type}.${facts.name}`, where.self, comparable(args));
  if (ruled.kind === 'refused') return { kind: 'refused', code: ruled.code };
  const { group } = facts;
  // What law gives by counted questions is not given beside consent that gives more.
  const isAside = ruled.law?.probes !== undefined && ruled.consent !== undefined;
  const law = ruled.law !== undefined && !isAside && fits(ruled.law, facts) ? ruled.law : undefined;
  const consent = ruled.consent !== undefined && group !== undefined && fits(ruled.consent, facts) ? ruled.consent : undefined;
  if (where.isRoot) return root(law, consent, ruled.consent !== undefined && ruled.law === undefined, facts);
  if (law?.probes !== undefined) return { kind: 'counted', transform: law.transform, probes: law.probes, applies: true };
  if (law !== undefined) {
    return {
      kind: 'law',
      transform: law.transform,
      more: law.transform === undefined || consent === undefined ? undefined : group,
      applies: true,
    };
  }
  if (consent !== undefined && group !== undefined) return { kind: 'consent', transform: consent.transform, group, applies: true };
  return NOT_PERMITTED;
}

/** Nobody stands around a root: law alone counts, or the consent of everybody whom its arguments name. */
function root(law: Rung | undefined, consent: Rung | undefined, wantsConsent: boolean, { group, subjectsOf }: FieldFacts): Outcome {
  if (law?.probes !== undefined) return { kind: 'counted', transform: undefined, probes: law.probes, applies: false };
  if (law !== undefined) return { kind: 'law', transform: law.transform, more: undefined, applies: true };
  if (consent !== undefined && group !== undefined && subjectsOf.length > 0) {
    return { kind: 'consent', transform: undefined, group, applies: false };
  }
  return wantsConsent && group === undefined ? { kind: 'refused', code: 'CONSENT_REQUIRED' } : NOT_PERMITTED;
}

/** What can be done by a transform: leave fields of a value out, or shorten a text. */
function fits({ transform }: Rung, { named }: FieldFacts): boolean {
  if (transform === undefined) return true;
  if (isComposite(named)) return concrete(named).every((type) => type !== PERSON);
  return !NO_TEXTS.includes(named) && transform !== 'province';
}

function comparable(args: Readonly<Record<string, unknown>>): Facts {
  return Object.fromEntries(Object.entries(args).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))) as Facts;
}
