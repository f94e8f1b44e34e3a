// The work that every gateway is given: what is asked, and what varies from request to request.

export const WORK_NAMES = ['q1', 'q2', 'q3'] as const;
export type WorkName = (typeof WORK_NAMES)[number];

export interface Work {
  readonly name: WorkName;
  readonly title: string;
  readonly query: string;
  /** Citizens asked for by one request. */
  readonly citizens: number;
  /** Variables of a request for these citizens, as many as `citizens`. */
  readonly variables: (idNumbers: readonly string[]) => Readonly<Record<string, unknown>>;
}

/** What the register of residents knows: nine fields and an address. */
const OWN_FIELDS = `
    idNumber
    fullName
    dateOfBirth
    sex
    status
    nationality
    placeOfBirth
    maritalStatus
    phone
    currentResidence {
      province
      commune
      street
    }`;

/** The same, and what the other three registers know. */
const ALL_FIELDS = `${OWN_FIELDS}
    birthRecord {
      number
      registeredOn
      office
      placeOfBirth
    }
    marriages {
      number
      registeredOn
      office
      marriedOn
      endedOn
    }
    coverage {
      cardNumber
      validFrom
      validTo
      primaryFacility
    }
    enrolments {
      school
      level
      from
      to
    }
    examResults {
      year
      subject
      score
    }`;

const one = (idNumbers: readonly string[]): Readonly<Record<string, unknown>> => ({ id: idNumbers[0] });

export const WORKS: Readonly<Record<WorkName, Work>> = {
  q1: {
    name: 'q1',
    title: 'Q1: one citizen, four registers',
    query: `query CitizenFile($id: IdNumber!) {\n  resident(idNumber: $id) {${ALL_FIELDS}\n  }\n}`,
    citizens: 1,
    variables: one,
  },
  q2: {
    name: 'q2',
    title: 'Q2: fifty citizens, four registers',
    query: `query CitizenFiles($ids: [IdNumber!]!) {\n  residents(idNumbers: $ids) {${ALL_FIELDS}\n  }\n}`,
    citizens: 50,
    variables: (idNumbers) => ({ ids: idNumbers }),
  },
  q3: {
    name: 'q3',
    title: 'Q3: one citizen, one register',
    query: `query Identity($id: IdNumber!) {\n  resident(idNumber: $id) {${OWN_FIELDS}\n  }\n}`,
    citizens: 1,
    variables: one,
  },
};

/** Different bodies that the load generator goes round; Q2 names 102,400 people in them, more than any gateway's cache remembers. */
export const REQUESTS_PER_WORK = 2_048;

/** The body of request number `index`, as JSON. */
export function requestBody(work: Work, index: number): string {
  return JSON.stringify({ query: work.query, variables: work.variables(idNumbersOf(work, index)) });
}

/** Whom request number `index` asks for. */
export function idNumbersOf(work: Work, index: number): readonly string[] {
  return Array.from({ length: work.citizens }, (_, place) => idNumberAt(index * work.citizens + place));
}

/** The `index`-th ID number of the work; each index has another. */
export function idNumberAt(index: number): string {
  const year = 1950 + (index % 56);
  const century = (year < 2000 ? 0 : 2) + (index % 2);
  const serial = (index * 7_919) % 1_000_000;
  return `001${century}${String(year % 100).padStart(2, '0')}${String(serial).padStart(6, '0')}`;
}
