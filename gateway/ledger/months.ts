/** Records, and the keys of their pseudonyms, go by calendar months in UTC. */
export interface Month {
  /** Like 2026-11. */
  readonly name: string;
  readonly begins: Date;
  readonly ends: Date;
}

/** The month of a moment; `offset` months later. */
export function monthOf(atMs: number, offset = 0): Month {
  const at = new Date(atMs);
  const begins = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + offset));
  const ends = new Date(Date.UTC(begins.getUTCFullYear(), begins.getUTCMonth() + 1));
  return { name: begins.toISOString().slice(0, 7), begins, ends };
}

/** The month of a name, undefined when it is none. */
export function monthNamed(name: string): Month | undefined {
  return /^\d{4}-(?:0[1-9]|1[0-2])$/.test(name) ? monthOf(Date.parse(`${name}-01T00:00:00Z`)) : undefined;
}
