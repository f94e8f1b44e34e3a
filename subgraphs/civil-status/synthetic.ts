import type { Person, Population } from '../population.ts';
import type { SyntheticTable } from '../register.ts';
import { adoptionLines, correctionLines, guardianshipLines, parentageLines } from './synthetic-changes.ts';
import { birthLines, causeLines, deathLines, divorceLines, marriageLines } from './synthetic-events.ts';

const ENTRY = ['id_number', 'record_id', 'registered_on', 'number', 'book', 'office'];
const SPOUSES = ['spouse_a_id_number', 'spouse_b_id_number'];
const DECLARANT = ['declarant_id_number', 'declarant_relation'];

/** Civil status books of synthetic people: a birth for almost everyone, a death for the dead, marriages, and the rarer records here and there. */
export function synthesiseCivilStatus(population: Population): readonly SyntheticTable[] {
  const table = (name: string, columns: readonly string[], lines: LinesOf): SyntheticTable => ({
    table: name,
    columns,
    lines: forEach(population, lines),
  });
  return [
    table(
      'birth_record',
      [...ENTRY, 'place_of_birth', 'id_number_issued_on', 'mother_id_number', 'father_id_number', ...DECLARANT],
      birthLines,
    ),
    table('death_record', [...ENTRY, 'died_on', 'died_at', 'place', 'notice', ...DECLARANT], deathLines),
    table('death_cause', ['id_number', 'cause'], causeLines),
    table('marriage', [...ENTRY, ...SPOUSES, 'married_on', 'ended_on', 'ended_by'], marriageLines),
    table('divorce', [...ENTRY, ...SPOUSES, 'divorced_on', 'court', 'judgment'], divorceLines),
    table('adoption', [...ENTRY, 'child_id_number', 'adoptive_mother_id_number', 'adoptive_father_id_number', 'adopted_on'], adoptionLines),
    table('guardianship', [...ENTRY, 'ward_id_number', 'guardian_id_number', 'began_on', 'ended_on'], guardianshipLines),
    table('parentage_recognition', [...ENTRY, 'child_id_number', 'parent_id_number', 'recognised_on'], parentageLines),
    table('correction', [...ENTRY, 'kind', 'entry', 'previous_value', 'corrected_value'], correctionLines),
  ];
}

type LinesOf = (population: Population, person: Person) => readonly string[];

function* forEach(population: Population, lines: LinesOf): Generator<string> {
  for (const person of population.people()) yield* lines(population, person);
}
