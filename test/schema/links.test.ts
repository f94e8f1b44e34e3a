import { describe, expect, test } from 'vitest';
import { rulesSdl, RULES_URL } from '../../schema/checks/links.ts';
import { problemsOf, register, stub, subgraphs } from './sdl.ts';

/** Composes a whole register beside one whose head of links and definitions was tampered with, and tells what `links` says. */
function said(tamper: (rules: string) => string): readonly string[] {
  const sdls = { a: register(), b: stub('dial: Int @personal(class: BASIC, group: "b.calls")') };
  const problems = problemsOf(subgraphs(sdls, (name) => (name === 'b' ? tamper(rulesSdl()) : rulesSdl())));
  return problems.filter(({ rule }) => rule === 'links').map(({ message }) => message);
}

describe('attack: a rule is hidden from the checks by its name (GHSA-g8jh-vg5j-4h3f)', () => {
  test('takes rules that are linked and defined as schema/directives.graphql does', () => {
    expect(said((rules) => rules)).toEqual([]);
  });

  test('refuses a rule that is imported under another name', () => {
    const messages = said((rules) =>
      rules.replace('"@personal",', '{ name: "@personal", as: "@p" },').replaceAll('directive @personal', 'directive @p'),
    );
    expect(messages).toContainEqual(expect.stringContaining('@p (b): is @personal'));
  });

  test('refuses another directive imported under the name of a rule', () => {
    const messages = said((rules) =>
      rules
        .replace('"@personal", ', '')
        .replace(
          '@composeDirective(name: "@personal")',
          '@link(url: "https://elsewhere.example/x/v1.0", import: [{ name: "@x", as: "@personal" }])',
        ),
    );
    expect(messages).toContainEqual(expect.stringContaining('@personal (b): is imported from "https://elsewhere.example/x/v1.0"'));
  });

  test('refuses a link to the rules under another name', () => {
    const messages = said((rules) => rules.replace(`url: "${RULES_URL}"`, `url: "${RULES_URL}", as: "r"`));
    expect(messages).toContainEqual(expect.stringContaining('is linked under another name'));
  });

  test('refuses a link to another version of the rules', () => {
    const messages = said((rules) => rules.replace('rules/v1.0', 'rules/v1.1'));
    expect(messages).toContainEqual(expect.stringContaining('the rules are linked 0 times'));
  });

  test('refuses a subgraph without the rules', () => {
    expect(said(() => '')).toContainEqual(expect.stringContaining('the rules are linked 0 times'));
  });

  test('refuses a subgraph that links Federation under another name', () => {
    const messages = said((rules) => rules.replace('federation/v2.9"', 'federation/v2.9", as: "fed"'));
    expect(messages).toContainEqual(expect.stringContaining('is linked under another name'));
  });

  test('refuses a federation directive under another name', () => {
    const messages = said((rules) => rules.replace('import: ["@key"', 'import: [{ name: "@shareable", as: "@mine" }, "@key"'));
    expect(messages).toContainEqual(expect.stringContaining('@mine (b): is @shareable'));
  });

  test('refuses a directive used by its prefixed name', () => {
    const messages = said((rules) => `${rules}\ntype Office { name: String @federation__shareable }`);
    expect(messages).toContainEqual(expect.stringContaining('@federation__shareable (b): is used by a prefixed name'));
  });

  test('refuses a rule that is defined otherwise', () => {
    const messages = said((rules) => rules.replace('group: String!', 'group: String'));
    expect(messages).toContainEqual(expect.stringContaining('@personal (b): is not defined as'));
  });

  test('refuses classes that are defined otherwise', () => {
    const messages = said((rules) => `${rules}\nextend enum rules__DataClass { HARMLESS }`);
    expect(messages).toContainEqual(expect.stringContaining('rules__DataClass (b): is not defined as'));
  });

  test('refuses a rule that would not reach the supergraph', () => {
    const messages = said((rules) => rules.replace('@composeDirective(name: "@reads")', ''));
    expect(messages).toContainEqual(expect.stringContaining('@reads (b): does not reach the supergraph'));
  });

  test("refuses a directive that has the name of a federation directive and is not federation's", () => {
    const messages = said((rules) => `${rules}\ndirective @requires(fields: String) on FIELD_DEFINITION`.replace('"@requires", ', ''));
    expect(messages).toContainEqual(expect.stringContaining('@requires (b): has the name of a federation directive'));
  });

  test('refuses roots under other names, whose fields would not be taken for roots', () => {
    const messages = said((rules) => `${rules}\nschema { query: Roots } type Roots { n: Int }`);
    expect(messages).toContainEqual(expect.stringContaining('Roots (b): is the query root'));
  });
});
