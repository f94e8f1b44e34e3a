import type { Logger } from '../../platform/log.ts';
import { redactNumbers } from '../../platform/log.ts';
import { refuse, type Refusal } from '../errors.ts';
import type { TokenCheck } from '../identity/tokens.ts';
import type { Application, Registry } from '../policy/registry.ts';
import type { Caller, GatewayRequest } from '../request.ts';

/** Bounds of what the headers may say, in characters. */
export const OPAQUE_ID_LENGTH_MAX = 64;
export const EMERGENCY_REASON_LENGTH_MAX = 200;

export interface AuthenticateDeps {
  readonly checkToken: TokenCheck;
  readonly registry: Registry;
  readonly log: Logger;
}

/**
 * First stage: who asks, for what, through which officer. The application comes from the registry by the issuer and client id of the
 * verified token, never from another claim. Refusals come in the order token, application, purpose, officer, the other headers.
 */
export async function authenticate(request: GatewayRequest, deps: AuthenticateDeps): Promise<Caller | Refusal> {
  const application = await findApplication(request.headers['authorization'], deps);
  if ('kind' in application) return application;

  const purpose = request.headers['x-purpose']?.trim() ?? '';
  if (purpose === '') return refuse('PURPOSE_REQUIRED');
  if (!application.purposes.has(purpose) || !deps.registry.purposes.has(purpose)) return refuse('PURPOSE_NOT_REGISTERED');

  const stated = readStatements(request.headers);
  if ('kind' in stated) return stated;
  return {
    action: 'read',
    application: application.id,
    agency: application.agency,
    officerRole: deps.registry.officerRole(application.agency, stated.officer),
    purpose,
    // Only a login of the officer's own raises it.
    assurance: 0,
    emergency: stated.emergencyReason !== undefined,
    citizen: undefined,
    approvedOperationsOnly: application.approvedOperationsOnly,
    ...stated,
  };
}

async function findApplication(authorization: string | undefined, deps: AuthenticateDeps): Promise<Application | Refusal> {
  const token = bearerToken(authorization ?? '');
  if (token === undefined) return refuse('UNAUTHENTICATED');
  const result = await deps.checkToken(token);
  if (result.kind !== 'verified') {
    // Unavailable keys are refused like a bad token and not with a 5xx: anybody can send a token that makes the gateway ask for keys.
    // The operator is told, the client is not: which check failed would help whoever forges tokens.
    if (result.kind === 'unavailable') deps.log.warn({ reason: result.reason }, 'a token cannot be checked');
    else deps.log.debug({ reason: result.reason }, 'a token was rejected');
    return refuse('UNAUTHENTICATED');
  }
  const application = deps.registry.findApplication(result.token.issuer, result.token.clientId);
  return application === undefined || application.suspended ? refuse('APPLICATION_NOT_REGISTERED') : application;
}

/** RFC 6750, section 2.1; the scheme is case-insensitive (RFC 9110, section 11.1). */
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

/** The token of an `Authorization` header, undefined when that is not a bearer token. */
export function bearerToken(authorization: string): string | undefined {
  return BEARER.exec(authorization)?.[1];
}

/** What `x-on-refusal` asks for. */
export function readOnRefusal(headers: GatewayRequest['headers']): Caller['onRefusal'] | Refusal {
  const onRefusal = headers['x-on-refusal']?.trim() ?? 'prune';
  if (onRefusal === 'prune' || onRefusal === 'reject') return onRefusal;
  return refuse('HEADER_INVALID', 'x-on-refusal is either "prune" or "reject".');
}

type Statements = Pick<Caller, 'officer' | 'caseReference' | 'emergencyReason' | 'onRefusal'>;

function readStatements(headers: GatewayRequest['headers']): Statements | Refusal {
  if (headers['x-officer-token'] !== undefined) {
    // Taking the request without it would give a lower assurance than the client believes it has.
    return refuse(
      'HEADER_INVALID',
      "Logins of officers are not served yet. Leave x-officer-token out and send the officer's id in x-officer.",
    );
  }
  const officer = headers['x-officer']?.trim() ?? '';
  if (officer === '') return refuse('OFFICER_REQUIRED');
  if (!isOpaqueId(officer)) return refuse('HEADER_INVALID', opaqueIdNeed('x-officer'));

  const caseReference = headers['x-case']?.trim();
  if (caseReference !== undefined && !isOpaqueId(caseReference)) return refuse('HEADER_INVALID', opaqueIdNeed('x-case'));

  const emergency = headers['x-emergency'];
  const emergencyReason = emergency === undefined ? undefined : decodeReason(emergency);
  if (emergency !== undefined && emergencyReason === undefined) {
    return refuse(
      'HEADER_INVALID',
      `x-emergency holds the reason of the emergency: text of 1 to ${EMERGENCY_REASON_LENGTH_MAX} characters.`,
    );
  }

  const onRefusal = readOnRefusal(headers);
  if (typeof onRefusal === 'object') return onRefusal;
  return { officer, caseReference, emergencyReason, onRefusal };
}

/** Printable ASCII without spaces (a header sent twice arrives joined by ", "), and no citizen: 12 digits in a row may be one. */
function isOpaqueId(text: string): boolean {
  return text.length <= OPAQUE_ID_LENGTH_MAX && /^[!-~]+$/.test(text) && !/(?<!\d)\d{12}(?!\d)/.test(text);
}

function opaqueIdNeed(header: string): string {
  return `${header} is an opaque id of 1 to ${OPAQUE_ID_LENGTH_MAX} printable ASCII characters without spaces, and no ID number of a citizen.`;
}

/**
 * The reason as text, undefined when there is none or it is too long or holds control characters. Header bytes arrive as Latin-1; they
 * may be UTF-8, percent-encoded UTF-8 or Latin-1. Long numbers are taken out: the reason is kept and shown, and may name no citizen.
 */
function decodeReason(header: string): string | undefined {
  const text = redactNumbers(percentDecoded(utf8OrLatin1(header)).normalize('NFC')).trim();
  const length = Array.from(text).length;
  return length === 0 || length > EMERGENCY_REASON_LENGTH_MAX || /\p{Cc}/u.test(text) ? undefined : text;
}

function utf8OrLatin1(header: string): string {
  // Characters above U+00FF cannot come over HTTP/1; such a text was decoded before it got here.
  if (/[^\0-\xff]/.test(header)) return header;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(header, 'latin1'));
  } catch {
    return header;
  }
}

/** A lone percent sign is text like any other: an emergency is not refused for "50 % burns". */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
