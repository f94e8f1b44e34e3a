import { periodAt, takeSnapshots, type NotGiven, type SnapshotRegister } from '../register.ts';
import { refused, type Populations, type RegisterAway, type RunRefusal } from './model.ts';

/** Populations as registers keep them. */
export function createPopulations(registers: ReadonlyMap<string, SnapshotRegister>, clock: () => number): Populations {
  return {
    async snapshot(register, all) {
      const taken = await takeSnapshots(registers, all, periodAt(clock()));
      if (taken.kind === 'not given') return notGiven(taken.register, taken.why);
      const snapshot = taken.of.get(register);
      if (snapshot === undefined) throw new Error('The register whose people are walked is one of those asked.');
      return { ...snapshot, kind: 'snapshot', takenAt: new Date(snapshot.takenAt) };
    },
    async idNumbers(register, snapshot, { from, to }, { agency, purpose }) {
      const answer = await registers.get(register)?.population({ snapshot, agency, purpose, from, to });
      if (answer?.kind === 'given') return { kind: 'people', idNumbers: answer.idNumbers };
      return notGiven(register, answer?.kind ?? 'unsupported');
    },
  };
}

function notGiven(register: string, why: NotGiven['kind']): RegisterAway | RunRefusal {
  if (why === 'unavailable') return { kind: 'away', register };
  if (why === 'unsupported')
    return refused('NO_SNAPSHOTS', `The register ${register} keeps no snapshots, so that nothing is counted of it.`);
  return refused(
    'POPULATION_REFUSED',
    `The owner of ${register} does not let this agency count its people for this purpose. Ask the owner for a ceiling.`,
  );
}
