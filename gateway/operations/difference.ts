import type { Decision } from '../policy/decision.ts';
import { compareDecisions, type Direction } from '../rules/order.ts';
import { coversPoint, pointsOf, type Circumstance, type Tried } from './circumstances.ts';
import type { DisclosedDecision, DisclosedField, DisclosedRung, Disclosure } from './disclosure.ts';

/** Something that an operation gives otherwise than it was approved. */
export interface Difference {
  readonly coordinate: string;
  readonly direction: Exclude<Direction, 'same'>;
}

/** What two looks at the same operation say, each with the circumstances that it was tried in. */
export interface Look {
  readonly tried: Tried;
  readonly disclosures: readonly Disclosure[];
}

/**
 * What an operation gives now otherwise than its approvers saw, everywhere that it was tried; empty when it gives exactly the same. Permits
 * may have other names and other texts of law; more, less, another transform, another group or class, a bound or a path that is taken out
 * count. Where nobody looked before, an officer's role counts as none and a value as left out: what is given there and was not given to those
 * is a difference.
 */
export function differencesOf(approved: Look, now: Look): readonly Difference[] {
  const found = new Map<string, Difference>();
  const note = (coordinate: string, direction: Direction): void => {
    if (direction === 'same') return;
    const known = found.get(coordinate);
    const both = known === undefined || known.direction === direction ? direction : 'apart';
    found.set(coordinate, { coordinate, direction: both });
  };
  for (const point of pointsOf(now.tried)) {
    const before = disclosureAt(approved.disclosures, point);
    const after = disclosureAt(now.disclosures, point);
    if (before === undefined || after === undefined) {
      for (const { coordinate } of after?.fields ?? []) note(coordinate, 'apart');
      continue;
    }
    const [fieldsBefore, fieldsAfter] = [byKey(before.fields), byKey(after.fields)];
    for (const key of new Set([...fieldsBefore.keys(), ...fieldsAfter.keys()])) {
      const [one, other] = [fieldsBefore.get(key), fieldsAfter.get(key)];
      note((one ?? other)?.coordinate ?? '', directionOf(one, other));
    }
    const [pathsBefore, pathsAfter] = [new Set(before.withheld.map(pathKey)), new Set(after.withheld.map(pathKey))];
    for (const one of after.withheld) if (!pathsBefore.has(pathKey(one))) note(one.coordinate, 'narrower');
    for (const one of before.withheld) if (!pathsAfter.has(pathKey(one))) note(one.coordinate, 'wider');
  }
  return [...found.values()].toSorted((a, b) => (a.coordinate < b.coordinate ? -1 : 1));
}

/** What was disclosed in a place, or in the nearest that somebody looked at: no role, values left out. */
function disclosureAt(disclosures: readonly Disclosure[], point: Circumstance): Disclosure | undefined {
  const places: readonly Circumstance[] = [
    point,
    { ...point, officerRole: '' },
    { ...point, variables: {} },
    { ...point, officerRole: '', variables: {} },
  ];
  for (const place of places) {
    const found = disclosures.find(({ when }) => when.some((wide) => coversPoint(wide, place)));
    if (found) return found;
  }
  return undefined;
}

function directionOf(before: DisclosedField | undefined, after: DisclosedField | undefined): Direction {
  if (before === undefined) return 'wider';
  if (after === undefined) return 'narrower';
  const isSamePlace = before.class === after.class && before.group === after.group;
  if (!isSamePlace || before.decisions.length !== after.decisions.length) return 'apart';
  const directions = new Set(
    before.decisions.map((one, index): Direction => {
      const other = after.decisions[index];
      return other === undefined ? 'apart' : compareDecisions(decisionOf(one), decisionOf(other));
    }),
  );
  directions.delete('same');
  const [direction = 'same', ...more] = directions;
  return more.length > 0 ? 'apart' : direction;
}

function decisionOf({ law, consent }: DisclosedDecision): Decision {
  if (law === null && consent === null) {
    return { kind: 'refused', code: 'FIELD_NOT_PERMITTED', policies: [], expiresAtMs: Number.POSITIVE_INFINITY };
  }
  return { kind: 'permitted', law: rungOf(law), consent: rungOf(consent), expiresAtMs: Number.POSITIVE_INFINITY };
}

function rungOf(rung: DisclosedRung | null) {
  if (rung === null) return undefined;
  const { policy, basis, reference, transform, probes, hiddenDays } = rung;
  return {
    policyId: policy,
    basis,
    reference: reference ?? undefined,
    transform: transform ?? undefined,
    probesMax: probes ?? undefined,
    hiddenDays: hiddenDays ?? undefined,
  };
}

function byKey(fields: readonly DisclosedField[]): ReadonlyMap<string, DisclosedField> {
  return new Map(fields.map((field) => [`${field.coordinate} ${field.self}`, field]));
}

function pathKey({ path, code }: Disclosure['withheld'][number]): string {
  return `${path} ${code}`;
}
