import { expect, test } from 'vitest';
import { createCellKeyNoise, type Noise } from '../../../gateway/analysis/disclosure/cell-key.ts';
import type { KeptRelease } from '../../../gateway/analysis/disclosure/kept.ts';
import { GUESSED_MAX } from '../../../gateway/analysis/disclosure/parameters.ts';
import { BUDGETS } from '../../../gateway/analysis/questions/budgets.ts';
import { askKinds, cellOf, guessByLikelihood, type Kind, type Play, playAttack, type Seen } from './attacker.ts';
import { dimensionsOf } from './world.ts';

// Each attacker knows everybody in the register but one, and whether that one is there they are to guess: the strongest that there is.

/** Of the person who may be there. */
const TARGET = { 'residence.province': '01', dateOfBirth: '25-29', sex: 'FEMALE' };

/** Everybody else, and the person if they are there. `othersOf` says how many are alike. */
function register({ isMember, newKey }: Play, othersOf: (values: Kind['values']) => number): readonly Kind[] {
  const kinds: Kind[] = [];
  for (const province of ['01', '02', '03', '04']) {
    for (const age of ['20-24', '25-29', '30-34', '35-39']) {
      for (const sex of ['FEMALE', 'MALE']) {
        const values = { 'residence.province': province, dateOfBirth: age, sex };
        kinds.push({ values, people: othersOf(values), keys: newKey() });
      }
    }
  }
  return isMember ? [...kinds, { values: TARGET, people: 1, keys: newKey() }] : kinds;
}

/** By the members alone, as the cell-key method is mostly described: what this project does not do. */
function noiseByMembers(secret: Buffer): Noise {
  const noise = createCellKeyNoise(secret, 'any question');
  return ({ part, cellKey }, law) => noise({ part, bins: [], cellKey }, law);
}

test('a tracker over as many tables as a population has budget for', () => {
  // Denning: no table has a cell of the person alone, but each has one with them in it, and together they are an equation.
  const tables: readonly (readonly string[])[] = [
    [],
    ['region'],
    ['province'],
    ['sex'],
    ['age-10'],
    ['age-5'],
    ['region', 'sex'],
    ['province', 'sex'],
  ];
  expect(tables).toHaveLength(BUDGETS.population);
  const bins: Readonly<Record<string, string>> = { region: 'north', province: '01', sex: 'FEMALE', 'age-10': '20-29', 'age-5': '25-29' };
  const guessed = playAttack(1, (play) => {
    const kinds = register(play, () => 40);
    const linked: KeptRelease[] = [];
    const seen = tables.map((names): Seen => {
      const made = askKinds(kinds, play.secret, { name: names.join(), dimensions: dimensionsOf(...names), linked });
      if (made.kept) linked.push(made.kept);
      return {
        count: cellOf(made, ...names.map((name) => bins[name] ?? '')),
        others: (32 * 40) / made.table.cells.length,
        cells: made.table.cells.length,
      };
    });
    return guessByLikelihood(seen, play.random);
  });
  expect(guessed).toBeLessThanOrEqual(GUESSED_MAX);
});

/** Nobody else is of the person's age: the finer and the coarser bin differ by the person, or not at all. */
const aloneOfTheirAge = (values: Kind['values']): number => (values['dateOfBirth'] === '25-29' ? 0 : 15);

function fineAndCoarse(play: Play, noise?: Noise): readonly [fine: number | null, coarse: number | null, alone: number | null] {
  const kinds = register(play, aloneOfTheirAge);
  const fine = askKinds(kinds, play.secret, { name: 'fine', dimensions: dimensionsOf('age-5'), ...(noise && { noise }) });
  // By the members alone the linear program would hold them against each other all the same; that is left out, since it takes the time.
  const linked = fine.kept && noise === undefined ? [fine.kept] : [];
  const coarse = askKinds(kinds, play.secret, {
    name: 'coarse',
    dimensions: dimensionsOf('age-10'),
    linked,
    ...(noise && { noise }),
  });
  return [cellOf(fine, '20-24'), cellOf(coarse, '20-29'), cellOf(fine, '25-29')];
}

