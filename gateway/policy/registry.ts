/**
 * Who is connected: agencies, their applications and officers, the purposes applications may name, and who owns each register.
 * Facts of the operator, never of a token's claims.
 */
export interface Registry {
  readonly agencies: ReadonlyMap<string, Agency>;
  readonly applications: ReadonlyMap<string, Application>;
  readonly purposes: ReadonlyMap<string, Purpose>;
  /** By subgraph name: the agency that owns the data. */
  readonly registers: ReadonlyMap<string, { readonly id: string; readonly owner: string }>;
  /** By agency: the roles of its officers by their opaque ids. */
  readonly officers: ReadonlyMap<string, ReadonlyMap<string, string>>;
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
}

/**
 * Who stands behind an application's tokens: the application itself; a citizen or an officer who logged in with it; or nobody, because it
 * is the gateway's own and no token is taken for it.
 */
export type Login = 'application' | 'citizen' | 'officer' | 'gateway';

export interface Purpose {
  readonly id: string;
  readonly text: BilingualText;
  readonly version: number;
}

export interface BilingualText {
  readonly vi: string;
  readonly en: string;
}
