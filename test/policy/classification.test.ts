import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { checkPolicies } from '../../gateway/policy/check.ts';
import { classifySupergraph } from '../../gateway/policy/classification-file.ts';
import { problemLine } from '../../gateway/policy/problems.ts';
import { classify } from '../../platform/classification.ts';
import { SMALL_SUPERGRAPH } from './small-graph.ts';

const LIBRARY = join(import.meta.dirname, '..', '..', 'policies', 'examples', 'library');
const SUPERGRAPH = await readFile(join(LIBRARY, 'supergraph.graphql'), 'utf8');
const GOOD = await readFile(join(LIBRARY, 'policies', 'classification.yaml'), 'utf8');

/** The first problem of the example's classification with a change. */
function problem(from: string | RegExp, to: string): string | undefined {
  const text = GOOD.replace(from, to);
  if (text === GOOD) throw new Error('The change changes nothing.');
  return classifySupergraph(SUPERGRAPH, text).problems.map(problemLine)[0];
}

describe('classification.yaml', () => {
  it.each<[string, string | RegExp, string, RegExp]>([
    [
      'a field that is not there',
      'Member.email:',
      'Member.emial:',
      /^classification\.yaml:12:3: error: The graph has no field "Member\.emial"\. Did you mean "Member\.email"\?$/,
    ],
    ['a type that is not there', 'Book.pages:', 'Bok.pages:', /has no type "Bok"\. Did you mean "Book"\?/],
    ['an interface', 'Book.title:', 'Item.title:', /"Item" is abstract.*Classify Book\.title, Film\.title/],
    ['a person by no key', 'Member: { key: id }', 'Member: { key: name }', /:5:13: error: "name" is no key of Member\. Its keys are id\./],
    ['a person that is none', 'Member: { key: id }', 'Membre: { key: id }', /has no type "Membre"\. Did you mean "Member"\?/],
    [
      'a class that is not there',
      'Member.name: { class: BASIC',
      'Member.name: { class: BASICS',
      /fields\.Member\.name\.class: .*"PUBLIC"\|"BASIC"\|"SENSITIVE"/,
    ],
    [
      'a class without a group',
      'Member.name: { class: BASIC, group: members.identity }',
      'Member.name: { class: BASIC }',
      /has a class and a group, or neither/,
    ],
    [
      'a group of another register',
      'group: members.contact',
      'group: loans.contact',
      /is resolved by members, so its group is called "members\.…"/,
    ],
    ['a member that is misspelt', 'lookup: true', 'lookpu: true', /Unrecognized key: "lookpu"/],
    [
      'a source that is not there',
      'sources: [Member.born]',
      'sources: [Member.bron]',
      /has no field "Member\.bron"\. Did you mean "Member\.born"/,
    ],
    [
      'a class below what it is computed from',
      /(Member\.adult: \{ class: )SENSITIVE/,
      '$1BASIC',
      /Member\.adult is BASIC and computed from Member\.born, which is SENSITIVE/,
    ],
    [
      'what @requires hands on below its class, unnamed',
      /(Member\.adult: \{ class: )SENSITIVE, group: loans\.predicates, sources: \[Member\.born\]/,
      '$1BASIC, group: loans.predicates',
      /computed from Member\.born/,
    ],
    ['an input without a class', /  Member\.born: .*\n/, '', /has no class\. Classify Member\.born too/],
    [
      'an argument that selects by personal data',
      '  Query.members: { arguments: { name: { reads: [Member.name] } } }',
      '',
      /Query\.members\(name:\) can select by Member\.name/,
    ],
    ['an argument that is not there', 'name: { reads', 'nmae: { reads', /has no argument "nmae"\. Did you mean "name"\?/],
    [
      'a look-up by something else',
      'Query.member: { lookup: true }',
      'Query.search: { lookup: true }',
      /Query\.search gives Found, which is no entity/,
    ],
    ['a transform that is not there', 'retained: [province]', 'retained: [provice]', /no transform "provice".*Did you mean "province"/],
    ['data of nobody', ', subjectOf: [borrower] }', ' }', /Nothing says whose data Book\.loan is/],
    ['persons that are none', 'subjectOf: [borrower]', 'subjectOf: [item]', /"item" leads to no person/],
    ['a way that leads nowhere', 'subjectOf: [borrower]', 'subjectOf: [borower]', /has no field "borower"\. Did you mean "borrower"/],
  ])('names the place of %s', (_what, from, to, message) => {
    expect(problem(from, to)).toMatch(message);
  });

  it('says everything that the directives can say, and nothing is lost on the way', () => {
    const { personal, subjects, subjectsOf, reads, lookups, retained } = classify(parse(classifySupergraph(SUPERGRAPH, GOOD).sdl));
    expect(personal.get('Member.adult')).toEqual({ class: 'SENSITIVE', group: 'loans.predicates', sources: ['Member.born'] });
    expect([...subjects]).toEqual([['Member', { key: 'id' }]]);
    expect(subjectsOf.get('Book.loan')).toEqual(['borrower']);
    expect(reads.get('Query.members(name:)')).toEqual(['Member.name']);
    expect([...lookups]).toEqual(['Query.member']);
    expect(retained.get('Address.city')).toEqual(new Set(['province']));
  });

  it('is the only one to classify: directives of a foreign graph that have our names mean nothing', () => {
    const foreign = SUPERGRAPH.replace('opening: String', 'opening: String @lookup @subject(of: ["x"])');
    const classified = classify(parse(classifySupergraph(foreign, GOOD).sdl));
    expect([...classified.lookups]).toEqual(['Query.member']);
    expect(classified.subjectsOf.has('Query.opening')).toBe(false);
  });

  it('is not used where the supergraph carries @personal', () => {
    const { sdl, isForeign, problems } = classifySupergraph(SMALL_SUPERGRAPH, GOOD);
    expect([sdl, isForeign]).toEqual([SMALL_SUPERGRAPH, false]);
    expect(problems.map(problemLine)).toEqual([expect.stringMatching(/warning: .*keeps its own/)]);
  });

  it('leaves roots and ways to persons without a class unclassified, whatever else is', () => {
    const { unclassified } = classify(parse(classifySupergraph(SUPERGRAPH, GOOD).sdl));
    expect([...unclassified]).toEqual(['Query.opening']);
    const lessLoan = GOOD.replace(/  Loan\.borrower: .*\n/, '');
    expect(classify(parse(classifySupergraph(SUPERGRAPH, lessLoan).sdl)).unclassified).toContain('Loan.borrower');
  });
});

it('a change of the graph that breaks a policy fails the check, at the policy’s line', async () => {
  const root = join(import.meta.dirname, '..', '..');
  const supergraph = await readFile(join(root, 'schema', 'supergraph.graphql'), 'utf8');
  const { problems } = await checkPolicies(join(root, 'policies'), supergraph.replaceAll('isAtLeast(', 'isAtMost('));
  expect(problems.map(problemLine)).toContainEqual(
    expect.stringMatching(/^bank\.cedar:\d+:\d+: error: Field::"Resident\.isAtLeast" does not exist\./),
  );
});
