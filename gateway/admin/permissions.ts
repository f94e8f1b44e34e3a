import { ADMINISTRATOR_ROLES } from '../policy/officers.ts';
import type { Actor, ActorRole } from './actor.ts';

/**
 * Who may call which root field: the one table that the admin API enforces, that the documentation is made from (permissions.md) and that
 * a test tries, every field with every role. What does not stand here is denied. A role opens the call; whether this officer may do it to
 * this rule or register is judged where it is done.
 *
 * `demo` is no role of the registry: it is whoever calls with the key of an installation under `--demo` and names no officer, as reading does
 * there, where all data is synthetic.
 */
export type Permission = readonly (ActorRole | 'demo')[];

/** Whoever has an account. */
const OFFICERS = ['officer', 'demo'] as const;
/** Whoever administers something, or looks after those who do. */
const ADMINISTRATORS = [...ADMINISTRATOR_ROLES, 'demo'] as const;
/** Whoever has to do with approved operations: analysts too, who administer nothing else. */
const OPERATION_READERS = [...ADMINISTRATORS, 'analyst'] as const;

/** Whoever watches over the whole. */
const SUPERVISORS = ['auditor', 'national-administrator', 'demo'] as const;
/** Whoever administers who is connected: each in the own agency, national administrators everywhere. */
const REGISTRY = ['registry-administrator', 'national-administrator'] as const;
/** Whoever reads what became of analyses; which table is shown to whom is judged run by run. */
const ANALYSIS_READERS = ['analyst', 'data-owner', 'auditor', 'national-administrator', 'demo'] as const;
/** Whoever may write rules. Editors may call for approval too, and are told that they may not. */
const AUTHORS = ['national-administrator', 'policy-editor', 'data-owner'] as const;
/** Whoever may propose operations; they may call for approval too, and are told that they may not. */
const PROPOSERS = ['national-administrator', 'policy-editor', 'analyst'] as const;
const OPERATION_JUDGES = [...PROPOSERS, 'data-owner'] as const;

export const PERMISSIONS = {
  Query: {
    status: OFFICERS,
    whoami: OFFICERS,
    policyCheck: ADMINISTRATORS,
    citizens: OFFICERS,
    consents: ['consent-operator', 'demo'],
    consentReceipt: ['consent-operator', 'demo'],
    ledgerKeys: OFFICERS,
    ledgerExport: ['auditor', 'national-administrator', 'demo'],
    ledgerProof: ['auditor', 'national-administrator', 'demo'],
    ledgerState: ['auditor', 'national-administrator', 'demo'],
    personHistory: ['auditor', 'national-administrator', 'demo'],
    breachScope: SUPERVISORS,
    breachPseudonyms: ['auditor'],
    supervision: SUPERVISORS,
    supervisionBuckets: SUPERVISORS,
    anomalies: SUPERVISORS,
    emergencies: SUPERVISORS,
    reconciliation: SUPERVISORS,
    registry: ADMINISTRATORS,
    roleProposals: ADMINISTRATORS,
    registerCeiling: ADMINISTRATORS,
    policyVersions: ADMINISTRATORS,
    policyVersion: ADMINISTRATORS,
    policyActive: ADMINISTRATORS,
    policyFiles: ADMINISTRATORS,
    policyImpact: ADMINISTRATORS,
    explain: OFFICERS,
    analyses: ANALYSIS_READERS,
    analysisRuns: ANALYSIS_READERS,
    analysisCost: ['analyst', 'demo'],
    analysisRun: ANALYSIS_READERS,
    analysisResult: ANALYSIS_READERS,
    operations: OPERATION_READERS,
    operation: OPERATION_READERS,
    operationCheck: OPERATION_READERS,
    adminEvents: ['auditor', 'national-administrator', 'demo'],
  },
  Mutation: {
    giveConsent: ['consent-operator'],
    withdrawConsent: ['consent-operator'],
    extendConsent: ['consent-operator'],
    reviewEmergency: ['auditor', 'national-administrator'],
    addAgency: ['national-administrator'],
    addPurpose: ['national-administrator'],
    setPurpose: ['national-administrator'],
    addApplication: REGISTRY,
    setApplication: REGISTRY,
    suspendApplication: REGISTRY,
    resumeApplication: REGISTRY,
    rotateApplicationKey: REGISTRY,
    addOfficer: REGISTRY,
    proposeRole: REGISTRY,
    confirmRole: REGISTRY,
    withdrawRoleProposal: REGISTRY,
    revokeRole: REGISTRY,
    signCeiling: ['data-owner'],
    proposeOperation: PROPOSERS,
    approveOperation: OPERATION_JUDGES,
    rejectOperation: OPERATION_JUDGES,
    suspendOperation: OPERATION_JUDGES,
    draftPolicies: AUTHORS,
    submitPolicies: AUTHORS,
    approvePolicies: AUTHORS,
    rejectPolicies: AUTHORS,
    activatePolicies: AUTHORS,
    narrowPolicies: ['national-administrator', 'data-owner'],
    rollbackPolicies: ['national-administrator', 'data-owner'],
    reviewPolicies: ['national-administrator', 'data-owner'],
    runAnalysis: ['analyst'],
    cancelRun: ['analyst', 'national-administrator'],
    releaseRun: ['analyst', 'data-owner'],
  },
} as const satisfies { readonly Query: Readonly<Record<string, Permission>>; readonly Mutation: Readonly<Record<string, Permission>> };

/** Whether an account may call a field with this permission. */
export function isPermitted(permission: Permission, { roles, login }: Actor): boolean {
  return permission.some((role) => (role === 'demo' ? login.kind === 'key' && !login.chosen : roles.has(role)));
}
