import type { Logger } from '../../platform/log.ts';
import { holdsIdNumber, isIdNumber } from '../../platform/id-number.ts';
import { redactNumbers } from '../../platform/log.ts';
import { refuse, type Refusal } from '../errors.ts';
import type { TokenCheck, VerifiedToken } from '../identity/tokens.ts';
import type { Application, Login, Registry } from '../policy/registry.ts';
import type { Caller, GatewayRequest } from '../request.ts';

/** Bounds of what the headers may say, in characters. */
const OPAQUE_ID_LENGTH_MAX = 64;
const EMERGENCY_REASON_LENGTH_MAX = 200;

export interface AuthenticateDeps {
  readonly checkToken: TokenCheck;
  readonly registry: Registry;
  /** Whether the subject of a citizen's token can be a person of this graph: ID numbers unless told. */
  readonly isPersonKey?: ((text: string) => boolean) | undefined;
  readonly log: Logger;
}

/** Whose tokens ask for no data: officers and administrators log in for other things, and nobody holds a token of the gateway's. */
const NOT_FOR_DATA: ReadonlySet<Login> = new Set<Login>(['officer', 'administrator', 'gateway']);
/** Who a citizen's own requests are recorded under in place of an officer. */
const CITIZEN_OFFICER = 'citizen';
/** Who the gateway's own questions are recorded under. */
const GATEWAY_OFFICER = 'gateway';

/**
 * First stage: who asks, for what, through which officer. The application comes from the registry by the issuer and client id of the
 * verified token, never from another claim. Refusals come in the order token, application, purpose, officer, the other headers.
 */
export async function authenticate(request: GatewayRequest, deps: AuthenticateDeps): Promise<Caller | Refusal> {
  const { headers } = request;
  const credential = await readCredential(bearerToken(headers['authorization'] ?? ''), deps);
  if ('kind' in credential) return credential;
  const { application, token } = credential;
  // From here on it is known who is refused, and the refusal goes on the record.
  const of = { application: application.id, agency: application.agency };
  if (NOT_FOR_DATA.has(application.login)) return { ...refuse('APPLICATION_NOT_REGISTERED'), of };

  const purpose = headers['x-purpose']?.trim() ?? '';
  if (purpose === '') return { ...refuse('PURPOSE_REQUIRED'), of };
  if (!application.purposes.has(purpose) || !deps.registry.purposes.has(purpose)) return { ...refuse('PURPOSE_NOT_REGISTERED'), of };

  const actor = application.login === 'citizen' ? readCitizen(headers, token, deps) : await readOfficer(headers, application.agency, deps);
  if ('kind' in actor) return { ...actor, of: { ...of, purpose } };
  const stated = readStatements(headers);
  if ('kind' in stated) return { ...stated, of: { ...of, purpose, officer: actor.officer, assurance: actor.assurance } };
  return {
    action: 'read',
    application: application.id,
    agency: application.agency,
    officerRole: deps.registry.officers.get(application.agency)?.get(actor.officer),
    purpose,
    emergency: stated.emergencyReason !== undefined,
    approvedOperationsOnly: application.approvedOperationsOnly,
    peoplePerRequest: application.peoplePerRequest,
    ...actor,
    ...stated,
  };
}

/** The gateway as it asks registers for itself, on the record like everybody: for an application of the registry that no token is for. */
export function gatewayCaller(application: Application, purpose: string): Caller {
  return {
    action: 'read',
    application: application.id,
    agency: application.agency,
    officer: GATEWAY_OFFICER,
    officerRole: undefined,
    purpose,
    assurance: 0,
    emergency: false,
    emergencyReason: undefined,
    caseReference: undefined,
    onRefusal: 'reject',
    citizen: undefined,
    approvedOperationsOnly: false,
  };
}

interface Credential {
  readonly application: Application;
  readonly token: VerifiedToken;
}

async function readCredential(token: string | undefined, deps: AuthenticateDeps): Promise<Credential | Refusal> {
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
  if (application === undefined) return refuse('APPLICATION_NOT_REGISTERED');
  if (application.suspended) {
    return { ...refuse('APPLICATION_NOT_REGISTERED'), of: { application: application.id, agency: application.agency } };
  }
  return { application, token: result.token };
}

type Actor = Pick<Caller, 'officer' | 'citizen' | 'assurance'>;

/** A citizen who is logged in asks about themselves, with no officer between and no emergency to claim. */
function readCitizen(
  headers: GatewayRequest['headers'],
  { subject, assurance }: VerifiedToken,
  { isPersonKey = isIdNumber }: AuthenticateDeps,
): Actor | Refusal {
  if (subject === undefined || !isPersonKey(subject)) return refuse('UNAUTHENTICATED');
  const stray = ['x-officer', 'x-officer-token', 'x-emergency'].find((name) => headers[name] !== undefined);
  if (stray !== undefined) return refuse('HEADER_INVALID', `${stray} is for officers. Leave it out when a citizen is logged in.`);
  return { officer: CITIZEN_OFFICER, citizen: subject, assurance };
}

/** The officer, and how surely it is that officer: by a login of the officer's own, else by the application's word alone. */
async function readOfficer(headers: GatewayRequest['headers'], agency: string, deps: AuthenticateDeps): Promise<Actor | Refusal> {
  const named = headers['x-officer']?.trim() ?? '';
  if (named !== '' && !isOpaqueId(named)) return refuse('HEADER_INVALID', opaqueIdNeed('x-officer'));
  const token = headers['x-officer-token'];
  if (token === undefined) {
    return named === '' ? refuse('OFFICER_REQUIRED') : { officer: named, citizen: undefined, assurance: 0 };
  }
  const login = await readCredential(token.trim(), deps);
  if ('kind' in login || login.application.login !== 'officer') return refuse('UNAUTHENTICATED', OFFICER_LOGIN_NEED);
  // The subject names the agency too: ids of officers are each agency's own.
  const [of, officer, ...more] = (login.token.subject ?? '').split('/');
  if (of !== agency || officer === undefined || more.length > 0 || !isOpaqueId(officer))
    return refuse('UNAUTHENTICATED', OFFICER_LOGIN_NEED);
  if (named !== '' && named !== officer) {
    return refuse('HEADER_INVALID', 'x-officer names another officer than x-officer-token. Leave x-officer out.');
  }
  return { officer, citizen: undefined, assurance: login.token.assurance };
}

const OFFICER_LOGIN_NEED = 'x-officer-token is no valid login of an officer of this agency. Log the officer in again.';

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

type Statements = Pick<Caller, 'caseReference' | 'emergencyReason' | 'onRefusal'>;

function readStatements(headers: GatewayRequest['headers']): Statements | Refusal {
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
  return { caseReference, emergencyReason, onRefusal };
}

/** Printable ASCII without spaces (a header sent twice arrives joined by ", "), and no citizen: 12 digits in a row may be one. */
export function isOpaqueId(text: string): boolean {
  return text.length <= OPAQUE_ID_LENGTH_MAX && /^[!-~]+$/.test(text) && !holdsIdNumber(text);
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
