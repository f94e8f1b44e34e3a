import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import { isCalendarDate } from '../../platform/scalars.ts';
import type { PolicyText } from './cedar-text.ts';
import { didYouMean, error, type Problem } from './problems.ts';

/** The legal bases of a permit: consent (Law 91/2025/QH15 art. 9), or a letter of art. 19.1. */
const BASES = ['CONSENT', 'ART_19_1_A', 'ART_19_1_B', 'ART_19_1_C', 'ART_19_1_D', 'ART_19_1_DD'] as const;
/** What a permit can leave of a value instead of giving it whole. */
export const TRANSFORMS = ['year', 'last4', 'province', 'initials', 'pseudonym'] as const;

/** What the annotations of a policy say, once they are known to be right. A forbid has neither basis, transform nor end. */
export interface Annotations {
  readonly id: string;
  readonly basis: string;
  readonly reference: string | undefined;
  readonly transform: string | undefined;
  /** First moment at which the permit no longer counts, milliseconds since the epoch; Infinity without `@until`. */
  readonly endsAtMs: number;
  /** Distinct questions to one person in a day; undefined without a bound. */
  readonly probesMax: number | undefined;
  /** Days for which the person is not shown that this permit was used; undefined when it is shown at once. */
  readonly hiddenDays: number | undefined;
}

const OF_PERMIT = ['id', 'basis', 'reference', 'transform', 'until', 'probes', 'hidden'] as const;
const PROBES_MAX = 1_000;
/** Whatever law asks for, a person is told within a year. */
const HIDDEN_DAYS_MAX = 365;
const OF_FORBID = ['id', 'reference'] as const;
const DAY_MS = 86_400_000;

/**
 * Reads a policy's annotations against the closed list. Cedar itself takes any annotation, so that a
 * misspelt `@untill` would give a permit without end: here everything that is not on the list is an error.
 */
export function readAnnotations(
  policy: PolicyText,
  json: PolicyJson,
): { readonly annotations: Annotations | undefined; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const given = new Map(Object.entries(json.annotations ?? {}).map(([name, value]) => [name, value ?? '']));
  const known: readonly string[] = json.effect === 'permit' ? OF_PERMIT : OF_FORBID;
  const wrong = (name: string, message: string): void => void problems.push(error(policy.file, policy.annotation(name), message));

  for (const name of given.keys()) {
    if (!known.includes(name)) {
      wrong(
        name,
        `@${name} is no annotation of a ${json.effect}. Known are ${known.map((one) => `@${one}`).join(', ')}.${didYouMean(name, known)}`,
      );
    }
  }

  const id = given.get('id');
  if (id === undefined) wrong('id', `The ${json.effect} has no @id. Give it one of its own.`);
  else if (!/^[a-z][a-z0-9]*(?:[.-][a-z0-9]+)*$/.test(id) || id === 'none') {
    wrong('id', `@id(${JSON.stringify(id)}) is no id: small letters and digits in parts joined by "-" or ".", and not "none".`);
  }

  const basis = given.get('basis');
  const reference = given.get('reference');
  if (json.effect === 'permit') {
    if (basis === undefined) wrong('basis', `The permit has no @basis. It is one of ${BASES.join(', ')}.`);
    else if (!BASES.some((one) => one === basis)) {
      wrong('basis', `@basis(${JSON.stringify(basis)}) is no legal basis. It is one of ${BASES.join(', ')}.${didYouMean(basis, BASES)}`);
    }
    if (basis !== 'CONSENT' && reference === undefined) {
      wrong('reference', 'The permit has no @reference. Name the text that gives the basis, with its number.');
    }
  }
  if (reference?.trim() === '') wrong('reference', '@reference is empty. Name the text that gives the basis, with its number.');

  const transform = given.get('transform');
  if (known.includes('transform') && transform !== undefined && !TRANSFORMS.some((one) => one === transform)) {
    const list = TRANSFORMS.join(', ');
    wrong('transform', `@transform(${JSON.stringify(transform)}) is not known. It is one of ${list}.${didYouMean(transform, TRANSFORMS)}`);
  }

  const until = given.get('until');
  if (known.includes('until') && until !== undefined && !isCalendarDate(until)) {
    wrong('until', `@until(${JSON.stringify(until)}) is no day. Write it like "2027-12-31".`);
  }

  const probes = given.get('probes');
  if (known.includes('probes') && probes !== undefined) {
    const count = Number(probes);
    if (!/^\d+$/.test(probes) || count < 1 || count > PROBES_MAX) {
      wrong('probes', `@probes(${JSON.stringify(probes)}) is no bound. It is a whole number of questions a day, 1 to ${PROBES_MAX}.`);
    } else if (basis === 'CONSENT') {
      wrong('probes', '@probes bounds what law gives. Who consents gives the answer itself: leave it out.');
    }
  }

  const hidden = given.get('hidden');
  const hiddenDays = /^P(\d{1,4})D$/.exec(hidden ?? '')?.[1];
  if (known.includes('hidden') && hidden !== undefined) {
    if (hiddenDays === undefined || Number(hiddenDays) < 1 || Number(hiddenDays) > HIDDEN_DAYS_MAX) {
      wrong('hidden', `@hidden(${JSON.stringify(hidden)}) is no delay. Write whole days like "P30D", at most P${HIDDEN_DAYS_MAX}D.`);
    } else if (basis === 'CONSENT') {
      wrong('hidden', '@hidden keeps from the person for a time that law was used. What rests on consent is shown at once: leave it out.');
    }
  }

  if (problems.length > 0 || id === undefined) return { annotations: undefined, problems };
  const endsAtMs = until === undefined ? Infinity : endOfDayMs(until);
  return {
    annotations: {
      id,
      basis: basis ?? '',
      reference,
      transform,
      endsAtMs,
      probesMax: probes === undefined ? undefined : Number(probes),
      hiddenDays: hiddenDays === undefined ? undefined : Number(hiddenDays),
    },
    problems,
  };
}

/** The end of a day in Vietnam, which is UTC+7 without summer time: the day of `@until` still counts. */
export function endOfDayMs(day: string): number {
  return Date.parse(`${day}T00:00:00+07:00`) + DAY_MS;
}
