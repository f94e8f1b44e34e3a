import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSchema, isObjectType, parse } from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import { cedarSchemaOf } from '../../gateway/policy/cedar-schema.ts';
import { checkPolicies } from '../../gateway/policy/check.ts';
import type { Decision } from '../../gateway/policy/decision.ts';
import { loadPolicies, type LoadedPolicies } from '../../gateway/policy/load.ts';
import { classify, governedBy } from '../../platform/classification.ts';
import { asked } from './small-graph.ts';

const supergraphSdl = readFileSync(new URL('../../schema/supergraph.graphql', import.meta.url), 'utf8');
const apiSchema = buildSchema(readFileSync(new URL('../../schema/api.graphql', import.meta.url), 'utf8'));
const directory = fileURLToPath(new URL('../../policies', import.meta.url));

const LOOK_UP = { 'Query.resident': 'law', 'Query.residents': 'law' };
const IDENTITY = {
  'Resident.idNumber': 'law',
  'Resident.fullName': 'law',
  'Resident.dateOfBirth': 'law',
  'Resident.sex': 'law',
  // Derived from the date of birth, in whose group it is.
  'Resident.isAtLeast': 'law',
};
const REGISTRAR = {
  ...LOOK_UP,
  ...IDENTITY,
  'Resident.phone': 'law',
  'Resident.currentResidence': 'law',
  'Resident.livesIn': 'law',
  'Resident.mother': 'law',
  'Resident.father': 'law',
  'Resident.birthRecord': 'law',
  'BirthRecord.child': 'law',
  'BirthRecord.mother': 'law',
  'BirthRecord.father': 'law',
  'BirthRecord.declarant': 'law',
};

/** The table of README.md, "Who gets what", by coordinate, with look-ups, keys and predicates of what is given. */
const TABLE: Readonly<Record<string, { readonly purpose: string; readonly given: Readonly<Record<string, string>> }>> = {
  'hospital-counter': {
    purpose: 'health.check-in',
    given: {
      ...LOOK_UP,
      ...IDENTITY,
      'Resident.phone': 'consent',
      'Resident.currentResidence': 'law province',
      'Resident.coverage': 'law',
      'Resident.insuredOn': 'law',
      'Resident.visits': 'consent',
    },
  },
  'university-admissions': {
    purpose: 'education.admission',
    given: {
      ...LOOK_UP,
      ...IDENTITY,
      'Resident.phone': 'consent',
      'Resident.currentResidence': 'consent',
      'Resident.livesIn': 'consent',
      'Resident.examResults': 'law',
      'Resident.enrolments': 'law',
    },
  },
  'bank-teller': {
    purpose: 'bank.customer-verification',
    given: { ...LOOK_UP, 'Query.verifyIdentity': 'law', 'Resident.isAtLeast': 'law', 'Resident.phone': 'consent' },
  },
  'ward-office': { purpose: 'civil-status.registration', given: REGISTRAR },
  'police-residence': { purpose: 'residence.management', given: REGISTRAR },
  'statistics-office': { purpose: 'statistics.official', given: {} },
};

/** What approved analyses may count, by application; nobody else counts anything. */
const COUNTED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'statistics-office': {
    'Query.residents': 'law',
    'Resident.sex': 'law',
    'Resident.dateOfBirth': 'law',
    'Resident.currentResidence': 'law province',
    'Resident.birthRecord': 'law',
    'Resident.coverage': 'law',
    'Resident.admissionWishes': 'law',
    'AdmissionWish.total': 'law',
  },
};

// The bank's one permitted age. No other shipped rule reads an argument.
const FACTS = { age: 18 };

describe('the shipped policies', () => {
  let policies: LoadedPolicies;
  beforeAll(async () => {
    policies = await loadPolicies({ directory, supergraphSdl, clock: Date.now, decisionCacheMax: 100_000 });
  });

  it('pass their own check, cases and snapshot included, without a warning', async () => {
    const report = await checkPolicies(directory, supergraphSdl);
    expect(report.problems).toEqual([]);
    expect(report.cases).toBeGreaterThanOrEqual(2 * report.policies);
    expect(readFileSync(`${directory}/schema.cedarschema`, 'utf8')).toBe(cedarSchemaOf(supergraphSdl));
  });

  it('are for the six demo applications of agencies, of which statistics runs approved operations only', () => {
    const applications = new Map([...policies.registry.applications].filter(([, { login }]) => login === 'application'));
    expect([...applications.keys()].sort()).toEqual(Object.keys(TABLE).sort());
    for (const [id, { purpose }] of Object.entries(TABLE)) {
      expect(applications.get(id)).toMatchObject({ purposes: new Set([purpose]), approvedOperationsOnly: id === 'statistics-office' });
    }
  });

  describe.each(Object.entries(TABLE))('for %s', (application, { purpose, given }) => {
    it('give exactly the table of the design over every coordinate of the graph', () => {
      expect(giftsOf(asked({ application, purpose }))).toEqual(given);
    });

    it('give the same to any officer at any assurance', () => {
      for (const assurance of [1, 2] as const) {
        expect(giftsOf(asked({ application, purpose, assurance, officerRole: 'supervisor' }))).toEqual(given);
      }
    });

    it('open nothing in an emergency but the visits to the hospital', () => {
      const opened = application === 'hospital-counter' ? { ...given, 'Resident.visits': 'law' } : given;
      expect(giftsOf(asked({ application, purpose, emergency: true }))).toEqual(opened);
    });

    it('give nothing to be written, to be counted what analyses need, and nothing for the purposes of others', () => {
      expect(giftsOf(asked({ application, purpose, action: 'write' }))).toEqual({});
      expect(giftsOf(asked({ application, purpose, action: 'aggregate' }))).toEqual(COUNTED[application] ?? {});
      for (const other of policies.registry.purposes.keys()) {
        if (other === purpose) continue;
        for (const action of ['read', 'aggregate'] as const) expect(giftsOf(asked({ application, purpose: other, action }))).toEqual({});
      }
    });
  });

  it('answer the bank for the age of 18 only', () => {
    const context = asked({ application: 'bank-teller', purpose: 'bank.customer-verification' });
    for (const age of [0, 17, 19, 100, -18, 18.5]) expect(policies.decide(context, 'Resident.isAtLeast', { age }).kind).toBe('refused');
    expect(policies.decide(context, 'Resident.isAtLeast', {}).kind).toBe('refused');
    expect([...policies.argumentsRead]).toEqual(['age']);
  });

  /** What is given, by coordinate, over every field of every object type that clients can see. */
  function giftsOf(context: ReturnType<typeof asked>): Record<string, string> {
    const gifts: Record<string, string> = {};
    for (const coordinate of decidedCoordinates()) {
      const decision = policies.decide(context, coordinate, FACTS);
      if (decision.kind === 'permitted') gifts[coordinate] = rungsOf(decision);
    }
    return gifts;
  }
});

function decidedCoordinates(): readonly string[] {
  const classification = classify(parse(supergraphSdl));
  const coordinates: string[] = [];
  for (const type of Object.values(apiSchema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.keys(type.getFields())) {
      if (governedBy(classification, type.name, field) !== 'parent') coordinates.push(`${type.name}.${field}`);
    }
  }
  return coordinates;
}

function rungsOf(decision: Extract<Decision, { kind: 'permitted' }>): string {
  const rungs = Object.entries({ law: decision.law, consent: decision.consent });
  return rungs.flatMap(([name, rung]) => (rung ? [[name, rung.transform].filter(Boolean).join(' ')] : [])).join(', ');
}
