import fc from 'fast-check';
import { buildSchema, parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { classify, DATA_CLASSES, type PersonalField } from '../../platform/classification.ts';
import { composeSupergraph } from '../../schema/compose.ts';
import { kept } from '../../schema/checks/kept.ts';
import { register, stub, subgraphs } from './sdl.ts';

describe('a composed graph', () => {
  const sdls = {
    a: register('"""Tên thường gọi."""\n nickname: String @personal(class: BASIC, group: "a.identity")'),
    b: stub('dial: Int @personal(class: SENSITIVE, group: "b.calls", sources: ["Resident.phone"])'),
  };
  const graph = composeSupergraph(subgraphs(sdls));

  test('shows clients descriptions and nothing of the rules or of federation', () => {
    expect(graph.apiSdl).toContain('Tên thường gọi.');
    expect(graph.apiSdl).not.toMatch(/DataClass|@(personal|subject|reads|lookup|retained|join__|key)|link__|_entities/);
    expect(buildSchema(graph.apiSdl).getType('Resident')).toBeDefined();
  });

  test('keeps every rule in the supergraph', () => {
    const { personal, subjects, lookups, retained } = classify(parse(graph.supergraphSdl));
    expect(personal.get('Resident.dial')).toEqual({ class: 'SENSITIVE', group: 'b.calls', sources: ['Resident.phone'] });
    expect(subjects).toEqual(new Map([['Resident', { key: 'idNumber' }]]));
    expect(lookups).toEqual(new Set(['Query.resident']));
    expect(retained).toEqual(new Map([['Address.province', new Set(['province'])]]));
  });

  test('is the same whatever order the subgraphs come in', () => {
    expect(composeSupergraph(subgraphs(sdls).toReversed())).toEqual(graph);
  });

  test('is refused when composition lost a rule', () => {
    const declared = classify(parse(subgraphs(sdls)[0]?.sdl ?? ''));
    const lost = classify(parse(graph.supergraphSdl.replace('@personal(class: BASIC, group: "a.contact")', '')));
    const messages = kept(declared, lost).map(({ message }) => message);
    expect(messages).toContainEqual(
      expect.stringMatching(/^Resident\.phone: @personal is \{.*\} in the subgraphs and absent in the supergraph/),
    );
  });
});

describe('composition of any registers', () => {
  const dataClass = fc.constantFrom(...DATA_CLASSES);
  const fieldKind = fc.constantFrom('String', '[Int!]', 'Resident', '[Resident]', 'Record');
  const field = fc.record({ dataClass, kind: fieldKind, group: fc.constantFrom('x', 'y-z'), argument: fc.boolean() });
  const registers = fc.array(fc.array(field, { maxLength: 4 }), { minLength: 1, maxLength: 3 });

  test('loses no classification and invents none', () => {
    fc.assert(
      fc.property(registers, (generated) => {
        const expected = new Map<string, PersonalField>();
        const sdls = Object.fromEntries(
          generated.map((fields, index) => {
            const name = `register-${index}`;
            const lines = fields.map(({ dataClass, kind, group, argument }, at) => {
              expected.set(`Resident.f${index}x${at}`, { class: dataClass, group: `${name}.${group}`, sources: [] });
              const type = kind === 'Record' ? `Record${index}` : kind;
              return `f${index}x${at}${argument ? '(page: Int)' : ''}: ${type} @personal(class: ${dataClass}, group: "${name}.${group}")`;
            });
            return [
              name,
              `${stub(lines.join('\n'), `type Record${index} { text: String }`)} extend type Query { find${index}(idNumber: ID!): Resident @lookup }`,
            ];
          }),
        );
        const { supergraphSdl } = composeSupergraph(subgraphs(sdls));
        expect(classify(parse(supergraphSdl)).personal).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });
});
