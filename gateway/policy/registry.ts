import type { Officer } from './officers.ts';

/**
 * Who is connected: agencies, their applications and officers, the purposes applications may name, and who owns each register.
 * Facts of the operator, never of a token's claims.
 */
export interface Registry {
  /** Content address of what it was read from. */
  readonly version: string;
  readonly agencies: ReadonlyMap<string, Agency>;
  readonly applications: ReadonlyMap<string, Application>;
  readonly purposes: ReadonlyMap<string, Purpose>;
  /** By subgraph name: the agency that owns the data. */
  readonly registers: ReadonlyMap<string, { readonly id: string; readonly owner: string }>;
  /** By agency: the roles of its officers by their opaque ids. */
  readonly officers: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** By account, `agency/officer`: the same officers with what they administer. */
  readonly accounts: ReadonlyMap<string, Officer>;
  /** The application that an issuer knows under this client id. */
  readonly findApplication: (issuer: string, clientId: string) => Application | undefined;
}

export interface Agency {
  readonly id: string;
  /** Names for people, in Vietnamese and English. */
  readonly name: BilingualText;
  readonly kind: 'ministry' | 'province' | 'enterprise' | 'public-service-unit';
}

export interface Application {
  readonly id: string;
  readonly agency: string;
  /** Issuer of its tokens; undefined means the gateway's default issuer. */
  readonly issuer: string | undefined;
  readonly clientId: string;
  readonly purposes: ReadonlySet<string>;
  readonly approvedOperationsOnly: boolean;
  readonly suspended: boolean;
  readonly login: Login;
  /** Keys that it signs with. */
  readonly keys?: readonly ApplicationKey[] | undefined;
  /** SHA-256 of its certificate, hex. */
  readonly certificate?: string | undefined;
  /** People that one request may name; undefined means the gateway's own bound. */
  readonly peoplePerRequest?: number | undefined;
  /** People named in its requests in a day, each once a request, whether somebody has the number or not; undefined means no bound. */
  readonly peoplePerDay?: number | undefined;
}

/** A public JWK with the moment at which it ends: milliseconds since the epoch, Infinity without an end. */
export interface ApplicationKey {
  readonly jwk: Readonly<Record<string, string>>;
  readonly endsAtMs: number;
}

/**
 * Who stands behind an application's tokens: the application itself; a citizen or an officer who logged in with it; an officer who logged in
 * to administer, and for nothing else; or nobody, because it is the gateway's own and no token is taken for it.
 */
export type Login = 'application' | 'citizen' | 'officer' | 'administrator' | 'gateway';

export interface Purpose {
  readonly id: string;
  readonly text: BilingualText;
  readonly version: number;
  /** Term of the W3C Data Privacy Vocabulary (Community Group Report, 2024). */
  readonly dpv?: string | undefined;
}

export interface BilingualText {
  readonly vi: string;
  readonly en: string;
}
