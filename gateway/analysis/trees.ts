import { z } from 'zod';
import { readYaml } from '../policy/yaml-source.ts';
import { problemLine } from '../policy/problems.ts';

/**
 * Trees of values (`policies/analyses/lattices.yaml`): what a province belongs to, or a commune. They are fixed with the rules, so that nobody
 * cuts the same people another way to find one of them in the difference.
 */
export interface Trees {
  /** By the name of a level. */
  readonly levels: ReadonlyMap<string, TreeLevel>;
}

export interface TreeLevel {
  readonly name: string;
  readonly tree: string;
  /** In the order of the file. */
  readonly bins: readonly string[];
  /** Every value that the tree knows, with its bin on this level. */
  readonly binOf: ReadonlyMap<string, string>;
  /** By bin, where the file says it. Values themselves are told by whoever knows the field. */
  readonly labels: ReadonlyMap<string, Bilingual>;
}

export interface Bilingual {
  readonly vi: string;
  readonly en: string;
}

/** Bins that every lattice may have beside its own: of a null, and of a value that the tree does not hold. */
export const UNKNOWN = 'unknown';
export const OTHER = 'other';

export const NO_TREES: Trees = { levels: new Map() };

/** Values of all trees together; a country's communes are some thousands. */
const VALUES_MAX = 20_000;
const Name = z.string().regex(/^[a-z][a-z0-9-]*$/, 'must be small letters, digits and "-"');
const Text = z.string().trim().min(1).max(200);
export const BilingualText = z.strictObject({ vi: Text, en: Text });

interface Node extends Bilingual {
  readonly holds: readonly string[] | Readonly<Record<string, Node>>;
}
const Node: z.ZodType<Node> = z.lazy(() =>
  z.strictObject({ vi: Text, en: Text, holds: z.union([z.array(Text).min(1), z.record(Text, Node)]) }),
);
const File = z.strictObject({
  trees: z.record(
    Name,
    z.strictObject({
      /** The finest first: the values themselves, then what holds them. */
      levels: z.array(Name).min(2).max(6),
      /** Where the tree is laid down. */
      source: Text,
      tree: z.record(Text, Node),
    }),
  ),
});

/** Reads the file of trees. Throws sentences with file, line and column when it is none, or a level is no cut through the whole tree. */
export function readTrees(text: string, reserved: ReadonlySet<string>, file = 'lattices.yaml'): Trees {
  const read = readYaml(file, text, File);
  if (read.value === undefined) throw new Error(read.problems.map(problemLine).join('\n'));
  const levels = new Map<string, TreeLevel>();
  let values = 0;
  for (const [tree, { levels: names, tree: roots }] of Object.entries(read.value.trees)) {
    for (const name of names) {
      if (reserved.has(name)) throw new Error(`${file}: the tree ${tree} names a level "${name}", which has a meaning already. Rename it.`);
      if (levels.has(name)) throw new Error(`${file}: two trees, or one twice, have a level "${name}". Rename one.`);
    }
    const cuts = names.map((): Cut => ({ binOf: new Map(), labels: new Map() }));
    walk(roots, names.length - 1, []);
    for (const [depth, name] of names.entries()) {
      const { binOf, labels } = cuts[depth] ?? { binOf: new Map(), labels: new Map() };
      levels.set(name, { name, tree, bins: [...new Set(binOf.values())], binOf, labels });
    }
    values += cuts[0]?.binOf.size ?? 0;

    /** `above` is the way from the root down to here, the coarsest first. */
    function walk(nodes: Node['holds'], depth: number, above: readonly string[]): void {
      if (Array.isArray(nodes)) {
        if (depth !== 0) throw new Error(`${file}: the tree ${tree} has ${names.length} levels, and a way in it has fewer. Complete it.`);
        for (const value of nodes as readonly string[]) addValue(value, above);
        return;
      }
      if (depth === 0) throw new Error(`${file}: the tree ${tree} has ${names.length} levels, and a way in it has more. Name the level.`);
      for (const [name, { vi, en, holds }] of Object.entries(nodes)) {
        const { labels } = cuts[depth] as Cut;
        if (labels.has(name)) throw new Error(`${file}: the tree ${tree} has "${name}" twice on one level. Tell them apart.`);
        if (name === UNKNOWN || name === OTHER) throw new Error(`${file}: "${name}" is the name of a bin that every tree has. Rename it.`);
        labels.set(name, { vi, en });
        walk(holds, depth - 1, [...above, name]);
      }
    }

    function addValue(value: string, above: readonly string[]): void {
      if (cuts[0]?.binOf.has(value) === true) throw new Error(`${file}: the tree ${tree} holds "${value}" twice. It belongs to one.`);
      // The finest level is the value; each level above is one step nearer to the root.
      for (const [depth, { binOf }] of cuts.entries()) binOf.set(value, depth === 0 ? value : (above[above.length - depth] ?? value));
    }
  }
  if (values > VALUES_MAX)
    throw new Error(`${file}: the trees hold more than ${VALUES_MAX} values. Leave levels out that nobody counts by.`);
  return { levels };
}

interface Cut {
  readonly binOf: Map<string, string>;
  readonly labels: Map<string, Bilingual>;
}
