import { describe, expect, test } from 'vitest';
import { FIXTURES, monolith, type FixtureName } from '../federation/fixture.ts';
import { fixtureSubgraphs, inProcess, prepare, run } from './in-process.ts';

interface Found {
  readonly claim: string;
  readonly name: FixtureName;
  readonly document: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

// What random documents found, cut down to what matters.
const FOUND: readonly Found[] = [
  {
    claim: 'fetches an entity although a field that is skipped requires more of it (Apollo plans the input as skipped and waits for it)',
    name: 'shop',
    document: 'query ($s: Boolean!) { me { nickname @skip(if: $s) reviews { stars } } }',
    variables: { s: true },
  },
  {
    claim: 'fetches an entity although a literal skips what requires more of it',
    name: 'shop',
    document: '{ product(upc: "l2") { ... on Lamp { inStock shippingEstimate @skip(if: true) } } }',
  },
  {
    claim: 'gives an object of which everything is skipped',
    name: 'shop',
    document: '{ me { ... @include(if: false) { username } } user(id: "nobody") { name @skip(if: true) } }',
  },
  {
    claim: 'gives objects of which everything is skipped, in lists',
    name: 'travel',
    document: 'query ($y: Boolean!) { airports { departures { number @include(if: $y) } } }',
    variables: { y: false },
  },
  {
    claim: 'gives no data where everything is skipped',
    name: 'shop',
    document: 'query ($s: Boolean!) { me @skip(if: $s) { id } }',
    variables: { s: true },
  },
  {
    claim: 'merges a field with itself under an alias that is its name',
    name: 'shop',
    document: '{ me { address: address { street } address { city } } me: me { id } }',
  },
  {
    claim: 'merges a field that only one implementor gives arguments',
    name: 'shop',
    document: '{ products { ... on Book { price } price } }',
  },
  {
    claim: 'lets a later fetch add to an object of the key that led to it',
    name: 'shop',
    document: '{ shelf(number: 1) { top { brand { id name } } } }',
  },
  {
    claim: 'keeps one alias with other arguments on each type apart where a subgraph knows the types as one (@interfaceObject)',
    name: 'media',
    document: '{ allMedia { ... on Film { f: ratings(first: 1) { stars } } ... on Series { f: ratings(first: 0) { stars kind } } } }',
  },
];

describe('a document that was answered wrongly once', () => {
  test.each(FOUND)('$claim', async ({ name, document, variables }) => {
    const { call } = fixtureSubgraphs(FIXTURES[name]);
    const expected = await monolith(name).execute(document, variables);
    const { data, errors } = await run(prepare(inProcess(FIXTURES[name].subgraphs), document, variables), call);
    expect(errors).toEqual([]);
    expect(data).toEqual(expected.data);
  });
});
