import type { Linked } from './linked.ts';
import type { LoadedProgram, ProgramRow, Solver } from './solver.ts';

/** A cell among linked tables, by the places of its table and in it. */
export interface CellPlace {
  readonly table: number;
  readonly cell: number;
}

/** A redacted cell about which the tables tell more than they may. */
export interface Exposed {
  readonly cell: CellPlace;
  /** Shown cells without which they would tell less. */
  readonly by: readonly CellPlace[];
}

/** A redacted cell can be any number up to this, as far as anybody can tell. */
const FEW_MAX = 7;
/** Of the solver's arithmetic. */
const TOLERANCE = 1e-6;

interface RowOf extends CellPlace {
  readonly shown: boolean;
}

/**
 * What somebody finds out who has all linked tables and a solver: whether every cell that was redacted because it is small can still be anything from 0 to 7.
 *
 * They know every count that is shown up to noise and rounding (`offMax`), that counts are not negative, and that all cells are sums of the same kinds of
 * people. Of a cell that is not shown they know nothing: one redacted for being small looks like one that is hidden to protect it. Feasible values
 * form an interval, so 0 and 7 are enough.
 *
 * `hide` is called with a cell that is exposed, and says which shown cell is shown no more; undefined leaves it. Cells once proved stay so: hiding only
 * widens what is possible.
 */
export function holdAgainst(linked: Linked, solver: Solver, hide: (exposed: Exposed) => CellPlace | undefined): void {
  const primaries = linked.tables.flatMap(({ release }, table) =>
    release.cells.flatMap(({ isPrimary }, cell) => (isPrimary ? [{ table, cell }] : [])),
  );
  // Nothing is a sum of anything, or nothing has to be protected.
  if (linked.tables.length === 1 || primaries.length === 0) return;
  const rowOf: RowOf[] = [];
  const rows: ProgramRow[] = [];
  for (const [table, { release, kindsOf }] of linked.tables.entries()) {
    for (const [cell, { count }] of release.cells.entries()) {
      if (count === null) continue;
      const { offMax } = release;
      rows.push({ lower: Math.max(0, count - offMax), upper: count + offMax, terms: (kindsOf[cell] ?? []).map((kind) => [kind, 1]) });
      rowOf.push({ table, cell, shown: true });
    }
  }
  // Beside the kinds, two columns for each primary cell: its people as far as they are no more than 7, and its people.
  const few = (index: number): number => linked.kinds + 2 * index;
  for (const [index, { table, cell }] of primaries.entries()) {
    const people = (linked.tables[table]?.kindsOf[cell] ?? []).map((kind) => [kind, 1] as const);
    rows.push({ lower: 0, upper: 0, terms: [...people, [few(index) + 1, -1]] });
    rows.push({
      lower: 0,
      upper: Infinity,
      terms: [
        [few(index) + 1, 1],
        [few(index), -1],
      ],
    });
    rows.push({ lower: 0, upper: FEW_MAX, terms: [[few(index), 1]] });
  }

  solver.work({ columns: linked.kinds + 2 * primaries.length, rows }, (program) => {
    const all = [...primaries.keys()];
    prove(program, all, { sense: 'smallest', column: (index) => few(index) + 1, isProved: (value) => value <= TOLERANCE });
    prove(program, all, { sense: 'largest', column: few, isProved: (value) => value >= FEW_MAX - TOLERANCE });
  });

  function prove(program: LoadedProgram, claims: readonly number[], claim: Claim): void {
    let open = claims;
    while (open.length > 0) {
      // All that are open at once: mostly one solving proves them all.
      const together = program.optimise(claim.sense, open.map(claim.column));
      // The tables contradict each other: they are over other people, where consent decides who is counted. Nothing follows from them together.
      if (together === undefined) return;
      let left = open.filter((index) => !claim.isProved(together.columns[claim.column(index)] ?? Number.NaN));
      const [hardest] = left;
      if (hardest !== undefined && left.length === open.length) {
        proveAlone(program, hardest, claim);
        left = left.slice(1);
      }
      open = left;
    }
  }

  function proveAlone(program: LoadedProgram, index: number, claim: Claim): void {
    for (;;) {
      const optimum = program.optimise(claim.sense, [claim.column(index)]);
      if (optimum === undefined || claim.isProved(optimum.value)) return;
      const by = rowOf.filter(({ shown }, row) => shown && Math.abs(optimum.duals[row] ?? 0) > TOLERANCE);
      const cell = primaries[index];
      const hidden = cell === undefined ? undefined : hide({ cell, by });
      if (hidden === undefined) return;
      const row = rowOf.findIndex(({ table, cell: place }) => table === hidden.table && place === hidden.cell);
      program.free(row);
      const known = rowOf[row];
      if (known !== undefined) rowOf[row] = { ...known, shown: false };
    }
  }
}

interface Claim {
  readonly sense: 'smallest' | 'largest';
  readonly column: (index: number) => number;
  readonly isProved: (value: number) => boolean;
}
