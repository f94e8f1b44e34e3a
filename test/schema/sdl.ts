import { rulesSdl } from '../../schema/checks/links.ts';
import { ComposeError, composeSupergraph } from '../../schema/compose.ts';
import type { Problem, SubgraphSdl } from '../../schema/graph.ts';

/** Subgraphs by name, each SDL without the rules, which are put before it. */
export type Sdls = Readonly<Record<string, string>>;

export function subgraphs(sdls: Sdls, rules: (subgraph: string) => string = rulesSdl): readonly SubgraphSdl[] {
  return Object.entries(sdls).map(([name, sdl]) => ({ name, url: `http://${name}.invalid/graphql`, sdl: `${rules(name)}\n${sdl}` }));
}

/** The problems that composing tells, none when it succeeds. */
export function problemsOf(from: readonly SubgraphSdl[]): readonly Problem[] {
  try {
    composeSupergraph(from);
    return [];
  } catch (error) {
    if (error instanceof ComposeError) return error.problems;
    throw error;
  }
}

/** A person with a phone and an address, found by number: what most cases add to. `more` are further fields of the person. */
export function register(more = '', rest = ''): string {
  return `
    type Query { resident(idNumber: ID!): Resident @lookup }
    type Resident @key(fields: "idNumber") @subject(key: "idNumber") {
      idNumber: ID! @personal(class: BASIC, group: "a.identity")
      phone: String @personal(class: BASIC, group: "a.contact")
      residence: Address @personal(class: BASIC, group: "a.residence")
      religion: String @personal(class: SENSITIVE, group: "a.belief")
      mother: Resident @personal(class: BASIC, group: "a.family")
      ${more}
    }
    type Address { province: String @retained(by: ["province"]) street: String }
    ${rest}`;
}

/** The person as another subgraph knows them. */
export function stub(fields: string, rest = ''): string {
  return `type Resident @key(fields: "idNumber") @subject(key: "idNumber") { idNumber: ID! ${fields} } ${rest}`;
}
