import { positionDate, positionNumber, readPage, writeCursor } from '../page.ts';
import type { RegisterContext, RegisterResolvers } from '../register.ts';
import type { CivilStatusLoaders } from './loaders.ts';
import {
  personsOf,
  type AdoptionRow,
  type BirthRow,
  type CivilRow,
  type CorrectionRow,
  type DeathRow,
  type DivorceRow,
  type GuardianshipRow,
  type MarriageRow,
  type ParentageRow,
} from './records.ts';

interface Person {
  readonly idNumber: string;
}
interface PageArguments {
  readonly first?: number | null;
  readonly after?: string | null;
}
type Context = RegisterContext<CivilStatusLoaders>;

/**
 * Civil status as GraphQL. A number that nobody has takes the same way as a person without records: no look-up says which it is. People are
 * references that the residents register answers for.
 */
export const civilStatusResolvers: RegisterResolvers<CivilStatusLoaders> = {
  Resident: {
    __resolveReference: (reference: Person) => ({ idNumber: reference.idNumber }),
    birthRecord: async (person: Person, _args, { loaders }) => loaders.birth.load(person.idNumber),
    deathRecord: async (person: Person, _args, { loaders }) => loaders.death.load(person.idNumber),
    marriages: list('marriages'),
    divorces: list('divorces'),
    adoptions: list('adoptions'),
    guardianships: list('guardianships'),
    parentageRecognitions: list('parentageRecognitions'),
    corrections: list('corrections'),
    civilRecords: list('civilRecords'),
  },
  CivilRecord: { __resolveType: (row: CivilRow) => row.type },
  BirthRecord: {
    ...entryFields(),
    child: owner,
    mother: (row: BirthRow) => reference(row.mother),
    father: (row: BirthRow) => reference(row.father),
    declarant: (row: BirthRow) => reference(row.declarant),
  },
  DeathRecord: {
    ...entryFields(),
    deceased: owner,
    cause: async (row: DeathRow, _args, { loaders }) => (await loaders.causeOfDeath.load(row.idNumber))?.cause ?? null,
    declarant: (row: DeathRow) => reference(row.declarant),
  },
  Marriage: { ...entryFields(), ...spouseFields() },
  Divorce: { ...entryFields(), ...spouseFields() },
  Adoption: {
    ...entryFields(),
    child: (row: AdoptionRow) => reference(row.child),
    adoptiveMother: (row: AdoptionRow) => reference(row.adoptiveMother),
    adoptiveFather: (row: AdoptionRow) => reference(row.adoptiveFather),
  },
  Guardianship: {
    ...entryFields(),
    ward: (row: GuardianshipRow) => reference(row.ward),
    guardian: (row: GuardianshipRow) => reference(row.guardian),
  },
  ParentageRecognition: {
    ...entryFields(),
    child: (row: ParentageRow) => reference(row.child),
    parent: (row: ParentageRow) => reference(row.parent),
  },
  Correction: { ...entryFields(), person: (row: CorrectionRow) => reference(row.idNumber) },
};

/** What every record has besides the columns of its row. */
function entryFields() {
  return {
    persons: (row: CivilRow) => personsOf(row).map(reference),
    cursor: (row: CivilRow) => writeCursor(row.registeredOn, row.recordId),
  };
}

function spouseFields() {
  return {
    spouseA: (row: MarriageRow | DivorceRow) => reference(row.spouseA),
    spouseB: (row: MarriageRow | DivorceRow) => reference(row.spouseB),
  };
}

function owner(row: CivilRow): Person {
  return { idNumber: row.idNumber };
}

function reference(idNumber: string | null): Person | null {
  return idNumber === null ? null : { idNumber };
}

function list(name: Exclude<keyof CivilStatusLoaders, 'birth' | 'death' | 'causeOfDeath'>) {
  return async (person: Person, args: PageArguments, { loaders }: Context): Promise<readonly CivilRow[]> =>
    loaders[name](readPage(args, [positionDate, positionNumber])).load(person.idNumber);
}
