import { positionDate, positionNumber, readPage, writeCursor } from '../page.ts';
import type { RegisterResolvers } from '../register.ts';
import { benefitRate, objectCodeMatchesDigit } from './benefit.ts';
import type { HealthInsuranceLoaders } from './loaders.ts';
import type { CoverageRow, VisitRow } from './store.ts';

interface Person {
  readonly idNumber: string;
}
interface PageArguments {
  readonly first?: number | null;
  readonly after?: string | null;
}
interface VisitArguments extends PageArguments {
  readonly from?: string | null;
  readonly to?: string | null;
}

/** Health insurance as GraphQL. A number that nobody has takes the same way as a person without a card: no look-up says which it is. */
export const healthInsuranceResolvers: RegisterResolvers<HealthInsuranceLoaders> = {
  Resident: {
    __resolveReference: (reference: Person) => ({ idNumber: reference.idNumber }),
    coverage: async (person: Person, _args, { loaders, today }) => loaders.coverageOn(today).load(person.idNumber),
    insuredOn: async (person: Person, args: { date: string }, { loaders }) =>
      (await loaders.coverageOn(args.date).load(person.idNumber)) !== null,
    coverageHistory: async (person: Person, args: PageArguments, { loaders }) =>
      loaders.coverageHistory(readPage(args, [positionDate])).load(person.idNumber),
    visits: async (person: Person, args: VisitArguments, { loaders }) =>
      loaders
        .visits({ ...readPage(args, [positionDate, positionNumber]), from: args.from ?? null, to: args.to ?? null })
        .load(person.idNumber),
  },
  Coverage: {
    benefitRate: (card: CoverageRow) => benefitRate(card.benefitDigit),
    objectCodeMatchesDigit: (card: CoverageRow) => objectCodeMatchesDigit(card.objectCode, card.benefitDigit),
    cursor: (card: CoverageRow) => writeCursor(card.validFrom),
  },
  Visit: {
    patientAmount: (visit: VisitRow) => visit.totalAmount - visit.fundAmount,
    cursor: (visit: VisitRow) => writeCursor(visit.date, visit.visitNo),
  },
};
