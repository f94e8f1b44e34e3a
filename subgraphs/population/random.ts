/**
 * Chance that can be drawn again: every number follows from a seed, whom it is about and what it decides, never from what was drawn before.
 * So each register's process makes the same people, and a new topic changes no other one.
 */
export interface Random {
  /** At least 0, below 1. */
  readonly next: () => number;
  /** A whole number from `least` to `most`, both included. */
  readonly integer: (least: number, most: number) => number;
  /** True with this probability. */
  readonly chance: (probability: number) => boolean;
  /** One of the entries, which must not be empty. */
  readonly pick: <Entry>(entries: readonly Entry[]) => Entry;
  /** One of the entries, each as likely as its weight says. */
  readonly weighted: <Entry>(entries: Weights<Entry>) => Entry;
}

/** Entries with the running totals of their weights; made once by `weights`. */
export interface Weights<Entry> {
  readonly entries: readonly Entry[];
  readonly totals: readonly number[];
}

/** Makes a table of weights. Throws a RangeError when it is empty: there would be nothing to draw. */
export function weights<Entry>(pairs: readonly (readonly [entry: Entry, weight: number])[]): Weights<Entry> {
  if (pairs.length === 0) throw new RangeError('A table of weights needs an entry.');
  let total = 0;
  return { entries: pairs.map(([entry]) => entry), totals: pairs.map(([, weight]) => (total += weight)) };
}

/** The generator for one topic of one number (a person's or a family's index) under a seed. */
export function randomFor(seed: number, index: number, topic: string): Random {
  // Mulberry32 (Tommy Ettinger, public domain): 32 bits of state suffice for the few draws of one topic.
  let state = mix(mix(seed | 0) ^ mix((index + 0x9e3779b9) | 0) ^ mix(Math.floor(index / 4_294_967_296) + 1) ^ topicHash(topic));
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    next,
    integer: (least, most) => least + Math.floor(next() * (most - least + 1)),
    chance: (probability) => next() < probability,
    pick: (entries) => entryAt(entries, Math.floor(next() * entries.length)),
    weighted: ({ entries, totals }) => {
      const at = next() * (totals.at(-1) ?? 0);
      return entryAt(
        entries,
        totals.findIndex((total) => at < total),
      );
    },
  };
}

function entryAt<Entry>(entries: readonly Entry[], index: number): Entry {
  if (index < 0 || index >= entries.length) throw new RangeError('There is no entry to draw.');
  return entries[index] as Entry;
}

/** Finalizer of MurmurHash3: neighbouring indices give unrelated states. */
function mix(value: number): number {
  let word = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return word ^ (word >>> 16);
}

const topicHashes = new Map<string, number>();
/** Topics are few and written in the code; beyond this many they are someone's data, and not worth keeping. */
const TOPICS_KEPT_MAX = 500;

function topicHash(topic: string): number {
  const known = topicHashes.get(topic);
  if (known !== undefined) return known;
  let hash = 0x811c9dc5;
  for (let at = 0; at < topic.length; at += 1) hash = Math.imul(hash ^ topic.charCodeAt(at), 0x01000193);
  const mixed = mix(hash);
  if (topicHashes.size < TOPICS_KEPT_MAX) topicHashes.set(topic, mixed);
  return mixed;
}
