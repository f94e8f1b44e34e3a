import { gql } from 'graphql-tag';

/** The part of the admin API by which operations and analyses are proposed, judged and ended. */
export const OPERATION_TYPES = gql`
  extend type Query {
    "Operations and analyses, the newest proposal first."
    operations(first: Int, after: String, kind: OperationKind, state: OperationState): OperationPage!
    "One of them: by name, or by enough of the beginning of its address or document id. With waiting, the proposal that somebody has to decide on."
    operation(operation: String!, waiting: Boolean): OperationAnswer!
    "What the check says of a content, given as JSON: what it would disclose, or what is wrong with it. Nothing is kept."
    operationCheck(content: String!): OperationCheck!
  }

  extend type Mutation {
    "Proposes a content, given in its canonical text."
    proposeOperation(content: String!, statement: SignedStatement!): OperationStep!
    "Answers for a proposal as another person, or as the owner of data that it touches."
    approveOperation(statement: SignedStatement!): OperationStep!
    rejectOperation(statement: SignedStatement!): OperationStep!
    "Ends an approval before its time."
    suspendOperation(statement: SignedStatement!): OperationStep!
  }

  enum OperationKind {
    operation
    analysis
  }

  enum OperationState {
    proposed
    approved
    expired
    suspended
    rejected
  }

  type OperationPage {
    nodes: [Operation!]!
    pageInfo: PageInfo!
  }

  type OperationAnswer {
    operation: Operation
    refusal: Refusal
  }

  type OperationStep {
    operation: Operation
    refusal: Refusal
    "What is wrong with a content that cannot be registered."
    problems: [String!]!
  }

  type Operation {
    "Content address: of all that is approved."
    address: String!
    "What a client sends in place of the document."
    documentId: String!
    kind: OperationKind!
    name: String!
    application: String!
    purpose: String!
    "What it is for."
    why: String!
    state: OperationState!
    "Why it does not run; null when it does."
    notRunning: String
    author: String!
    proposedAt: DateTime!
    expiresAt: DateTime!
    approvals: [OperationApproval!]!
    "Who still has to approve."
    missing: [String!]!
    "Hash of the proposal's statement: approvals name it."
    proposal: String!
    "Hash of the report that author and approvers signed."
    reportHash: String!
    "JSON, as it was signed: what it discloses to whom and where."
    report: String!
    "Canonical JSON: document, variables, grouping."
    content: String!
    "What it gives now otherwise than it was approved."
    differences: [OperationDifference!]!
  }

  type OperationApproval {
    account: String!
    at: DateTime!
  }

  type OperationDifference {
    coordinate: String!
    "wider, narrower or apart."
    direction: String!
  }

  type OperationCheck {
    "Canonical text of the content, of which the address is made."
    content: String
    address: String
    documentId: String
    "JSON; null when something is wrong."
    report: String
    reportHash: String
    problems: [String!]!
    "Days from proposal to end, unless the author says otherwise, and at most."
    daysDefault: Int!
    daysMax: Int!
  }
`;
