import { z } from 'zod';
import type { UsualHours } from './follow/rollup.ts';

const count = z.coerce.number().int().min(1).max(1_000_000_000);

/** Settings of what is watched for, by their environment variables. */
export const OVERSIGHT_SETTINGS = {
  /** A day is unusual when it has so many times what is usual for it. */
  ANOMALY_FACTOR: z.coerce.number().min(1).max(1_000).default(3),
  /** And at least so many, so that nothing is raised about three people instead of one. */
  ANOMALY_PEOPLE_MIN: count.default(200),
  ANOMALY_MISSES_MIN: count.default(20),
  ANOMALY_SEQUENTIAL_MIN: count.default(20),
  ANOMALY_UNUSUAL_HOURS_MIN: count.default(50),
  ANOMALY_EMERGENCIES_MIN: count.default(5),
  /** Hours of the day at which requests are usual, from-to. */
  USUAL_HOURS: z
    .string()
    .regex(/^([01]?\d|2[0-3])-([01]?\d|2[0-4])$/, 'is not like 6-21')
    .default('6-21'),
  /** An emergency is to be reviewed within. */
  REVIEW_HOURS: count.max(8_760).default(72),
} as const;

export type AnomalyKind = 'people' | 'misses' | 'sequential' | 'unusual-hours' | 'emergencies';

export interface OversightSettings {
  readonly factor: number;
  readonly least: Readonly<Record<AnomalyKind, number>>;
  readonly usualHours: UsualHours;
  readonly reviewSeconds: number;
}

/** Reads them once they are known to be right. */
export function oversightSettings(settings: z.infer<z.ZodObject<typeof OVERSIGHT_SETTINGS>>): OversightSettings {
  const [from = 0, to = 24] = settings.USUAL_HOURS.split('-').map(Number);
  return {
    factor: settings.ANOMALY_FACTOR,
    least: {
      people: settings.ANOMALY_PEOPLE_MIN,
      misses: settings.ANOMALY_MISSES_MIN,
      sequential: settings.ANOMALY_SEQUENTIAL_MIN,
      'unusual-hours': settings.ANOMALY_UNUSUAL_HOURS_MIN,
      emergencies: settings.ANOMALY_EMERGENCIES_MIN,
    },
    usualHours: { from, to },
    reviewSeconds: settings.REVIEW_HOURS * 3_600,
  };
}

export const OVERSIGHT_DEFAULTS: OversightSettings = oversightSettings(z.object(OVERSIGHT_SETTINGS).parse({}));
