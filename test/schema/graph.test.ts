import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSchema, concatAST, parse, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import { classify } from '../../platform/classification.ts';
import { kept } from '../../schema/checks/kept.ts';
import { readSubgraphs } from '../../schema/compose.ts';
import { checkSnapshots } from '../../schema/snapshots.ts';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const api = buildSchema(readFileSync(at('schema/api.graphql'), 'utf8'));
const composed = classify(parse(readFileSync(at('schema/supergraph.graphql'), 'utf8')));

describe('the graph of the four registers', () => {
  test('composes to its reviewed snapshots', () => {
    expect(
      checkSnapshots({
        subgraphs: [at('subgraphs'), at('gateway')],
        snapshots: at('schema'),
        cedarSchema: at('policies/schema.cedarschema'),
        policies: at('policies'),
      }),
    ).toMatchObject({ failed: false });
  });

  test('says of each coordinate in the supergraph what its register says', () => {
    const declared = classify(concatAST(readSubgraphs([at('subgraphs'), at('gateway')]).map(({ sdl }) => parse(sdl))));
    expect(declared.personal.size).toBeGreaterThan(40);
    expect(kept(declared, composed)).toEqual([]);
  });

  test('has the names that outside programs use', () => {
    const document = parse(`
      query Everything($id: IdNumber!, $ids: [IdNumber!]!, $claim: VerifyIdentityInput!, $date: Date!) {
        resident(idNumber: $id) {
          idNumber fullName dateOfBirth sex religion phone currentResidence { province }
          mother { idNumber } father { idNumber }
          birthRecord { registeredOn mother { fullName } }
          coverage { cardNumber validFrom validTo }
          visits { facility diagnosisCode }
          enrolments { school }
          examResults { subject score }
          isAtLeast(age: 18)
          insuredOn(date: $date)
        }
        residents(idNumbers: $ids) { livesIn(province: HA_NOI) }
        verifyIdentity(input: $claim) { fullName dateOfBirth }
      }
      query Claim { verifyIdentity(input: { idNumber: "000000000000", fullName: "N", dateOfBirth: "2000-01-01" }) { fullName } }`);
    expect(validate(api, document).map(({ message }) => message)).toEqual([]);
  });

  test.each([
    ['residents.identity', ['Resident.fullName', 'Resident.dateOfBirth', 'Resident.sex', 'Resident.idNumber']],
    ['residents.contact', ['Resident.phone']],
    ['residents.residence', ['Resident.currentResidence']],
    ['residents.belief', ['Resident.religion']],
    ['residents.family', ['Resident.mother', 'Resident.father']],
    ['civil-status.birth', ['Resident.birthRecord', 'BirthRecord.mother']],
    ['health-insurance.coverage', ['Resident.coverage', 'Resident.insuredOn']],
    ['health-insurance.visits', ['Resident.visits']],
    ['education.record', ['Resident.examResults', 'Resident.enrolments']],
  ])('has in the group %s what consent to it covers', (group, coordinates) => {
    expect(coordinates.map((coordinate) => composed.personal.get(coordinate)?.group)).toEqual(coordinates.map(() => group));
  });

  test('takes for sensitive what Decree 356/2025/NĐ-CP art. 4 does', () => {
    const sensitive = ['Resident.religion', 'Resident.ethnicity', 'Resident.bloodType', 'Resident.visits', 'DeathRecord.cause'];
    expect(sensitive.map((coordinate) => composed.personal.get(coordinate)?.class)).toEqual(sensitive.map(() => 'SENSITIVE'));
  });

  test('knows one kind of person, found by ID number', () => {
    expect(composed.subjects).toEqual(new Map([['Resident', { key: 'idNumber' }]]));
    expect(composed.lookups).toEqual(new Set(['Query.resident', 'Query.residents']));
  });
});
