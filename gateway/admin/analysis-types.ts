import { gql } from 'graphql-tag';

/** The part of the admin API by which analyses are run and their tables released. */
export const ANALYSIS_TYPES = gql`
  extend type Query {
    "Approved analyses, by name; suspended and expired ones too."
    analyses: [Analysis!]!
    "Runs, the newest first; of one analysis, or of all."
    analysisRuns(analysis: ID, first: Int, after: String): AnalysisRunPage!
    "What a question would take of the budgets that it is paid from; nothing is taken."
    analysisCost(analysis: ID!, question: AnalysisQuestionInput): AnalysisCost!
    "Null when there is no such run. Events tell how it goes on: GET /admin/analyses/RUN/events."
    analysisRun(run: ID!): AnalysisRun
    "The table of a run that is released, and to a second checker of one that is held. Showing it is recorded."
    analysisResult(run: ID!): AnalysisResult!
  }

  extend type Mutation {
    "Counts the population of a snapshot. A question that was asked before gives the run that answered it."
    runAnalysis(analysis: ID!, question: AnalysisQuestionInput): AnalysisStep!
    cancelRun(run: ID!): AnalysisStep!
    "Decides on a table that is held, as another person than its analyst: it is released, or withheld for a reason."
    releaseRun(run: ID!, release: Boolean!, reason: String): AnalysisStep!
  }

  input AnalysisQuestionInput {
    "JSON object: values of the variables, within the domains that were approved."
    variables: String
    "Counts only people of these bins, under differential privacy."
    filters: [AnalysisFilterInput!]
    "Of differential privacy, taken from the account of the population and period."
    epsilon: Float
  }

  input AnalysisFilterInput {
    dimension: ID!
    bins: [String!]!
  }

  type Analysis {
    name: ID!
    "Content address, sha256:…"
    operation: ID!
    application: String!
    purpose: String!
    why: String!
    "Of its approval."
    state: String!
    "Whose population is counted."
    register: String!
    dimensions: [String!]!
    measures: [String!]!
    "Dimensions that can be filtered by."
    filters: [String!]!
    secondChecker: Boolean!
    "JSON Schema."
    variables: String!
    expiresAt: DateTime
  }

  type AnalysisRunPage {
    nodes: [AnalysisRun!]!
    pageInfo: PageInfo!
  }

  type AnalysisRun {
    id: ID!
    analysis: ID!
    operation: ID!
    "JSON: variables, filters, epsilon."
    question: String!
    "running, paused, held, released, withheld, failed or cancelled"
    state: String!
    "Why it is paused, failed or withheld."
    reason: String
    register: String!
    snapshot: String!
    "When the snapshot was taken."
    takenAt: DateTime!
    people: Float!
    peopleDone: Float!
    peoplePerSecond: Float
    secondsLeft: Float
    "Content address of the rules that it is under."
    policyVersion: String!
    "SHA-256 of the supergraph, hex."
    schemaVersion: String!
    analyst: String!
    createdAt: DateTime!
    endedAt: DateTime
    "Who decided on the release."
    checker: String
    checkedAt: DateTime
  }

  type AnalysisResult {
    "JSON: analysis, cells, notes, and what the table can be made again from. Null with a refusal."
    json: String
    "SHA-256 of the JSON, hex."
    checksum: String
    "JSON: words for its names and bins, in Vietnamese and English; null where they are not known any more."
    labels: String
    refusal: Refusal
  }

  "A unit is one count, or one measure, of a population."
  type AnalysisCost {
    units: Float
    accounts: [AnalysisAccount!]
    "Of a question with filters: the account of differential privacy of population and period."
    epsilon: AnalysisAccount
    "The run that has answered the question: its table costs nothing."
    answeredBy: ID
    refusal: Refusal
  }

  type AnalysisAccount {
    "analyst, team, population, filters, everything; epsilon"
    name: String!
    spent: Float!
    "What this question takes."
    takes: Float!
    max: Float!
  }

  type AnalysisStep {
    run: AnalysisRun
    "Whether people are counted for it; false where the question was answered before."
    isNew: Boolean
    refusal: Refusal
  }
`;
