// Which stage of the pipeline CPU time of a V8 profile belongs to.

export const STAGES = ['authenticate', 'admit', 'prepare', 'execute', 'record', 'answer', 'rest', 'native', 'garbage', 'idle'] as const;
export type Stage = (typeof STAGES)[number];

/** A profile as `Profiler.stop` of the inspector gives it, as far as it is read here. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

export interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
}

/** Pseudo functions of V8 that stand for no code of ours. */
const PSEUDO: ReadonlyMap<string, Stage> = new Map([
  ['(garbage collector)', 'garbage'],
  ['(idle)', 'idle'],
  ['(program)', 'native'],
]);

/** The first that fits. Packages stand for a stage where only that stage uses them: the sockets to registers, and the ledger's database. */
const FILES: readonly (readonly [RegExp, Stage])[] = [
  [/\/gateway\/(?:stages\/authenticate|identity\/)/, 'authenticate'],
  [/\/gateway\/stages\/admit/, 'admit'],
  [/\/gateway\/(?:stages\/(?:decide|prune|plan|compile)|policy\/|execution\/planner)/, 'prepare'],
  // What is compiled runs in the file that compiles it; compiling is called by its stage.
  [/\/gateway\/(?:stages\/execute|execution\/)|\/node_modules\/undici\//, 'execute'],
  [/\/gateway\/(?:stages\/record|ledger\/)|\/node_modules\/pg[a-z-]*\//, 'record'],
  [/\/gateway\/stages\/answer/, 'answer'],
];

/**
 * Self time by stage, microseconds. Time belongs to the outermost function of the call stack that lies in a file of a stage: what a stage
 * calls is its own, and what continues after a wait begins a stack of its own.
 */
export function timeByStage({ nodes, samples, timeDeltas }: CpuProfile): Readonly<Record<Stage, number>> {
  const stages = stageByNode(nodes);
  const times = Object.fromEntries(STAGES.map((stage) => [stage, 0])) as Record<Stage, number>;
  for (const [index, sample] of samples.entries()) {
    // A delta is the time since the sample before, in which that one's function ran; the last sample has none behind it.
    times[stages.get(sample) ?? 'rest'] += Math.max(0, timeDeltas[index + 1] ?? 0);
  }
  return times;
}

function stageByNode(nodes: readonly ProfileNode[]): ReadonlyMap<number, Stage> {
  const known = new Map(nodes.map((node) => [node.id, node]));
  const children = new Set(nodes.flatMap((node) => node.children ?? []));
  const found = new Map<number, Stage>();
  const waiting = nodes.filter(({ id }) => !children.has(id)).map((node) => ({ node, above: undefined as Stage | undefined }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node, above } = next;
    const inherited = above ?? stageOfFile(node.callFrame.url);
    found.set(node.id, PSEUDO.get(node.callFrame.functionName) ?? inherited ?? 'rest');
    for (const id of node.children ?? []) {
      const child = known.get(id);
      if (child !== undefined) waiting.push({ node: child, above: inherited });
    }
  }
  return found;
}

function stageOfFile(url: string): Stage | undefined {
  return FILES.find(([pattern]) => pattern.test(url))?.[1];
}
