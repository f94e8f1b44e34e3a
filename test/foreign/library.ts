import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ref, type Row, type World } from '../federation/world.ts';

/** The example of somebody else's supergraph, policies/examples/library, with people and books in it. */
export const LIBRARY_DIR = join(import.meta.dirname, '..', '..', 'policies', 'examples', 'library');

const sdl = (name: string): string => readFileSync(join(LIBRARY_DIR, 'subgraphs', `${name}.graphql`), 'utf8');

function rows(): Record<string, Row[]> {
  return {
    Member: [
      {
        __typename: 'Member',
        id: 'm1',
        name: 'Nguyễn An',
        email: 'an@example.vn',
        born: '1990-05-01',
        address: { street: '1 Lê Lợi', city: 'Huế' },
        guardian: null,
        loans: [ref('Loan', { id: 'l1' }), ref('Loan', { id: 'l2' })],
      },
      {
        __typename: 'Member',
        id: 'm2',
        name: 'Trần Bình',
        email: 'binh@example.vn',
        born: '2015-03-02',
        address: { street: '2 Lê Lợi', city: 'Huế' },
        guardian: ref('Member', { id: 'm1' }),
        loans: [],
      },
    ],
    Book: [{ __typename: 'Book', id: 'b1', title: 'Dế Mèn phiêu lưu ký', pages: 144, loan: ref('Loan', { id: 'l1' }) }],
    Film: [{ __typename: 'Film', id: 'f1', title: 'Mùi đu đủ xanh', minutes: 104, loan: ref('Loan', { id: 'l2' }) }],
    Loan: [
      { __typename: 'Loan', id: 'l1', item: ref('Book', { id: 'b1' }), borrower: ref('Member', { id: 'm1' }), due: '2026-12-01' },
      { __typename: 'Loan', id: 'l2', item: ref('Film', { id: 'f1' }), borrower: ref('Member', { id: 'm1' }), due: '2026-12-24' },
    ],
  };
}

export const library: World = {
  subgraphs: { members: sdl('members'), loans: sdl('loans') },
  rows,
  resolvers: {
    'Query.member': ({ args, rows }) => rows('Member').find(({ id }) => id === args['id']) ?? null,
    'Query.members': ({ args: { name: wanted = '' }, rows }) =>
      rows('Member').filter(({ name }) => typeof name === 'string' && typeof wanted === 'string' && name.startsWith(wanted)),
    'Query.item': ({ args, rows }) => [...rows('Book'), ...rows('Film')].find(({ id }) => id === args['id']) ?? null,
    'Query.search': ({ rows }) => [...rows('Book'), ...rows('Film'), ...rows('Member')],
    'Query.overdue': ({ rows }) => rows('Loan'),
    'Query.opening': () => '8:00',
    'Mutation.renew': ({ args, rows }) => {
      const loan = rows('Loan').find(({ id }) => id === args['loan']);
      if (loan) loan['due'] = '2027-01-01';
      return loan ?? null;
    },
    'Member.adult': ({ required }) => String(required('born')) < '2008-11-25',
  },
};
