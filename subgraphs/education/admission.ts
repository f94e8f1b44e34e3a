/**
 * What admission to universities computes: the total of a subject combination and the priority points of a region and group. Points are
 * computed in hundredths, as scores have two decimals. Source: Regulation of admission, Circular 08/2022/TT-BGDĐT art. 7 (reduction of
 * priority from 22.5 points on, since 2023) and Circular 07/2018/TT-BGDĐT (points of the regions).
 */
export type PriorityRegion = 'KV1' | 'KV2_NT' | 'KV2' | 'KV3';
export type PriorityGroup = 'UT1' | 'UT2';

export const EXAM_SUBJECTS = [
  'MATHEMATICS',
  'LITERATURE',
  'PHYSICS',
  'CHEMISTRY',
  'BIOLOGY',
  'HISTORY',
  'GEOGRAPHY',
  'INFORMATICS',
  'TECHNOLOGY',
  'ECONOMICS_AND_LAW',
  'FOREIGN_LANGUAGE',
] as const;
export type ExamSubject = (typeof EXAM_SUBJECTS)[number];

interface PriorityRule {
  /** First year of admission under this rule; it holds until the next one. */
  readonly fromYear: number;
  readonly regionHundredths: Readonly<Record<PriorityRegion, number>>;
  readonly groupHundredths: Readonly<Record<PriorityGroup, number>>;
  /** From this total the priority shrinks in proportion to what is missing to 30; undefined when it never does. */
  readonly reducedFromHundredths: number | undefined;
}

const REGIONS_2018 = { KV1: 75, KV2_NT: 50, KV2: 25, KV3: 0 } as const;
const GROUPS_2018 = { UT1: 200, UT2: 100 } as const;
/** The latest first. Which objects belong to which group changes too, so a wish stores its group and never its object. */
const RULES: readonly PriorityRule[] = [
  { fromYear: 2023, regionHundredths: REGIONS_2018, groupHundredths: GROUPS_2018, reducedFromHundredths: 2250 },
  { fromYear: 2018, regionHundredths: REGIONS_2018, groupHundredths: GROUPS_2018, reducedFromHundredths: undefined },
];
const TOTAL_HUNDREDTHS_MAX = 3000;

/**
 * Priority points for a total of 0 to 30 in a year of admission, two decimals: ((30 − total) / 7.5) × level from 22.5 on. Null for years
 * before 2018, whose rule is not held here.
 */
export function priorityPoints(year: number, total: number, region: PriorityRegion, group: PriorityGroup | null): number | null {
  const rule = RULES.find((candidate) => candidate.fromYear <= year);
  if (rule === undefined) return null;
  const level = rule.regionHundredths[region] + (group === null ? 0 : rule.groupHundredths[group]);
  const totalHundredths = Math.min(Math.round(total * 100), TOTAL_HUNDREDTHS_MAX);
  if (rule.reducedFromHundredths === undefined || totalHundredths < rule.reducedFromHundredths) return level / 100;
  const span = TOTAL_HUNDREDTHS_MAX - rule.reducedFromHundredths;
  return Math.round(((TOTAL_HUNDREDTHS_MAX - totalHundredths) * level) / span) / 100;
}

/**
 * Sum of the three scores of a combination, two decimals. Null for a combination not held here, and when one of its scores is missing:
 * an absence is not a zero. The foreign language counts whichever it was.
 */
export function combinationTotal(combination: string, scores: ReadonlyMap<ExamSubject, number | null>): number | null {
  const subjects = COMBINATIONS.get(combination);
  if (subjects === undefined) return null;
  let hundredths = 0;
  for (const subject of subjects) {
    const score = scores.get(subject) ?? null;
    if (score === null) return null;
    hundredths += Math.round(score * 100);
  }
  return hundredths / 100;
}

/** Subject combinations (tổ hợp môn xét tuyển) by code. */
export const COMBINATIONS: ReadonlyMap<string, readonly [ExamSubject, ExamSubject, ExamSubject]> = new Map([
  ['A00', ['MATHEMATICS', 'PHYSICS', 'CHEMISTRY']],
  ['A01', ['MATHEMATICS', 'PHYSICS', 'FOREIGN_LANGUAGE']],
  ['A02', ['MATHEMATICS', 'PHYSICS', 'BIOLOGY']],
  ['B00', ['MATHEMATICS', 'CHEMISTRY', 'BIOLOGY']],
  ['C00', ['LITERATURE', 'HISTORY', 'GEOGRAPHY']],
  ['C01', ['LITERATURE', 'MATHEMATICS', 'PHYSICS']],
  ['C02', ['LITERATURE', 'MATHEMATICS', 'CHEMISTRY']],
  ['C03', ['LITERATURE', 'MATHEMATICS', 'HISTORY']],
  ['C04', ['LITERATURE', 'MATHEMATICS', 'GEOGRAPHY']],
  ['D01', ['MATHEMATICS', 'LITERATURE', 'FOREIGN_LANGUAGE']],
  ['D07', ['MATHEMATICS', 'CHEMISTRY', 'FOREIGN_LANGUAGE']],
  ['D09', ['MATHEMATICS', 'HISTORY', 'FOREIGN_LANGUAGE']],
  ['D10', ['MATHEMATICS', 'GEOGRAPHY', 'FOREIGN_LANGUAGE']],
  ['D14', ['LITERATURE', 'HISTORY', 'FOREIGN_LANGUAGE']],
  ['D15', ['LITERATURE', 'GEOGRAPHY', 'FOREIGN_LANGUAGE']],
]);
