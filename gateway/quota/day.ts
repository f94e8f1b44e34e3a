const DAY_SECONDS = 86_400;
/** Hours of all zones that anybody lives in begin with a quarter of an hour of UTC. */
const QUARTER_HOUR_MS = 900_000;

/** Days of a time zone. */
export interface Days {
  /** `YYYY-MM-DD`. */
  readonly at: (atMs: number) => string;
  /** Whole seconds until the next day begins, at least one. */
  readonly secondsLeft: (atMs: number) => number;
  /** Hour of the day, 0 to 23. */
  readonly hourAt: (atMs: number) => number;
}

/** Vietnam has one time zone and no summer time. */
export const VIETNAM = 'Asia/Ho_Chi_Minh';

/** Days of an IANA time zone; throws a RangeError for what is none. A zone with summer time has days of 23 and 25 hours. */
export function createDays(timeZone: string): Days {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
  const partsAt = (atMs: number): { readonly day: string; readonly seconds: number } => {
    const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
    const number = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
    return {
      day: `${parts.get('year')}-${parts.get('month')}-${parts.get('day')}`,
      seconds: number('hour') * 3_600 + number('minute') * 60 + number('second'),
    };
  };
  // A request asks for its day; formatting one costs more than everything else that its quota does.
  let known = { beginsMs: 0, endsMs: 0, day: '' };
  const dayAt = (atMs: number): typeof known => {
    if (atMs >= known.beginsMs && atMs < known.endsMs) return known;
    const second = Math.floor(atMs / 1_000) * 1_000;
    const { day, seconds } = partsAt(second);
    const guess = second + (DAY_SECONDS - seconds) * 1_000;
    const then = partsAt(guess);
    // The clocks were changed in between: the guess is some hours off.
    const endsMs = then.day === day ? guess + (DAY_SECONDS - then.seconds) * 1_000 : guess - then.seconds * 1_000;
    known = { beginsMs: second, endsMs, day };
    return known;
  };
  // So does telling an hour for each record that is followed.
  let told = { quarter: Number.NaN, hour: 0 };
  return {
    at: (atMs) => dayAt(atMs).day,
    secondsLeft: (atMs) => Math.max(1, Math.ceil((dayAt(atMs).endsMs - atMs) / 1_000)),
    hourAt: (atMs) => {
      const quarter = Math.floor(atMs / QUARTER_HOUR_MS);
      if (quarter !== told.quarter) told = { quarter, hour: Math.floor(partsAt(quarter * QUARTER_HOUR_MS).seconds / 3_600) };
      return told.hour;
    },
  };
}
