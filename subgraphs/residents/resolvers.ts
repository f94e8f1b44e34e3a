import { badInput, positionNumber, readPage, writeCursor } from '../page.ts';
import type { RegisterContext, RegisterResolvers } from '../register.ts';
import type { ResidentsLoaders } from './loaders.ts';
import type { HouseholdMemberRow, ResidenceRow, ResidentRow, SensitiveRow } from './store.ts';
import { verifyIdentity, type ClaimedIdentity } from './verification.ts';

/** A person here is the ID number that was asked with; everything else comes from the loaders, once a field asks for it. */
interface Person {
  readonly idNumber: string;
}
interface Household {
  readonly head: Person;
}
type Context = RegisterContext<ResidentsLoaders>;

/** People in one request: as many as the gateway lets through. */
const PEOPLE_MAX = 1_000;
const AGE_YEARS_MAX = 150;

/**
 * Residents as GraphQL. Whether a number belongs to anybody shows only where `Resident.idNumber` is released; for everyone else a number
 * that nobody has takes the same way as a person of whom nothing is known.
 */
export const residentsResolvers: RegisterResolvers<ResidentsLoaders> = {
  Query: {
    resident: async (_root, args: { idNumber: string }, context) => findPerson(args.idNumber, context),
    residents: async (_root, args: { idNumbers: readonly string[] }, context) => {
      if (args.idNumbers.length > PEOPLE_MAX) throw badInput(`At most ${PEOPLE_MAX} ID numbers can be asked for at a time.`);
      return Promise.all(args.idNumbers.map(async (idNumber) => findPerson(idNumber, context)));
    },
    verifyIdentity: async (_root, args: { input: ClaimedIdentity }, { loaders }) =>
      verifyIdentity(await loaders.resident.load(args.input.idNumber), args.input),
  },
  Resident: {
    // As the roots do, which the gateway takes by this way (@lookup).
    __resolveReference: async ({ idNumber }: Person, context: Context) => findPerson(idNumber, context),
    fullName: residentField('fullName'),
    dateOfBirth: residentField('dateOfBirth'),
    sex: residentField('sex'),
    isAtLeast: async (person: Person, args: { age: number }, { loaders, today }) => {
      if (args.age < 0 || args.age > AGE_YEARS_MAX) throw badInput(`"age" is a number of years from 0 to ${AGE_YEARS_MAX}.`);
      const row = await loaders.resident.load(person.idNumber);
      return row !== null && hasReached(args.age, row.dateOfBirth, today);
    },
    otherNames: residentField('otherNames'),
    status: residentField('status'),
    statusSince: residentField('statusSince'),
    nationality: residentField('nationality'),
    ethnicity: sensitiveField('ethnicity'),
    religion: sensitiveField('religion'),
    bloodType: sensitiveField('bloodType'),
    placeOfBirth: residentField('placeOfBirth'),
    placeOfBirthRegistration: residentField('placeOfBirthRegistration'),
    origin: residentField('origin'),
    permanentResidence: async (person: Person, _args, context) => residenceOf(person, 'PERMANENT', context),
    temporaryResidence: async (person: Person, _args, context) => residenceOf(person, 'TEMPORARY', context),
    currentResidence: async (person: Person, _args, context) => residenceOf(person, 'CURRENT', context),
    livesIn: async (person: Person, args: { province: string }, context) =>
      (await residenceOf(person, 'CURRENT', context))?.province === args.province,
    phone: residentField('phone'),
    maritalStatus: residentField('maritalStatus'),
    spouse: relative('spouse'),
    mother: relative('mother'),
    father: relative('father'),
    household: async (person: Person, _args, { loaders }): Promise<Household | null> => {
      const head = (await loaders.resident.load(person.idNumber))?.householdHead ?? null;
      return head === null ? null : { head: { idNumber: head } };
    },
    idCard: async (person: Person, _args, { loaders }) => loaders.idCard.load(person.idNumber),
    eid: async (person: Person, _args, { loaders }) => loaders.eid.load(person.idNumber),
  },
  Household: {
    members: async (household: Household, args: { first?: number | null; after?: string | null }, { loaders }) =>
      loaders.householdMembers(readPage(args, [positionNumber])).load(household.head.idNumber),
  },
  HouseholdMember: {
    person: (member: HouseholdMemberRow): Person => ({ idNumber: member.member }),
    cursor: (member: HouseholdMemberRow) => writeCursor(member.entry),
  },
};

/** INVARIANT: without the right to know who exists, no query is made here and every number gives the same object. */
async function findPerson(idNumber: string, { loaders, grant }: Context): Promise<Person | null> {
  if (grant.coordinates['Resident.idNumber'] !== 'released') return { idNumber };
  return (await loaders.resident.load(idNumber)) === null ? null : { idNumber };
}

function residentField(name: keyof ResidentRow) {
  return async (person: Person, _args: never, { loaders }: Context): Promise<unknown> =>
    (await loaders.resident.load(person.idNumber))?.[name] ?? null;
}

function sensitiveField(name: keyof SensitiveRow) {
  return async (person: Person, _args: never, { loaders }: Context): Promise<unknown> =>
    (await loaders.sensitive.load(person.idNumber))?.[name] ?? null;
}

function relative(name: 'mother' | 'father' | 'spouse') {
  return async (person: Person, _args: never, { loaders }: Context): Promise<Person | null> => {
    const idNumber = (await loaders.resident.load(person.idNumber))?.[name] ?? null;
    return idNumber === null ? null : { idNumber };
  };
}

async function residenceOf(person: Person, kind: ResidenceRow['kind'], { loaders }: Context): Promise<ResidenceRow | null> {
  return (await loaders.residences.load(person.idNumber)).find((residence) => residence.kind === kind) ?? null;
}

/** Whether someone born on this day is so many full years old. Who was born on 29 February reaches an age on 1 March of common years. */
function hasReached(age: number, dateOfBirth: string, today: string): boolean {
  const birthday = `${String(Number(dateOfBirth.slice(0, 4)) + age).padStart(4, '0')}${dateOfBirth.slice(4)}`;
  return birthday <= today;
}
