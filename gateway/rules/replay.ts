import type { Impact, ImpactRow } from './impact.ts';
import type { RecordedRequests } from './store.ts';

/** Recorded requests decided again by a draft: counts, no data. */
export interface Replay {
  readonly requests: number;
  readonly applications: readonly {
    readonly application: string;
    readonly requests: number;
    readonly widened: number;
    readonly narrowed: number;
    /** Roughly: people who stand in those requests. */
    readonly people: number;
  }[];
  /** Roughly: people whose data would be answered otherwise. */
  readonly people: number;
}

/**
 * Counts recorded requests that have an answer of the impact in them. The record does not hold values of arguments: where rules read one, a request counts when it
 * may be answered otherwise.
 */
export function replay(impact: Impact, recorded: readonly RecordedRequests[]): Replay {
  const rows = Map.groupBy(
    impact.rows.filter(({ from }) => from === null),
    ({ application, purpose, coordinate }) => JSON.stringify([application, purpose, coordinate]),
  );
  const applications = new Map<string, { requests: number; widened: number; narrowed: number; readonly people: Set<string> }>();
  const everybody = new Set<string>();
  let requests = 0;
  for (const one of recorded) {
    requests += one.requests;
    const counts = applications.get(one.application) ?? { requests: 0, widened: 0, narrowed: 0, people: new Set<string>() };
    applications.set(one.application, counts);
    counts.requests += one.requests;
    const touched = one.coordinates.flatMap((coordinate) =>
      (rows.get(JSON.stringify([one.application, one.purpose, coordinate])) ?? []).filter((row) => isAskedIn(row, one)),
    );
    if (touched.length === 0) continue;
    if (touched.some(({ direction }) => direction !== 'narrower')) counts.widened += one.requests;
    if (touched.some(({ direction }) => direction !== 'wider')) counts.narrowed += one.requests;
    for (const pseudonym of one.people) {
      counts.people.add(pseudonym);
      everybody.add(pseudonym);
    }
  }
  return {
    requests,
    applications: Array.from(applications, ([application, { people, ...counts }]) => ({
      application,
      ...counts,
      people: people.size,
    })).toSorted((a, b) => (a.application < b.application ? -1 : 1)),
    people: everybody.size,
  };
}

function isAskedIn(row: ImpactRow, one: RecordedRequests): boolean {
  return (
    (row.officerRole === null || row.officerRole === (one.officer_role ?? '')) &&
    (row.assurance === null || row.assurance === one.assurance) &&
    (row.emergency === null || row.emergency === one.emergency)
  );
}
