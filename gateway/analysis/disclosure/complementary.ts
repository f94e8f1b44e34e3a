import type { CellPlace } from './attack.ts';
import { holdAgainst } from './attack.ts';
import type { KeptCell, KeptRelease } from './kept.ts';
import { linkTables } from './linked.ts';
import type { Nesting } from './nesting.ts';
import type { Solver } from './solver.ts';

/**
 * Complementary suppression: hides further cells of a new table until no cell of it, or of the tables linked with it, that was redacted for being small
 * can be narrowed within 0 to 7 by linear programming (Fischetti and Salazar 2001; Hundepool and others, "Statistical Disclosure Control", chapter 4). What was released
 * before cannot be taken back, so it is the new table that gives way: of the shown cells that hold a value back, the one with the fewest
 * people. It ends, at the latest when nothing of the new table is shown: what was released before was held against itself.
 *
 * Everything that it looks at has been or will be released; what it hides tells nothing new.
 */
export function hideComplements(table: KeptRelease, linked: readonly KeptRelease[], nesting: Nesting, solver: Solver): KeptRelease {
  const cells = knownAlready(table, linked, nesting, solver);
  const countAt = ({ cell }: CellPlace): number => cells[cell]?.count ?? Infinity;
  holdAgainst(linkTables({ ...table, cells }, linked, nesting), solver, ({ by }) => {
    const own = by.filter((place) => place.table === 0);
    // By the solver's arithmetic alone could none be of the new table; then any is as good.
    const among = own.length > 0 ? own : [...cells.keys()].map((cell) => ({ table: 0, cell }));
    const [fewest] = among.toSorted((one, other) => countAt(one) - countAt(other));
    const hidden = fewest === undefined ? undefined : cells[fewest.cell];
    if (fewest === undefined || hidden === undefined || hidden.count === null) return undefined;
    cells[fewest.cell] = { ...hidden, count: null };
    return fewest;
  });
  return { ...table, cells };
}

/**
 * The cells of a new table, of which those are not taken for small that somebody can narrow within 0 to 7 from the releases before alone: two totals that
 * were shown leave no other choice for what they share, or the noise of this count and of its parts point apart. They are not shown all the
 * same; but hiding others of this table for them would take from its reader what everybody knows.
 */
function knownAlready(table: KeptRelease, linked: readonly KeptRelease[], nesting: Nesting, solver: Solver): KeptCell[] {
  const cells = [...table.cells];
  const nothingShown = { ...table, cells: table.cells.map((cell) => ({ ...cell, count: null })) };
  holdAgainst(linkTables(nothingShown, linked, nesting), solver, ({ cell: place }) => {
    const cell = cells[place.cell];
    if (place.table === 0 && cell !== undefined) cells[place.cell] = { ...cell, isPrimary: false };
    return undefined;
  });
  return cells;
}
