import highs, { type Highs } from 'highs';

// highs 1.15.3 has one declaration for both of its builds, which TypeScript reads as the CommonJS one; what is imported is the ES build.
const loadHighs = highs as unknown as typeof highs.default;

/** A linear program: non-negative columns, and rows of sums of columns between two bounds. */
export interface Program {
  readonly columns: number;
  readonly rows: readonly ProgramRow[];
}

export interface ProgramRow {
  readonly lower: number;
  readonly upper: number;
  /** Columns with what each counts for in the sum. */
  readonly terms: readonly (readonly [column: number, factor: number])[];
}

/** A program that is being worked on; its changes last. */
export interface LoadedProgram {
  /** Undefined when nothing satisfies the rows. Throws when the solver gives up. */
  readonly optimise: (sense: 'smallest' | 'largest', columns: readonly number[]) => Optimum | undefined;
  /** Lets a row's sum be anything. */
  readonly free: (row: number) => void;
}

export interface Optimum {
  /** Sum of the columns that were asked for. */
  readonly value: number;
  readonly columns: Float64Array;
  /** By row: not zero where the row's bounds hold the value back. */
  readonly duals: Float64Array;
}

export interface Solver {
  readonly work: <T>(program: Program, task: (loaded: LoadedProgram) => T) => T;
}

/** One solving may take this long, in seconds. */
const SOLVING_SECONDS_MAX = 20;

/**
 * Loads HiGHS (Huangfu and Hall 2018), compiled to WebAssembly. Solving blocks the thread, for a tenth of a second with 3,500 rows.
 */
export async function loadSolver(): Promise<Solver> {
  const loaded = await loadHighs();
  return { work: (program, task) => work(loaded, program, task) };
}

function work<T>(highs: Highs, { columns, rows }: Program, task: (loaded: LoadedProgram) => T): T {
  const starts = [0];
  for (const { terms } of rows) starts.push((starts.at(-1) ?? 0) + terms.length);
  using model = highs.createModel({
    numCols: columns,
    numRows: rows.length,
    colCost: new Float64Array(columns),
    colLower: new Float64Array(columns),
    colUpper: new Float64Array(columns).fill(highs.infinity),
    rowLower: rows.map(({ lower }) => lower),
    rowUpper: rows.map(({ upper }) => (Number.isFinite(upper) ? upper : highs.infinity)),
    matrix: {
      format: 'csr',
      numRows: rows.length,
      numCols: columns,
      starts,
      indices: rows.flatMap(({ terms }) => terms.map(([column]) => column)),
      values: rows.flatMap(({ terms }) => terms.map(([, factor]) => factor)),
    },
  });
  model.options.set({ output_flag: false, time_limit: SOLVING_SECONDS_MAX });
  const { objectiveSense, modelStatus } = highs.constants;
  const all = { kind: 'range', from: 0, to: columns - 1 } as const;
  return task({
    optimise(sense, wanted) {
      const costs = new Float64Array(columns);
      for (const column of wanted) costs[column] = 1;
      model.changeColsCost(all, costs);
      model.changeObjectiveSense(sense === 'smallest' ? objectiveSense.minimize : objectiveSense.maximize);
      model.zeroAllClocks();
      const { modelStatus: status } = model.run();
      if (status === modelStatus.infeasible) return undefined;
      if (status !== modelStatus.optimal) throw new Error(`The linear program was not solved: HiGHS ended with status ${status}.`);
      const { colValue, rowDual } = model.getSolution();
      return { value: model.getObjectiveValue(), columns: colValue, duals: rowDual };
    },
    free: (row) => void model.changeRowBounds(row, -highs.infinity, highs.infinity),
  });
}
