import type { Site } from './shape.ts';

/**
 * The site as it is for a person who has given some consents and not others: one object for everybody alike, so that the record can list
 * them together.
 */
export function variantOf(site: Site, isGiven: (key: string) => boolean): Site {
  if (site.gated.length === 0) return site;
  const states = site.gated.map(({ keys }) => keys.every(isGiven));
  const signature = states.map(Number).join('');
  let variants = VARIANTS.get(site);
  if (variants === undefined) VARIANTS.set(site, (variants = new Map()));
  const known = variants.get(signature);
  if (known !== undefined) return known;
  const made = makeVariant(site, states);
  variants.set(signature, made);
  return made;
}

/** Sites belong to a prepared execution; each has as many variants as people differ in their consents. */
const VARIANTS = new WeakMap<Site, Map<string, Site>>();

function makeVariant(site: Site, states: readonly boolean[]): Site {
  const sets = { released: new Set(site.released), transformed: new Set(site.transformed), withheld: new Set(site.withheld) };
  for (const [index, { coordinate, given, missing }] of site.gated.entries())
    sets[states[index] === true ? given : missing].add(coordinate);
  return { type: site.type, ...sets, gated: [] };
}
