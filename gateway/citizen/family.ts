import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Logger } from '../../platform/log.ts';
import type { Family, FindFamily } from '../consent/minors.ts';
import type { Pipeline } from '../pipeline.ts';
import type { Registry } from '../policy/registry.ts';
import { gatewayCaller } from '../stages/authenticate.ts';
import { dayInVietnam } from '../../platform/vietnam-time.ts';

/** The application of the registry that the gateway asks civil status as; its rules lie with the other policies. */
const APPLICATION = 'consent-desk';
const PURPOSE = 'consent.guardianship';

const QUERY = `query ConsentFamily($idNumber: IdNumber!) {
  resident(idNumber: $idNumber) {
    dateOfBirth
    birthRecord { mother { idNumber } father { idNumber } }
    adoptions(first: 100) { child { idNumber } adoptiveMother { idNumber } adoptiveFather { idNumber } }
    guardianships(first: 100) { ward { idNumber } guardian { idNumber } beganOn endedOn }
  }
}`;

const Person = z.object({ idNumber: z.string() }).nullable();
const Resident = z.object({
  dateOfBirth: z.string().nullable(),
  birthRecord: z.object({ mother: Person, father: Person }).nullable(),
  adoptions: z.array(z.object({ child: Person, adoptiveMother: Person, adoptiveFather: Person })).nullable(),
  guardianships: z
    .array(z.object({ ward: Person, guardian: Person, beganOn: z.string().nullable(), endedOn: z.string().nullable() }))
    .nullable(),
});
const Reply = z.object({ data: z.object({ resident: Resident.nullable() }), errors: z.undefined().optional() });

export interface FamilyParts {
  readonly registry: () => Registry;
  readonly ask: Pipeline['ask'];
  readonly log: Logger;
  readonly clock: () => number;
}

/** Asks the registers for age and representatives on the way of every request, under rules of its own and on the record. */
export function createFindFamily({ registry, ask, log, clock }: FamilyParts): FindFamily {
  return async (idNumber) => {
    const application = registry().applications.get(APPLICATION);
    if (application?.login !== 'gateway') {
      log.error({ application: APPLICATION }, 'the registry has no application with login "gateway" to ask civil status with');
      return { kind: 'unavailable' };
    }
    const traceId = randomBytes(16).toString('hex');
    const traceparent = `00-${traceId}-${randomBytes(8).toString('hex')}-00`;
    const answer = await ask(gatewayCaller(application, PURPOSE), {
      headers: {},
      body: { query: QUERY, variables: { idNumber } },
      trace: { traceId, traceparent, tracestate: undefined },
      signal: new AbortController().signal,
    });
    const reply = Reply.safeParse(JSON.parse(answer.body.toString()));
    if (answer.status !== 200 || !reply.success) {
      log.error({ status: answer.status, traceId }, 'civil status could not be asked who represents a person');
      return { kind: 'unavailable' };
    }
    // A guardianship begins and ends with a day in Vietnam.
    return familyOf(idNumber, reply.data.data.resident, dayInVietnam(clock()));
  };
}

function familyOf(idNumber: string, resident: z.infer<typeof Resident> | null, today: string): Family {
  const adoptions = (resident?.adoptions ?? []).filter(({ child }) => child?.idNumber === idNumber);
  const guardianships = (resident?.guardianships ?? []).filter(
    ({ ward, beganOn, endedOn }) =>
      ward?.idNumber === idNumber && (beganOn === null || beganOn <= today) && (endedOn === null || endedOn > today),
  );
  // Adoptive parents take the place of the parents by birth (Law on Adoption 52/2010/QH12 art. 24).
  const parents =
    adoptions.length > 0
      ? adoptions.flatMap(({ adoptiveMother, adoptiveFather }) => [adoptiveMother, adoptiveFather])
      : [resident?.birthRecord?.mother, resident?.birthRecord?.father];
  const people = [...parents, ...guardianships.map(({ guardian }) => guardian)];
  return {
    kind: 'family',
    dateOfBirth: resident?.dateOfBirth ?? undefined,
    representatives: new Set(people.flatMap((person) => (person ? [person.idNumber] : []))),
  };
}
