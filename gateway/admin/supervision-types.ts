import { gql } from 'graphql-tag';

/** The part of the admin API by which the whole is watched over. Sums of names of the registry; nobody of the people. */
export const SUPERVISION_TYPES = gql`
  extend type Query {
    "Who is connected, and what came of requests, in a span of time; the last day without one."
    supervision(from: DateTime, to: DateTime): Supervision!
    "Requests of each application in hours or days, the newest first."
    supervisionBuckets(from: DateTime, to: DateTime, unit: String, first: Int, after: String): BucketPage!
    "Days on which far more was asked than is usual, the newest first."
    anomalies(first: Int, after: String): AnomalyPage!
    "Emergencies, the newest first; waiting ones only, or only those reviewed."
    emergencies(waiting: Boolean, first: Int, after: String): EmergencyPage!
    "Whose data an application was shown, which fields, how many."
    breachScope(application: String!, from: DateTime!, to: DateTime!): BreachScope!
    "The same with the pseudonyms of the people."
    breachPseudonyms(application: String!, from: DateTime!, to: DateTime!): BreachScope!
    "Compares the grants that registers served with those that records name, now. Calls younger than settledSeconds, 120 unless told, may be under way."
    reconciliation(settledSeconds: Int): Reconciliation!
  }
  extend type Mutation {
    "Says what an emergency was: justified or unjustified."
    reviewEmergency(record: ID!, verdict: String!, note: String!): EmergencyReview!
  }

  type Supervision {
    from: DateTime!
    to: DateTime!
    agencies: [AgencyKindCount!]!
    applications: Int!
    requests: Float!
    refused: Float!
    emergencies: Float!
    """
    By reason: refused requests, answers in which something is withheld, and requests of nobody known. CONSENT_REQUIRED stands for whatever is withheld
    of a person and by no rule: a consent that is missing or cannot be looked up, and questions asked too often.
    """
    codes: [CodeCount!]!
    latency: Latency!
    registers: [RegisterHealth!]!
    "Distinct people of each application and day."
    people: [PeopleCount!]!
    emergenciesWaiting: Float!
    emergenciesOverdue: Float!
    "False when the ledger is not followed to its end yet."
    upToDate: Boolean!
  }
  type AgencyKindCount {
    "ministry, province, enterprise or public-service-unit"
    kind: String!
    agencies: Int!
    "With an application that is not suspended."
    connected: Int!
  }
  type CodeCount {
    "refused, withheld or unknown-caller"
    outcome: String!
    code: String!
    requests: Float!
  }
  type Latency {
    answers: Float!
    meanMs: Float
    "Upper bound of what half of the answers took."
    p50Ms: Float
    p99Ms: Float
  }
  type RegisterHealth {
    register: String!
    calls: Float!
    unavailable: Float!
    meanMs: Float
  }
  type PeopleCount {
    day: String!
    application: String!
    people: Float!
  }
  type BucketPage {
    nodes: [Bucket!]!
    pageInfo: PageInfo!
  }
  type Bucket {
    begins: DateTime!
    agency: String!
    kind: String
    application: String!
    answered: Float!
    refused: Float!
    emergencies: Float!
  }
  type AnomalyPage {
    nodes: [Anomaly!]!
    pageInfo: PageInfo!
  }
  type Anomaly {
    day: String!
    "people, misses, sequential, unusual-hours or emergencies"
    kind: String!
    application: String!
    "Empty where it is about the whole application."
    officer: String!
    purpose: String!
    raisedAt: DateTime!
    seen: Float!
    usual: Float!
    bound: Float!
  }
  type EmergencyPage {
    nodes: [Emergency!]!
    pageInfo: PageInfo!
  }
  type Emergency {
    record: ID!
    at: DateTime!
    application: String!
    agency: String!
    officer: String!
    case: String!
    people: Int!
    dueAt: DateTime!
    overdue: Boolean!
    reviewedAt: DateTime
    reviewer: String
    verdict: String
    note: String
  }
  type EmergencyReview {
    emergency: Emergency
    refusal: Refusal
  }
  type BreachScope {
    application: String!
    from: String!
    to: String!
    requests: Int!
    refused: Int!
    emergencies: Int!
    "Of whom something was shown. Pseudonyms change by the month: somebody shown in two months counts in both."
    people: Int!
    peopleByMonth: [MonthCount!]!
    "Asked for, and nothing of them shown."
    askedOnly: Int!
    fields: [FieldCount!]!
    purposes: [NameCount!]!
    officers: [NameCount!]!
    firstAt: String
    lastAt: String
    complete: Boolean!
    pseudonyms: [MonthPseudonym!]
  }
  type MonthCount {
    month: String!
    people: Int!
  }
  type MonthPseudonym {
    month: String!
    pseudonym: String!
  }
  type FieldCount {
    field: String!
    count: Int!
    transformed: Int!
    people: Int!
  }
  type NameCount {
    name: String!
    requests: Int!
  }
  type Reconciliation {
    registers: [Reconciled!]!
    incidents: [Incident!]!
  }
  type Reconciled {
    register: String!
    "compared, unavailable or unsupported"
    status: String!
    served: Int!
    underWay: Int!
    incidents: Int!
  }
  type Incident {
    register: String!
    grantId: String!
    application: String!
    servedAt: DateTime!
    foundAt: DateTime!
  }
`;
