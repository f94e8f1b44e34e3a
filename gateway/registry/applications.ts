import { calculateJwkThumbprint } from 'jose';
import type { Actor } from '../admin/actor.ts';
import type { RegistryFile } from '../policy/registry-load.ts';
import { didYouMean } from '../policy/problems.ts';
import { administers, changeRegistry, NOT_YOURS, refused, type ChangeParts, type RegistryChanged, type RegistryRefusal } from './change.ts';

type Outcome = RegistryChanged | RegistryRefusal;
type FileApplication = RegistryFile['applications'][string];

/** What can be set of an application; undefined leaves it as it is. */
export interface ApplicationSettings {
  readonly purposes?: readonly string[] | undefined;
  readonly clientId?: string | undefined;
  readonly issuer?: string | undefined;
  readonly approvedOperationsOnly?: boolean | undefined;
  readonly certificate?: string | undefined;
  readonly peoplePerRequest?: number | undefined;
  readonly peoplePerDay?: number | undefined;
}

export interface ApplicationService {
  readonly add: (actor: Actor, id: string, agency: string, settings: ApplicationSettings) => Promise<Outcome>;
  readonly set: (actor: Actor, id: string, settings: ApplicationSettings) => Promise<Outcome>;
  /** `reason` is recorded and not shown to the application. Holds for the next request at every gateway, whatever token it carries. */
  readonly suspend: (actor: Actor, id: string, reason: string) => Promise<Outcome>;
  readonly resume: (actor: Actor, id: string) => Promise<Outcome>;
  /** The new key counts at once; those before it end after `overlapSeconds`. */
  readonly rotateKey: (actor: Actor, id: string, key: Readonly<Record<string, string>>, overlapSeconds: number) => Promise<Outcome>;
}

/** The longest time for which an old key may still count. */
const OVERLAP_SECONDS_MAX = 30 * 86_400;
/** Keys of one application at once. */
const KEYS_MAX = 5;

/** Administration of applications, each by its own agency's registry administrator or by a national one. */
export function createApplicationService(parts: ChangeParts): ApplicationService {
  const edit = async (
    actor: Actor,
    id: string,
    event: string,
    body: Readonly<Record<string, unknown>>,
    change: (application: FileApplication, at: Date) => RegistryRefusal | undefined | Promise<RegistryRefusal | undefined>,
  ): Promise<Outcome> =>
    changeRegistry(parts, actor, async ({ file, actor: present, at }) => {
      const application = Object.hasOwn(file.applications, id) ? file.applications[id] : undefined;
      if (application === undefined) {
        return refused('UNKNOWN', `There is no application "${id}".${didYouMean(id, Object.keys(file.applications))}`);
      }
      if (!administers(present, application.agency)) return NOT_YOURS;
      const fault = await change(application, at);
      return fault ?? { kind: 'edited', event, subject: id, body };
    });

  return {
    add: async (actor, id, agency, settings) =>
      changeRegistry(parts, actor, async ({ file, actor: present }) => {
        if (!administers(present, agency)) return NOT_YOURS;
        if (Object.hasOwn(file.applications, id)) return refused('EXISTS', `There is an application "${id}" already. Choose another id.`);
        const blank = { agency, purposes: [], login: 'application', approvedOperationsOnly: false, suspended: false, keys: [] } as const;
        file.applications[id] = { ...blank, purposes: [], keys: [] };
        apply(file.applications[id], settings);
        return { kind: 'edited', event: 'registry.application.add', subject: id, body: { agency, ...settings } };
      }),
    set: async (actor, id, settings) =>
      edit(actor, id, 'registry.application.set', { ...settings }, (application) => {
        const before = JSON.stringify(application);
        apply(application, settings);
        return JSON.stringify(application) === before ? refused('NO_CHANGE', 'It is so already.') : undefined;
      }),
    suspend: async (actor, id, reason) =>
      edit(actor, id, 'registry.application.suspend', { reason }, (application) => {
        if (application.suspended) return refused('NO_CHANGE', `The application "${id}" is suspended already.`);
        application.suspended = true;
        return undefined;
      }),
    resume: async (actor, id) =>
      edit(actor, id, 'registry.application.resume', {}, (application) => {
        if (!application.suspended) return refused('NO_CHANGE', `The application "${id}" is not suspended.`);
        application.suspended = false;
        return undefined;
      }),
    rotateKey: async (actor, id, key, overlapSeconds) => {
      const jwk = publicKeyOf(key);
      if (jwk === undefined) return refused('INVALID', 'A key is a public JWK for ES256 or EdDSA, without its private part. Correct it.');
      if (!Number.isInteger(overlapSeconds) || overlapSeconds < 0 || overlapSeconds > OVERLAP_SECONDS_MAX) {
        return refused('INVALID', `An overlap is from 0 to ${OVERLAP_SECONDS_MAX} seconds.`);
      }
      const thumbprint = await calculateJwkThumbprint(jwk);
      return edit(actor, id, 'registry.application.rotate-key', { thumbprint, overlapSeconds }, async (application, at) => {
        const until = new Date(at.getTime() + overlapSeconds * 1000);
        const alive = application.keys.filter((one) => one.until === undefined || Date.parse(one.until) > at.getTime());
        const thumbprints = await Promise.all(alive.map(async (one) => calculateJwkThumbprint(one.key)));
        if (thumbprints.includes(thumbprint)) return refused('EXISTS', 'This key is registered already. Make another one.');
        if (alive.length >= KEYS_MAX) return refused('INVALID', `An application has at most ${KEYS_MAX} keys. Wait until one has ended.`);
        // INVARIANT: a rotation only brings ends nearer.
        application.keys = alive.map((one) => ({ ...one, until: earlier(one.until, until) }));
        application.keys.push({ key: jwk });
        return undefined;
      });
    },
  };
}

function apply(application: FileApplication, settings: ApplicationSettings): void {
  const { purposes, ...rest } = settings;
  if (purposes !== undefined) application.purposes = [...purposes];
  for (const [name, value] of Object.entries(rest)) if (value !== undefined) Object.assign(application, { [name]: value });
}

function earlier(one: string | undefined, other: Date): string {
  return one !== undefined && Date.parse(one) < other.getTime() ? one : other.toISOString();
}

/** The members of a public JWK that say what key it is; undefined when it is none, or has a private part. */
function publicKeyOf(key: Readonly<Record<string, string>>): Record<string, string> | undefined {
  const { kty, crv, x, y, kid } = key;
  if ('d' in key || 'k' in key || typeof x !== 'string') return undefined;
  const named: Record<string, string> = typeof kid === 'string' ? { kid } : {};
  if (kty === 'EC' && crv === 'P-256' && typeof y === 'string') return { kty, crv, x, y, alg: 'ES256', use: 'sig', ...named };
  return kty === 'OKP' && crv === 'Ed25519' ? { kty, crv, x, alg: 'EdDSA', use: 'sig', ...named } : undefined;
}
