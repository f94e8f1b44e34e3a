import type { FastifyPluginAsync } from 'fastify';
import type { JWK } from 'jose';
import type { Database } from '../platform/database.ts';
import type { Logger } from '../platform/log.ts';
import type { AdminBasis } from './admin/start.ts';
import type { OperationConfig } from './config-operation.ts';
import type { FindFamily } from './consent/minors.ts';
import type { ConsentService } from './consent/service.ts';
import type { GrantIssuer } from './execution/grants.ts';
import type { ScopeTokenOptions } from './identity/scope-tokens.ts';
import type { TrustedIssuer } from './identity/tokens.ts';
import type { Definitions } from './analysis/approved.ts';
import type { LedgerReading } from './ledger/reading.ts';
import type { EventLedger } from './ledger/recording.ts';
import type { LedgerGovernance } from './ledger/start.ts';
import type { Limits } from './limits.ts';
import type { DemoSigners } from './operations/import.ts';
import type { Webhook } from './notices/notices.ts';
import type { Oversight } from './oversight/oversight.ts';
import type { Ask } from './oversight/reconcile/register.ts';
import type { OversightSettings } from './oversight/settings.ts';
import type { PipelineParts } from './pipeline.ts';
import type { RulesTrust } from './rules/start.ts';
import type { Readiness } from './server.ts';

/** What a gateway is put together from, whatever the profile. */
export interface GatewayPlan {
  readonly host: string;
  readonly port: number;
  readonly limits: Limits;
  readonly log: Logger;
  readonly clock: () => number;
  readonly supergraphSdl: string;
  /** Addresses that replace those in the supergraph, by subgraph name; of registers that are still starting, a promise. */
  readonly subgraphUrls: Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  /** Labels of `@override(label:)` that are on, besides percentages; none unless told. */
  readonly overrideLabels?: readonly string[];
  readonly operation?: OperationConfig | undefined;
  /** Somebody else's graph: its text as the rules read it, classified by the policy directory. Undefined for a graph of ours. */
  readonly foreign?: { readonly classifiedSdl: string } | undefined;
  /** Undefined under `--open` and `--scopes`: no Cedar policies and no record. */
  readonly governance: Governance | undefined;
  /** Given under `--scopes`: the supergraph's access directives decide. */
  readonly access?: Access;
}

export interface Access {
  readonly tokens: Pick<ScopeTokenOptions, 'jwks' | 'issuer' | 'audience'>;
  /** Which policies of `@policy` hold. */
  readonly truths: ReadonlyMap<string, boolean>;
  /** Whether what is unauthorized is taken out of a request or has it refused. */
  readonly onUnauthorized: 'filter' | 'reject';
}

export interface Governance {
  readonly database: Database;
  readonly policiesDir: string;
  /** Issuer of applications for which the registry names none. */
  readonly defaultIssuer: string;
  readonly tokenIssuers: readonly TrustedIssuer[];
  readonly grants: Omit<GrantIssuer, 'clock'>;
  readonly pseudonymKey: Buffer;
  readonly ledger: LedgerGovernance;
  /** Where the days of quotas begin, an IANA name; Vietnam's unless told. */
  readonly timeZone?: string | undefined;
  /** What is watched for; the usual unless told. */
  readonly oversight?: OversightSettings | undefined;
  /** Where messages to people are handed over. */
  readonly webhook?: Webhook | undefined;
  /** Under `--demo`: keys made for applications, by id, which the registry begins with. */
  readonly madeKeys?: ReadonlyMap<string, JWK> | undefined;
  /** Whose signatures make a version of the rules believed. Undefined: the directory is the rules for as long as the gateway runs. */
  readonly trust: RulesTrust | undefined;
  /** Who proposes and approves the operations of the policy directory at the first start; undefined in production. */
  readonly operationSigners?: DemoSigners | undefined;
  /** Further routes, made when everything else is. */
  readonly plugins: (
    parts: AdminBasis & {
      readonly readiness: () => Promise<Readiness>;
    },
  ) => Promise<readonly { readonly prefix: string; readonly plugin: FastifyPluginAsync }[]>;
}

/** What of a governed gateway its administration works on. */
export type Governing = Pick<AdminBasis, 'rules' | 'registry' | 'checkToken' | 'administration' | 'consentLookup' | 'operations'>;

/** What depends on how a gateway is governed, or that it is not. */
export type Governed = Pick<
  PipelineParts,
  | 'authenticate'
  | 'findApproved'
  | 'policies'
  | 'ledger'
  | 'grantIssuer'
  | 'consents'
  | 'takeProbes'
  | 'quotas'
  | 'watchNumbers'
  | 'notices'
> & {
  readonly consentService: ((findFamily: FindFamily) => ConsentService) | undefined;
  readonly database: Database | undefined;
  readonly governed:
    | (Governing & {
        readonly ledger: LedgerReading;
        readonly events: EventLedger;
        readonly definitions: Definitions;
        readonly oversight: (registers: ReadonlyMap<string, Ask>) => Oversight;
      })
    | undefined;
};