test('differencing over bins, by likelihood', () => {
  const guessed = playAttack(
    2,
    (play) => {
      const [, coarse, alone] = fineAndCoarse(play);
      return guessByLikelihood(
        [
          { count: coarse, others: 120, cells: 2 },
          { count: alone, others: 0, cells: 4 },
        ],
        play.random,
      );
    },
    1_000,
  );
  expect(guessed).toBeLessThanOrEqual(GUESSED_MAX);
});

test('differencing over bins, by what is equal', () => {
  const differ = (play: Play, noise?: Noise): boolean => {
    const [fine, coarse] = fineAndCoarse(play, noise);
    return fine !== coarse;
  };
  expect(playAttack(3, (play) => differ(play), 1_000)).toBeLessThanOrEqual(GUESSED_MAX);
  // The attack is a good one: with noise by the members alone it finds the person out.
  expect(playAttack(3, (play) => differ(play, noiseByMembers(play.secret)), 1_000)).toBeGreaterThan(0.75);
});

test('differencing over populations, of which one is the other without the person', () => {
  const attack = (play: Play): { readonly seen: readonly Seen[]; readonly differ: boolean } => {
    const others = { values: TARGET, people: 300, keys: play.newKey() };
    const withPerson = play.isMember ? [others, { values: TARGET, people: 1, keys: play.newKey() }] : [others];
    const one = cellOf(askKinds(withPerson, play.secret, { name: 'all residents', dimensions: [] }));
    const other = cellOf(askKinds([others], play.secret, { name: 'the insured', dimensions: [] }));
    return { seen: [{ count: one, others: 300, cells: 1 }], differ: one !== other };
  };
  expect(playAttack(4, (play) => guessByLikelihood(attack(play).seen, play.random))).toBeLessThanOrEqual(GUESSED_MAX);
  expect(playAttack(5, (play) => attack(play).differ)).toBeLessThanOrEqual(GUESSED_MAX);
});

test('differencing over time: the next snapshot is without the person', () => {
  const attack = (play: Play): readonly [number | null, number | null] => {
    const others = { values: TARGET, people: 300, keys: play.newKey() };
    const before = play.isMember ? [others, { values: TARGET, people: 1, keys: play.newKey() }] : [others];
    // Record keys are those of a period: the others' sum is another one in the next.
    const after = [{ ...others, keys: play.newKey() }];
    return [
      cellOf(askKinds(before, play.secret, { name: '2026-10', dimensions: [] })),
      cellOf(askKinds(after, play.secret, { name: '2026-11', dimensions: [] })),
    ];
  };
  expect(playAttack(6, (play) => guessByLikelihood([{ count: attack(play)[0], others: 300, cells: 1 }], play.random))).toBeLessThanOrEqual(
    GUESSED_MAX,
  );
  expect(playAttack(7, (play) => (([before, after]) => before !== after)(attack(play)))).toBeLessThanOrEqual(GUESSED_MAX);
  // Who does not know how many the others are has the difference alone.
  expect(playAttack(8, (play) => (([before, after]) => Number(before) > Number(after))(attack(play)))).toBeLessThanOrEqual(GUESSED_MAX);
});

test('averaging by repetition', () => {
  const guessed = playAttack(9, (play) => {
    const kinds = register(play, () => 20);
    const counts = Array.from({ length: 10 }, () => cellOf(askKinds(kinds, play.secret, { name: 'again', dimensions: [] })));
    expect(new Set(counts).size).toBe(1);
    const mean = counts.reduce<number>((sum, count) => sum + Number(count), 0) / counts.length;
    return guessByLikelihood([{ count: mean, others: 640, cells: 1 }], play.random);
  });
  expect(guessed).toBeLessThanOrEqual(GUESSED_MAX);
});

test.for([0, 6, 7, 30, 48])('padding with %i known people, so that one more is shown or not', (known) => {
  const guessed = playAttack(10 + known, (play) => {
    const kinds = register(play, (values) => (values['residence.province'] === '01' ? 0 : 50));
    const padded = [...kinds, { values: TARGET, people: known, keys: play.newKey() }];
    const made = askKinds(padded, play.secret, { name: 'padded', dimensions: dimensionsOf('province') });
    return guessByLikelihood([{ count: cellOf(made, '01'), others: known, cells: 4 }], play.random);
  });
  expect(guessed).toBeLessThanOrEqual(GUESSED_MAX);
});
