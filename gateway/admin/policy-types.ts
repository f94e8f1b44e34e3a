import { gql } from 'graphql-tag';

/** The part of the admin API by which rules are drafted, weighed, approved, activated, taken back and explained. */
export const POLICY_TYPES = gql`
  extend type Query {
    "Versions of the rules, the one of which something was last heard first."
    policyVersions(first: Int, after: String): PolicyVersionPage!
    "One version; its hash, or enough of the beginning."
    policyVersion(version: String!): PolicyVersionAnswer!
    "The active version, and the activation that a next one takes the place of."
    policyActive: PolicyActive!
    "Files of a version, of the active one unless named, with the registry and Cedar schema that they are read with."
    policyFiles(version: String): PolicyFilesAnswer!
    "What a version would change beside the active one; requests of the last days decided again."
    policyImpact(version: String!, days: Int): PolicyImpactAnswer!
    "Why a field is answered as it is. In full for administrators; others get reason code and reference, of their own agency's applications."
    explain(input: ExplainInput!): ExplainAnswer!
  }

  extend type Mutation {
    draftPolicies(files: [PolicyFileInput!]!, statement: SignedStatement!): PolicyStep!
    submitPolicies(statement: SignedStatement!): PolicyStep!
    approvePolicies(statement: SignedStatement!): PolicyStep!
    rejectPolicies(statement: SignedStatement!): PolicyStep!
    activatePolicies(statement: SignedStatement!): PolicyStep!
    "Activates by one person what widens nothing; reviewed afterwards."
    narrowPolicies(statement: SignedStatement!): PolicyStep!
    "Makes the version active that was active before."
    rollbackPolicies(statement: SignedStatement!): PolicyStep!
    reviewPolicies(statement: SignedStatement!): PolicyStep!
  }

  input PolicyFileInput {
    name: String!
    text: String!
  }

  type PolicyStep {
    version: PolicyVersion
    refusal: Refusal
    "What the check of the rules says."
    report: PolicyReport
    "For a conflict: what the draft changed and what was activated meanwhile."
    difference: [PolicyDifference!]
  }

  type PolicyDifference {
    what: String!
    base: String
    draft: String
    active: String
    conflicts: Boolean!
  }

  type PolicyVersionPage {
    nodes: [PolicyVersion!]!
    pageInfo: PageInfo!
  }

  type PolicyVersionAnswer {
    version: PolicyVersion
    refusal: Refusal
  }

  type PolicyVersion {
    version: String!
    "draft, submitted, approved, active, superseded, rejected or rolled-back."
    state: String!
    author: String!
    reason: String!
    parent: String
    draftedAt: DateTime!
    proposal: String
    approvals: [PolicyApproval!]!
    "Who still has to approve."
    missing: [String!]!
    "One person activated it, and somebody else has yet to look at that."
    reviewDue: Boolean!
  }

  type PolicyApproval {
    account: String!
    at: DateTime!
    "Registers on which access widens, as the approver saw it."
    widens: [String!]!
  }

  type PolicyActive {
    version: String!
    activation: String!
    "What a rollback goes to."
    before: String
  }

  type PolicyFilesAnswer {
    version: String
    refusal: Refusal
    files: [PolicyFile!]!
    "registry.yaml and schema.cedarschema as they are now; no part of the version."
    context: [PolicyFile!]!
  }

  type PolicyFile {
    name: String!
    text: String!
  }

  type PolicyImpactAnswer {
    refusal: Refusal
    impact: PolicyImpact
  }

  type PolicyImpact {
    before: String!
    after: String!
    widened: Int!
    narrowed: Int!
    registersWidened: [String!]!
    "Who has to approve because of that."
    ownersConcerned: [String!]!
    rows: [ImpactRow!]!
    "Rows beyond the bound of an answer."
    omitted: Int!
    replay: PolicyReplay!
    "Approved operations and analyses that would be suspended, or would run again."
    operations: [OperationImpact!]!
  }

  type OperationImpact {
    address: String!
    kind: String!
    name: String!
    application: String!
    "suspended or resumed."
    effect: String!
    reason: String
    differences: [OperationDifference!]!
  }

  "A question that is answered otherwise. A circumstance that is null makes no difference."
  type ImpactRow {
    application: String!
    purpose: String!
    action: String!
    coordinate: String!
    officerRole: String
    assurance: Int
    emergency: Boolean
    self: Boolean
    "JSON"
    arguments: String
    "From when on; null for now."
    from: DateTime
    "Until when; null for as long as the rules stay."
    until: DateTime
    "wider, narrower or apart, which counts as wider."
    direction: String!
    before: DecisionSide!
    after: DecisionSide!
    "For what widens: a request in which it shows."
    example: ExampleRequest
  }

  type DecisionSide {
    "refused, consent, transformed or released."
    level: String!
    transform: String
    probes: Int
    policies: [String!]!
  }

  type ExampleRequest {
    application: String!
    "JSON"
    headers: String!
    query: String!
    "JSON"
    variables: String!
  }

  type PolicyReplay {
    days: Int!
    requests: Int!
    partial: Boolean!
    "Roughly, people whose data would be answered otherwise."
    people: Int!
    applications: [ReplayedApplication!]!
  }

  type ReplayedApplication {
    application: String!
    requests: Int!
    widened: Int!
    narrowed: Int!
    people: Int!
  }

  input ExplainInput {
    application: String!
    purpose: String!
    "Such as Resident.phone"
    coordinate: String!
    action: String
    officerRole: String
    assurance: Int
    emergency: Boolean
    "Asked by the citizen who is logged in, about themselves."
    self: Boolean
    "JSON object"
    arguments: String
    """
    Whether the consent of this person is there: for administrators of the application's agency and for those who may read consents. That it was
    asked stands in the person's history.
    """
    person: IdNumber
  }

  type ExplainAnswer {
    refusal: Refusal
    "Reason code of a refusal; null when something is given."
    code: String
    "Text that gives the basis of what is given."
    reference: String
    "For administrators."
    full: Explanation
  }

  type Explanation {
    decision: DecisionSide!
    law: ExplainedPolicy
    consent: ExplainedPolicy
    "Group whose consent is asked for."
    group: String
    "Whether the person named has given it; null when nobody was named or no consent is asked for."
    consented: Boolean
    winning: [ExplainedPolicy!]!
    losing: [ExplainedPolicy!]!
    "What would give more."
    changes: [WouldChange!]!
  }

  type ExplainedPolicy {
    id: String!
    effect: String!
    basis: String
    reference: String
    transform: String
    file: String!
    line: Int!
    text: String!
    "Why it does not decide."
    why: String
  }

  type WouldChange {
    what: String!
    decision: DecisionSide!
  }
`;
