import { isIdNumber } from '../../platform/id-number.ts';
import { isCalendarDate } from '../../platform/scalars.ts';
import { endOfDayMs } from '../policy/annotations.ts';
import type { AssuranceLevel, Policies } from '../policy/decision.ts';
import type { Agency, Purpose, Registry } from '../policy/registry.ts';
import type { ConsentGroup, ConsentGroups } from './groups.ts';
import type { IsPersonKey } from './person-keys.ts';

const DAY_MS = 86_400_000;
/** Without a word about its end a consent holds a year, and never longer than five. */
const VALID_DAYS_DEFAULT = 365;
const VALID_DAYS_MAX = 5 * 366;

export interface ConsentInput {
  readonly idNumber: string;
  readonly agency: string;
  readonly purpose: string;
  readonly groups: readonly string[];
  /** Last day, `YYYY-MM-DD`, in Vietnam. */
  readonly until: string | undefined;
}

export interface Consentable {
  readonly kind: 'consentable';
  readonly agency: Agency;
  readonly purpose: Purpose;
  readonly groups: readonly ConsentGroup[];
  readonly validUntil: Date;
}

export interface NotConsentable {
  readonly kind: 'refused';
  /** What is wrong and what to do; names of the registry only. */
  readonly message: string;
}

export interface ConsentRules {
  readonly registry: Registry;
  readonly policies: Policies;
  readonly groups: ConsentGroups;
  /** ID numbers unless told. */
  readonly isPersonKey?: IsPersonKey | undefined;
}

/**
 * Whether this can be consented to: an agency, a purpose that an application of it has, and groups for which some permit asks consent. A
 * number that nobody has is taken like any other, since the answer would tell who exists.
 */
export function judge(input: ConsentInput, rules: ConsentRules, nowMs: number): Consentable | NotConsentable {
  const { registry, groups } = rules;
  if (!(rules.isPersonKey ?? isIdNumber)(input.idNumber))
    return refused('An ID number is a string of exactly 12 digits. Correct the number.');
  const agency = registry.agencies.get(input.agency);
  if (agency === undefined) return refused(`There is no agency "${input.agency}". Use one of: ${listed(registry.agencies.keys())}.`);
  const purpose = registry.purposes.get(input.purpose);
  if (purpose === undefined) return refused(`There is no purpose "${input.purpose}". Use one of: ${listed(registry.purposes.keys())}.`);
  if (input.groups.length === 0) return refused('Name at least one group of data.');
  const asked = groupsAskedFor(agency.id, purpose.id, rules);
  const chosen: ConsentGroup[] = [];
  for (const name of new Set(input.groups)) {
    const group = groups.current.get(name);
    if (group === undefined) return refused(`There is no group "${name}". Use one of: ${listed(asked)}.`);
    if (!asked.has(name)) {
      return refused(
        `No rule asks for consent to "${name}" for this agency and purpose, so there is nothing to consent to. ${offered(asked)}`,
      );
    }
    chosen.push(group);
  }
  const validUntil = endOf(input.until, nowMs);
  return typeof validUntil === 'string' ? refused(validUntil) : { kind: 'consentable', agency, purpose, groups: chosen, validUntil };
}

/** The moment at which a consent ends, or what is wrong with the day. */
export function endOf(until: string | undefined, nowMs: number): Date | string {
  if (until === undefined) return new Date(nowMs + VALID_DAYS_DEFAULT * DAY_MS);
  if (!isCalendarDate(until)) return 'The last day of a consent is a date like 2027-12-31.';
  const endMs = endOfDayMs(until);
  if (endMs <= nowMs) return 'The last day of the consent is over. Name a later one.';
  if (endMs > nowMs + VALID_DAYS_MAX * DAY_MS) return 'A consent holds five years at most. Name an earlier day.';
  return new Date(endMs);
}

/** Groups in which some field is given by consent to an application of the agency for the purpose. */
function groupsAskedFor(agency: string, purpose: string, { registry, policies, groups }: ConsentRules): ReadonlySet<string> {
  const found = new Set<string>();
  const applications = [...registry.applications.values()].filter((one) => one.agency === agency && one.purposes.has(purpose));
  for (const { id } of applications) {
    for (const group of groups.current.values()) {
      if (!found.has(group.name) && group.coordinates.some((coordinate) => asksConsent(policies, id, purpose, coordinate)))
        found.add(group.name);
    }
  }
  return found;
}

const LEVELS: readonly AssuranceLevel[] = [0, 1, 2];

function asksConsent({ decide }: Policies, application: string, purpose: string, coordinate: string): boolean {
  return LEVELS.some((assurance) => {
    const context = { action: 'read', application, officerRole: undefined, purpose, assurance, emergency: false } as const;
    const decision = decide(context, coordinate, {});
    return decision.kind === 'permitted' && decision.consent !== undefined;
  });
}

function offered(asked: ReadonlySet<string>): string {
  return asked.size === 0 ? 'Nothing at all is asked for by consent there.' : `Asked for by consent are: ${listed(asked)}.`;
}

function listed(names: Iterable<string>): string {
  return [...names].toSorted().join(', ');
}

function refused(message: string): NotConsentable {
  return { kind: 'refused', message };
}
