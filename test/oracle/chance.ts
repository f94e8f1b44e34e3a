/** Reproducible chance: the same seed gives the same cases on every machine. */
export interface Chance {
  /** A whole number from 0 up to and without the bound. */
  readonly below: (bound: number) => number;
  readonly yes: (part: number) => boolean;
  readonly of: <Item>(items: readonly Item[]) => Item;
}

/** Mulberry32. */
export function createChance(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    below: (bound) => Math.floor(next() * bound),
    yes: (part) => next() < part,
    of: (items) => {
      if (items.length === 0) throw new Error('Nothing to choose from.');
      return items[Math.floor(next() * items.length)] as (typeof items)[number];
    },
  };
}
