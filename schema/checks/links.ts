import { readFileSync } from 'node:fs';
import { Kind, parse, print, visit, type ASTNode, type DocumentNode } from 'graphql';
import { applications, type Check, type Problem } from '../graph.ts';

export const RULES_URL = 'https://lien-thong.example/rules/v1.0';
const FEDERATION_URL = /^https:\/\/specs\.apollo\.dev\/federation\/v2\.\d+$/;
const RULES = ['personal', 'subject', 'reads', 'lookup', 'self', 'retained'] as const;
/** What the checks know by name. Anything else of federation changes nothing that they judge. */
const FEDERATION = [
  'key',
  'external',
  'requires',
  'provides',
  'shareable',
  'override',
  'context',
  'fromContext',
  'interfaceObject',
  'composeDirective',
];

/** The SDL that every subgraph's schema begins with: the links and the definitions of the rules. */
export function rulesSdl(): string {
  return readFileSync(new URL('../directives.graphql', import.meta.url), 'utf8');
}

/**
 * The rules carry their own names, in every subgraph. A directive that is renamed, prefixed, redefined or taken from another
 * specification would be looked for in vain, and its field be open (GHSA-g8jh-vg5j-4h3f, ATTACKS 4).
 */
export const links: Check = (graph) => {
  const expected = definitionsOf(parse(rulesSdl()));
  return graph.subgraphs.flatMap(({ name, document }) => {
    const problems: Problem[] = [];
    const report = (coordinate: string, message: string): unknown =>
      problems.push({ rule: 'links', coordinate, message: `${coordinate} (${name}): ${message}` });
    checkLinks(document, report);
    checkDefinitions(document, expected, report);
    return problems;
  });
};

type Report = (coordinate: string, message: string) => unknown;

function checkLinks(document: DocumentNode, report: Report): void {
  const directives = document.definitions.flatMap((definition) =>
    definition.kind === Kind.SCHEMA_DEFINITION || definition.kind === Kind.SCHEMA_EXTENSION ? (definition.directives ?? []) : [],
  );
  const found = applications(directives, 'link');
  const rules = found.filter((link) => link['url'] === RULES_URL);
  if (rules.length !== 1) report('@link', `the rules are linked ${rules.length} times. Begin the SDL with schema/directives.graphql.`);
  if (found.filter((link) => FEDERATION_URL.test(String(link['url']))).length !== 1)
    report('@link', 'Federation 2 must be linked exactly once. Begin the SDL with schema/directives.graphql.');

  const imported = new Map<string, string>();
  for (const link of found) {
    const url = String(link['url']);
    if (link['as'] !== undefined) report('@link', `"${url}" is linked under another name. Leave out "as".`);
    for (const one of Array.isArray(link['import']) ? link['import'] : []) {
      const { name, as } = typeof one === 'object' && one !== null ? (one as { name?: unknown; as?: unknown }) : { name: one, as: one };
      const local = String(as ?? name);
      if (local !== String(name)) report(local, `is ${String(name)} of "${url}" under another name. Import it under its own.`);
      if (isRule(local) && url !== RULES_URL) report(local, `is imported from "${url}". Import it from "${RULES_URL}".`);
      imported.set(local, url);
    }
  }
  const composed = new Set(applications(directives, 'composeDirective').map((values) => String(values['name'])));
  for (const rule of RULES) {
    if (imported.get(`@${rule}`) !== RULES_URL) report(`@${rule}`, `is not imported from "${RULES_URL}". Add it to the import.`);
    if (!composed.has(`@${rule}`)) report(`@${rule}`, `does not reach the supergraph. Add @composeDirective(name: "@${rule}").`);
  }
  visit(document, {
    Directive: (node) => {
      if (node.name.value.includes('__')) report(`@${node.name.value}`, 'is used by a prefixed name. Import it and use its own name.');
    },
    OperationTypeDefinition: (node) => {
      const usual = ROOT_NAMES[node.operation];
      if (node.type.name.value !== usual) report(node.type.name.value, `is the ${node.operation} root. Call it ${usual}.`);
    },
    DirectiveDefinition: (node) => {
      const used = `@${node.name.value}`;
      if (FEDERATION.includes(node.name.value) && !FEDERATION_URL.test(imported.get(used) ?? ''))
        report(used, "has the name of a federation directive and is not federation's. Give it another name.");
    },
  });
}

const ROOT_NAMES = { query: 'Query', mutation: 'Mutation', subscription: 'Subscription' } as const;

function checkDefinitions(document: DocumentNode, expected: ReadonlyMap<string, string>, report: Report): void {
  const actual = definitionsOf(document);
  for (const [name, text] of expected)
    if (actual.get(name) !== text)
      report(name, 'is not defined as schema/directives.graphql defines it. Take the definition from there, once.');
}

/** The definitions of the rules, and of the type that they use, without descriptions. Defined twice is joined, so it equals neither. */
function definitionsOf(document: DocumentNode): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const definition of document.definitions) {
    const name = nameOf(definition);
    if (name === undefined) continue;
    const bare: ASTNode = { ...definition };
    delete (bare as { description?: unknown }).description;
    texts.set(name, (texts.get(name) ?? '') + print(bare));
  }
  return texts;
}

function nameOf(definition: DocumentNode['definitions'][number]): string | undefined {
  if (definition.kind === Kind.DIRECTIVE_DEFINITION) return isRule(`@${definition.name.value}`) ? `@${definition.name.value}` : undefined;
  if (definition.kind !== Kind.ENUM_TYPE_DEFINITION && definition.kind !== Kind.ENUM_TYPE_EXTENSION) return undefined;
  return definition.name.value === 'rules__DataClass' ? definition.name.value : undefined;
}

function isRule(name: string): boolean {
  return RULES.some((rule) => name === `@${rule}`);
}
