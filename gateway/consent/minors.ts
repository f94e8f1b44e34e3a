import { VIETNAM_OFFSET_MS } from '../../platform/vietnam-time.ts';

/** Full legal age (Civil Code 91/2015/QH13 art. 20). */
const ADULT_YEARS = 18;
/** From this age the child's own agreement is needed too where private life is disclosed (Law 91/2025/QH15). */
const OWN_AGREEMENT_YEARS = 7;

/** What civil status says of a person's age and of who represents them. */
export interface Family {
  readonly kind: 'family';
  /** `YYYY-MM-DD`; undefined when nobody has the number, or the date is not registered. */
  readonly dateOfBirth: string | undefined;
  /** ID numbers of parents by birth or adoption, and of guardians whose guardianship lasts. */
  readonly representatives: ReadonlySet<string>;
}

/** Asks civil status about a person. */
export type FindFamily = (idNumber: string) => Promise<Family | { readonly kind: 'unavailable' }>;

/** Somebody acts for a person: for themselves, or in place of a minor. */
export interface Actor {
  readonly idNumber: string;
  readonly representative: string | undefined;
}

export type MayAct =
  | {
      readonly kind: 'may-act';
      /** When what is given ends at the latest: the eighteenth birthday of a minor. */
      readonly endsAtMs: number;
      /** From when on sensitive data needs the person's own agreement beside the representative's; infinite for who acts alone. */
      readonly ownAgreementFromMs: number;
    }
  | { readonly kind: 'refused'; readonly message: string };

/**
 * Whether the actor may give consent now: an adult alone, for a minor a parent or guardian (Law 91/2025/QH15 on minors; Civil Code art. 136).
 * Nobody learns of a stranger whether they exist or how old they are. A number that nobody has is taken like an adult's.
 */
export async function mayGive({ idNumber, representative }: Actor, findFamily: FindFamily, nowMs: number): Promise<MayAct> {
  const family = await findFamily(idNumber);
  if (family.kind === 'unavailable') {
    return { kind: 'refused', message: 'Civil status cannot be asked who may consent at the moment. Try again later.' };
  }
  const { dateOfBirth, representatives } = family;
  const adultAtMs = dateOfBirth === undefined ? undefined : birthdayMs(dateOfBirth, ADULT_YEARS);
  const isMinor = adultAtMs !== undefined && nowMs < adultAtMs;
  if (representative === undefined) {
    if (isMinor) return { kind: 'refused', message: 'For a person under 18 a parent or guardian consents. Let one of them do it.' };
    return { kind: 'may-act', endsAtMs: Number.POSITIVE_INFINITY, ownAgreementFromMs: Number.POSITIVE_INFINITY };
  }
  if (dateOfBirth === undefined || !isMinor || !representatives.has(representative)) return NOT_REPRESENTATIVE;
  return { kind: 'may-act', endsAtMs: adultAtMs, ownAgreementFromMs: birthdayMs(dateOfBirth, OWN_AGREEMENT_YEARS) };
}

/** When what is given ends at the latest: without the child's own agreement to sensitive data on the day from which it is needed. */
export function endsAtMs(acting: Extract<MayAct, { kind: 'may-act' }>, lacksAgreement: boolean): number {
  return lacksAgreement ? Math.min(acting.endsAtMs, acting.ownAgreementFromMs) : acting.endsAtMs;
}

/** The same for withdrawing and looking: a minor may withdraw alone too. */
export async function mayWithdraw({ idNumber, representative }: Actor, findFamily: FindFamily, nowMs: number): Promise<MayAct> {
  if (representative !== undefined) return mayGive({ idNumber, representative }, findFamily, nowMs);
  return { kind: 'may-act', endsAtMs: Number.POSITIVE_INFINITY, ownAgreementFromMs: Number.POSITIVE_INFINITY };
}

const NOT_REPRESENTATIVE = {
  kind: 'refused',
  message: 'This is not a person under 18 whose registered parent or guardian acts. Correct the ID numbers, or let the person consent.',
} as const;

/** The beginning, in Vietnam, of the day on which somebody born then is so many years old. */
function birthdayMs(dateOfBirth: string, years: number): number {
  const [year = 0, month = 1, day = 1] = dateOfBirth.split('-').map(Number);
  return Date.UTC(year + years, month - 1, day) - VIETNAM_OFFSET_MS;
}
