import { idNumberAt, REQUESTS_PER_WORK, WORKS } from '../work/documents.ts';
import { openBenchDatabase } from '../run/database.ts';
import { giveConsents } from '../run/database-consents.ts';
import { launchGoverned } from './governed.ts';
import type { Target } from './target.ts';

/** Everybody whom some request of the work asks for, in the order of their index. */
const PEOPLE = Array.from({ length: REQUESTS_PER_WORK * Math.max(...Object.values(WORKS).map(({ citizens }) => citizens)) }, (_, index) =>
  idNumberAt(index),
);

/** Everything on, and two of the four registers give something by consent only: the phone and the health insurance. */
function consentTarget(name: string, title: string, what: string, gives: (index: number) => boolean): Target {
  const given = new Set(PEOPLE.filter((_, index) => gives(index)));
  return {
    name,
    title,
    what,
    withheld: { fields: new Set(['phone', 'coverage']), of: (idNumber) => !given.has(idNumber) },
    launch: async (context) => {
      const database = await openBenchDatabase();
      context.resources.use(database);
      await giveConsents(database.url, [...given], ['residents.contact', 'health-insurance.coverage']);
      const launched = await launchGoverned(context, database.url, { application: 'bench-by-consent' });
      return { ...launched, beforeRound: async () => database.pinBackends() };
    },
  };
}

export const oursConsentGiven = consentTarget(
  'ours-consent-given',
  'Liên Thông, everything on, consent given',
  'the same, with the phone and the health insurance by consent, which everybody has given',
  () => true,
);

export const oursConsentHalf = consentTarget(
  'ours-consent-half',
  'Liên Thông, everything on, half withheld',
  'the same, with consent of every second person: the others’ fields are null, with an error each',
  (index) => index % 2 === 0,
);
