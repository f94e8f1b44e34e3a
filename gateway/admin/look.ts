import { CITIZEN_SUBGRAPH } from '../citizen/subgraph.ts';
import type { EventLedger } from '../ledger/recording.ts';
import type { Registry } from '../policy/registry.ts';
import { isOpaqueId } from '../stages/authenticate.ts';
import type { Actor } from './actor.ts';
import type { AdminContext } from './schema.ts';
import { fieldError } from './field-error.ts';

/** What is looked at, and why. */
export interface Look {
  /** As the history of the person names it. */
  readonly action: string;
  readonly caseReference: string | null | undefined;
  /** Of which agency alone; undefined for all. */
  readonly agency?: string | null | undefined;
}

export interface LookParts {
  readonly events: EventLedger;
  readonly registry: () => Registry;
  readonly clock: () => number;
}

/** Who may stand beside: somebody who answers for something. */
const SECOND_ROLES = ['auditor', 'national-administrator', 'data-owner'] as const;

/** Under --demo whoever names nobody is the citizen, whose own data it is. */
export function isThePerson({ actor: { login } }: AdminContext): boolean {
  return login.kind === 'key' && !login.chosen;
}

/**
 * An officer looks at what the ledger says of a person: for a case, with another person beside, and within the own agency unless the operator's.
 * Gives the agency whose doing may be shown, undefined for all; throws where it may not be looked.
 */
export async function looksAt(idNumber: string, look: Look, context: AdminContext, parts: LookParts): Promise<string | undefined> {
  const { actor, second } = context;
  const beside = besideOf(actor, second);
  const { action, caseReference } = look;
  if (caseReference === null || caseReference === undefined || !isOpaqueId(caseReference)) {
    throw fieldError('BAD_USER_INPUT', 'Say for which case: a reference without spaces and without an ID number (--case).');
  }
  const agency = agencyShown(context, look.agency ?? undefined, parts.registry());
  await noteLook(idNumber, { action, case: caseReference, second: beside.account }, actor, parts);
  return agency;
}

/** INVARIANT: nobody has looked before it stands in the history of the person. Throws where it cannot be noted. */
export async function noteLook(
  idNumber: string,
  look: { readonly action: string; readonly case: string | null; readonly second: string | null },
  actor: Actor,
  { events, clock }: Pick<LookParts, 'events' | 'clock'>,
): Promise<void> {
  const event = { kind: 'administration', actor: actor.account, details: {}, ...look } as const;
  if (await events.record(event, clock(), { subjects: [idNumber] })) return;
  throw fieldError('AUDIT_UNAVAILABLE', 'It cannot be recorded at the moment, so it is not shown. Ask again later.');
}

/** The other natural person; throws where there is none. Two accounts of one human being are one. */
function besideOf(actor: Actor, second: Actor | undefined): Actor {
  if (second === undefined)
    throw fieldError('FIELD_NOT_PERMITTED', 'Nobody looks at a history alone. Name who stands beside you (--second).');
  if (second.person === actor.person) {
    throw fieldError('FIELD_NOT_PERMITTED', 'The second person is the same human being as the first. Name another.');
  }
  if (!SECOND_ROLES.some((role) => second.roles.has(role))) {
    throw fieldError('FIELD_NOT_PERMITTED', `The second person needs one of the roles ${SECOND_ROLES.join(', ')}. Name another.`);
  }
  return second;
}

/** Auditors of the operator see what every agency did, those of an agency what it did itself: that agency, undefined for all. */
export function agencyBounding(context: AdminContext, { registers }: Registry): string | undefined {
  const { roles, agency } = context.actor;
  // Under --demo whoever names nobody is the person on call too.
  const isForAll = isThePerson(context) || roles.has('national-administrator') || agency === registers.get(CITIZEN_SUBGRAPH)?.owner;
  return isForAll ? undefined : agency;
}

/** The agency that was named, or the only one that may be; throws where another was named. */
export function agencyShown(context: AdminContext, wanted: string | undefined, registry: Registry): string | undefined {
  const bound = agencyBounding(context, registry);
  if (bound !== undefined && wanted !== undefined && wanted !== bound) {
    throw fieldError('FIELD_NOT_PERMITTED', 'An officer of an agency sees what that agency did and no other. Name your own.');
  }
  return bound ?? wanted;
}
