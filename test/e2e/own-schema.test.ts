import {
  buildClientSchema,
  getIntrospectionQuery,
  isInterfaceType,
  isObjectType,
  validateSchema,
  type GraphQLSchema,
  type IntrospectionQuery,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type TestApplication, type TestGateway } from './test-gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(async () => gateway[Symbol.asyncDispose]());

async function schemaOf(application: TestApplication): Promise<GraphQLSchema> {
  const reply = await gateway.ask(application, getIntrospectionQuery());
  expect([reply.status, reply.errors]).toEqual([200, []]);
  return buildClientSchema(reply.data as unknown as IntrospectionQuery);
}

function fieldsOf(schema: GraphQLSchema, name: string): readonly string[] {
  const type = schema.getType(name);
  return isObjectType(type) ? Object.keys(type.getFields()).toSorted() : [];
}

const APPLICATIONS = ['hospital-counter', 'university-admissions', 'bank-teller', 'ward-office', 'police-residence'] as const;

describe('introspection shows an application the part that it may use', () => {
  test('by law and by consent, and in an emergency', async () => {
    const hospital = fieldsOf(await schemaOf('hospital-counter'), 'Resident');
    for (const given of ['fullName', 'phone', 'currentResidence', 'coverage', 'visits', 'idNumber']) expect(hospital).toContain(given);
    for (const refused of ['religion', 'mother', 'birthRecord', 'examResults']) expect(hospital).not.toContain(refused);
  });

  test('with fields that are given for one value of an argument only', async () => {
    const bank = fieldsOf(await schemaOf('bank-teller'), 'Resident');
    expect(bank).toContain('isAtLeast');
    expect(bank).not.toContain('fullName');
    expect(fieldsOf(await schemaOf('bank-teller'), 'Query')).toContain('verifyIdentity');
  });

  test('of a value only what a transform leaves', async () => {
    expect(fieldsOf(await schemaOf('hospital-counter'), 'Address')).not.toContain('street');
    expect(fieldsOf(await schemaOf('police-residence'), 'Address')).toContain('street');
  });

  test.each(APPLICATIONS)('as a schema that is whole: %s', async (application) => {
    const schema = await schemaOf(application);
    expect(validateSchema(schema)).toEqual([]);
    for (const type of Object.values(schema.getTypeMap())) {
      if (isObjectType(type) || isInterfaceType(type)) expect(Object.keys(type.getFields()).length, type.name).toBeGreaterThan(0);
    }
    expect(schema.getMutationType() ?? null).toBeNull();
  });

  test('by name too, and not by another name', async () => {
    const query =
      '{ hidden: __type(name: "EducationRecord") { name } enrolment: __type(name: "Enrolment") { name } query: __type(name: "Query") { fields { name } } }';
    const [hospital, university] = [await gateway.ask('hospital-counter', query), await gateway.ask('university-admissions', query)];
    expect(hospital.data?.['enrolment']).toBeNull();
    expect(university.data?.['enrolment']).toEqual({ name: 'Enrolment' });
  });

  test('and documents are held against the whole: what is refused is refused by name, as before', async () => {
    const [id] = await gateway.citizens(1);
    const reply = await gateway.ask(
      'hospital-counter',
      'query ($id: IdNumber!) { resident(idNumber: $id) { sex religion } __type(name: "Query") { name } }',
      { id },
    );
    expect(reply.status).toBe(200);
    expect(reply.errors.map(({ path, extensions }) => [path?.join('.'), extensions.code])).toEqual([
      ['resident.religion', 'FIELD_NOT_PERMITTED'],
    ]);
    expect(reply.data?.['__type']).toEqual({ name: 'Query' });
  });
});
