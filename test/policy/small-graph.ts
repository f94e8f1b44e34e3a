import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { loadPolicies, type LoadedPolicies, type LoadPoliciesOptions } from '../../gateway/policy/load.ts';
import type { DecisionContext } from '../../gateway/policy/decision.ts';

const RULES = readFileSync(new URL('../../schema/directives.graphql', import.meta.url), 'utf8').replace(
  '"@composeDirective"]',
  '"@composeDirective", "@override", "@interfaceObject"]',
);

const PEOPLE = `
  scalar IdNumber
  scalar Date
  enum Relation { PARENT CHILD }
  type Query {
    person(idNumber: IdNumber!): Person @lookup
    matches(name: String!): Boolean @personal(class: BASIC, group: "people.verification")
  }
  type Person @key(fields: "idNumber") @subject(key: "idNumber") {
    idNumber: IdNumber! @personal(class: BASIC, group: "people.identity")
    name: String @personal(class: BASIC, group: "people.identity")
    born: Date @personal(class: BASIC, group: "people.identity")
    olderThan(age: Int!, strict: Boolean): Boolean @personal(class: BASIC, group: "people.predicates")
    since(date: Date!, mode: String): Boolean @personal(class: BASIC, group: "people.predicates")
    ratio(of: Float, ids: [ID!], mode: Int): Boolean @personal(class: BASIC, group: "people.predicates")
    relatives(relation: Relation): [Person!] @personal(class: SENSITIVE, group: "people.family")
    address: Address @personal(class: BASIC, group: "people.address")
    note: String
  }
  type Address { province: String @retained(by: ["province"]) street: String }
`;

const HEALTH = `
  scalar IdNumber
  type Query { clinics: [String!] }
  type Person @key(fields: "idNumber") @subject(key: "idNumber") {
    idNumber: IdNumber!
    visits: [Visit!] @personal(class: SENSITIVE, group: "health.visits")
  }
  type Visit { clinic: String }
`;

/** A supergraph of two registers, `people` and `health`, small enough to think about. */
export const SMALL_SUPERGRAPH: string = compose({ people: PEOPLE, health: HEALTH });

/** Composes subgraphs with the project's directives, without the project's checks. */
export function compose(subgraphs: Readonly<Record<string, string>>): string {
  const services = Object.entries(subgraphs).map(([name, sdl]) => ({ name, url: `http://${name}`, typeDefs: parse(`${RULES}\n${sdl}`) }));
  const { supergraphSdl, errors } = composeServices(services);
  if (supergraphSdl === undefined) throw new Error(`The test's graph does not compose: ${errors?.[0]?.message}`);
  return supergraphSdl;
}

export const SMALL_REGISTRY = `
agencies:
  clinic: { kind: public-service-unit, name: { vi: Phòng khám, en: Clinic }, officers: { officer-1: counter, officer-2: supervisor } }
  office: { kind: ministry, name: { vi: Cơ quan, en: Office } }
purposes:
  care: { version: 1, text: { vi: Chăm sóc, en: Care } }
  research: { version: 1, text: { vi: Nghiên cứu, en: Research } }
applications:
  desk: { agency: clinic, purposes: [care, research] }
  portal: { agency: office, purposes: [care] }
registers:
  people: { owner: office }
  health: { owner: clinic }
`;

/** A policy directory on disk that is gone when the test is over. */
export async function policyDirectory(
  files: Readonly<Record<string, string>>,
): Promise<{ readonly path: string; readonly [Symbol.asyncDispose]: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'policies-'));
  for (const [name, text] of Object.entries({ 'registry.yaml': SMALL_REGISTRY, ...files })) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), text);
  }
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

/** Loads policies written in the test against the small graph. */
export async function load(cedar: string, options: Partial<LoadPoliciesOptions> = {}): Promise<LoadedPolicies> {
  await using directory = await policyDirectory({ 'rules.cedar': cedar });
  return await loadPolicies({
    directory: directory.path,
    supergraphSdl: SMALL_SUPERGRAPH,
    clock: () => Date.parse('2026-11-23T00:00:00Z'),
    decisionCacheMax: 1_000,
    ...options,
  });
}

/** The desk of the clinic, asking for care, with what a test changes. */
export function asked(change: Partial<DecisionContext> = {}): DecisionContext {
  return { action: 'read', application: 'desk', officerRole: undefined, purpose: 'care', assurance: 0, emergency: false, ...change };
}

/** A permit by law in one line, with further annotations before its scope and a condition behind it. */
export function permit(id: string, scope: string, more: { readonly annotations?: string; readonly when?: string } = {}): string {
  const annotations = more.annotations ?? '@basis("ART_19_1_C") @reference("Law 1/2026/QH16")';
  const when = more.when === undefined ? '' : ` && (${more.when})`;
  return `@id("${id}") ${annotations} permit(${scope}) when { context.purpose == "care"${when} };\n`;
}
