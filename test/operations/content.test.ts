import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadGraph } from '../../gateway/graph.ts';
import { LIMITS } from '../../gateway/limits.ts';
import {
  addressOf,
  documentIdOf,
  parseContent,
  readContent,
  textOfContent,
  type OperationContent,
} from '../../gateway/operations/content.ts';
import { readOperation } from '../../gateway/operations/reading.ts';
import { compileVariables, VariablesSchema } from '../../gateway/operations/variable-schema.ts';
import { SMALL_SUPERGRAPH } from '../policy/small-graph.ts';
import { DOCUMENT, NAMES } from './harness.ts';

const graph = loadGraph(SMALL_SUPERGRAPH, { ourScalars: true });
const read = (content: Partial<OperationContent>) =>
  readOperation({ ...NAMES, ...content }, { graph, limits: LIMITS, checkAnalysis: undefined });
const problemsOf = (content: Partial<OperationContent>): string => {
  const reading = read(content);
  return reading.kind === 'wrong' ? reading.problems.join(' ') : '';
};

describe('a content', () => {
  it('has another address and document id as soon as one character of the document is another', () => {
    const position = fc.nat({ max: DOCUMENT.length });
    fc.assert(
      fc.property(position, fc.constantFrom(0, 1), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), (at, replaced, character) => {
        const changed = `${DOCUMENT.slice(0, at)}${character}${DOCUMENT.slice(at + replaced)}`;
        fc.pre(changed !== DOCUMENT && changed.isWellFormed());
        expect(documentIdOf(changed)).not.toBe(documentIdOf(DOCUMENT));
        expect(addressOf(textOfContent({ ...NAMES, document: changed }))).not.toBe(addressOf(textOfContent(NAMES)));
      }),
    );
  });

  it('has another address with any other member', () => {
    for (const change of [
      { name: 'others' },
      { application: 'portal' },
      { purpose: 'research' },
      { why: 'Say goodbye.' },
      { kind: 'analysis' },
    ]) {
      expect(addressOf(textOfContent({ ...NAMES, ...change } as OperationContent))).not.toBe(addressOf(textOfContent(NAMES)));
    }
  });

  it('has one text only', () => {
    const text = textOfContent(NAMES);
    expect(readContent(text)).toEqual(NAMES);
    expect(readContent(` ${text}`)).toBeUndefined();
    expect(readContent(text.replace('"why"', '"a":1,"why"'))).toBeUndefined();
  });

  it('names nobody', () => {
    expect(parseContent({ ...NAMES, why: 'For 001099000001.' })).toEqual([expect.stringMatching(/ID number of a person/)]);
    const one = { type: 'object', properties: { id: { enum: ['001099000001'] } }, additionalProperties: false };
    expect(parseContent({ ...NAMES, variables: one })).toEqual([expect.stringMatching(/ID number of a person/)]);
    const escaped = DOCUMENT.replace('idNumber: $id', 'idNumber: "\\u0030\\u00301099000001"').replace('($id: IdNumber!)', '');
    expect(problemsOf({ document: escaped, variables: { type: 'object', properties: {}, additionalProperties: false } })).toMatch(
      /ID number/,
    );
  });
});

describe('the check of a document', () => {
  it.each([
    ['{ person(', /Syntax Error/],
    ['query ($id: IdNumber!) { person(idNumber: $id) { nothing } }', /Cannot query field/],
    ['query A { __typename } query B { __typename }', /exactly one operation/],
    ['fragment F on Person { name }', /never used|exactly one/],
    ['query ($id: IdNumber!) { person(idNumber: $id) { name } __schema { types { name } } }', /asks for the schema/],
    ['query { clinics }', /no variable "id"/],
    ['query ($id: IdNumber!, $of: Float) { person(idNumber: $id) { ratio(of: $of) } }', /"of" of the document has no schema/],
  ])('says what is wrong with %s', (document, problem) => {
    expect(problemsOf({ document })).toMatch(problem);
  });

  it('tells approvers of variables that nothing bounds', () => {
    const document = 'query ($id: IdNumber!, $ids: [ID!]) { person(idNumber: $id) { ratio(ids: $ids) } }';
    const properties = { id: { type: 'string' }, ids: { type: 'array', items: { type: 'string', maxLength: 9 } } } as const;
    const reading = read({ document, variables: { ...NAMES.variables, properties } });
    expect(reading).toMatchObject({ kind: 'read', doubts: ['The variable "ids" may be a list of any length.'] });
  });
});

describe('the schema of variables', () => {
  const schema = (properties: object) => ({ type: 'object', properties, additionalProperties: false });

  it.each([
    ['refers elsewhere', { a: { $ref: 'https://example.com/schema' } }],
    ['has a pattern that may take long', { a: { type: 'string', pattern: '^(a+)+$', maxLength: 100 } }],
    ['leaves out too many parts of a pattern', { a: { type: 'string', pattern: 'a?a?a?a?', maxLength: 100 } }],
    ['has a pattern for texts of any length', { a: { type: 'string', pattern: '^a+$' } }],
  ])('is none when it %s', (_what, properties) => {
    expect(VariablesSchema.safeParse(schema(properties)).success).toBe(false);
  });

  it('that contradicts itself does not compile', () => {
    expect(() => compileVariables(VariablesSchema.parse(schema({ a: { type: 'string', minimum: 3 } })))).toThrow(/does not compile/);
  });

  it('names what does not fit, and never repeats a value or a name that was sent', () => {
    const { unfit } = compileVariables(VariablesSchema.parse({ ...schema({ a: { type: 'string', maxLength: 2 } }), required: ['a'] }));
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string({ minLength: 13 })), (sent) => {
        const sentence = unfit(sent) ?? '';
        expect(sentence).toMatch(/^(The variable "a" |This operation takes )/);
        for (const [name, value] of Object.entries(sent)) {
          expect(sentence).not.toContain(value);
          if (name.length > 20) expect(sentence).not.toContain(name);
        }
      }),
    );
    expect(unfit({ a: 'ok' })).toBeUndefined();
  });
});
