/**
 * Records as the books hold them: names of the SDL's fields, dates as `YYYY-MM-DD`, people as ID numbers. `idNumber` is the person under whom
 * the row stands, `type` the name of the GraphQL type.
 */
interface Entry {
  readonly idNumber: string;
  readonly recordId: number;
  readonly registeredOn: string;
  readonly number: string;
  readonly book: string;
  readonly office: string;
}

export interface BirthRow extends Entry {
  readonly type: 'BirthRecord';
  readonly placeOfBirth: string | null;
  readonly idNumberIssuedOn: string | null;
  readonly mother: string | null;
  readonly father: string | null;
  readonly declarant: string | null;
  readonly declarantRelation: string | null;
}

/** The cause of death is no part of the row: it is read for itself. */
export interface DeathRow extends Entry {
  readonly type: 'DeathRecord';
  readonly diedOn: string;
  readonly time: string | null;
  readonly place: string | null;
  readonly notice: string | null;
  readonly declarant: string | null;
  readonly declarantRelation: string | null;
}

export interface MarriageRow extends Entry {
  readonly type: 'Marriage';
  readonly spouseA: string;
  readonly spouseB: string;
  readonly marriedOn: string;
  readonly endedOn: string | null;
  readonly endedBy: string | null;
}

export interface DivorceRow extends Entry {
  readonly type: 'Divorce';
  readonly spouseA: string;
  readonly spouseB: string;
  readonly divorcedOn: string;
  readonly court: string | null;
  readonly judgment: string | null;
}

export interface AdoptionRow extends Entry {
  readonly type: 'Adoption';
  readonly child: string;
  readonly adoptiveMother: string | null;
  readonly adoptiveFather: string | null;
  readonly adoptedOn: string;
}

export interface GuardianshipRow extends Entry {
  readonly type: 'Guardianship';
  readonly ward: string;
  readonly guardian: string;
  readonly beganOn: string;
  readonly endedOn: string | null;
}

export interface ParentageRow extends Entry {
  readonly type: 'ParentageRecognition';
  readonly child: string;
  readonly parent: string;
  readonly recognisedOn: string;
}

export interface CorrectionRow extends Entry {
  readonly type: 'Correction';
  readonly kind: string;
  readonly entry: string;
  readonly previousValue: string | null;
  readonly correctedValue: string | null;
}

export type CivilRow = BirthRow | DeathRow | MarriageRow | DivorceRow | AdoptionRow | GuardianshipRow | ParentageRow | CorrectionRow;

/** ID numbers of everyone whom a record concerns, each once. */
export function personsOf(row: CivilRow): readonly string[] {
  // The table has a function for each type, which takes the rows of that type.
  const concerned = (CONCERNED[row.type] as (row: CivilRow) => readonly (string | null)[])(row);
  return [...new Set(concerned.filter((person) => person !== null))];
}

const CONCERNED: { readonly [Type in CivilRow['type']]: (row: Extract<CivilRow, { type: Type }>) => readonly (string | null)[] } = {
  BirthRecord: (row) => [row.idNumber],
  DeathRecord: (row) => [row.idNumber],
  Marriage: (row) => [row.spouseA, row.spouseB],
  Divorce: (row) => [row.spouseA, row.spouseB],
  Adoption: (row) => [row.child, row.adoptiveMother, row.adoptiveFather],
  Guardianship: (row) => [row.ward, row.guardian],
  ParentageRecognition: (row) => [row.child, row.parent],
  Correction: (row) => [row.idNumber],
};
