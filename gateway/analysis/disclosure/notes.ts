import type { MeasureSpec } from '../model.ts';
import type { Bilingual } from '../trees.ts';
import type { DisclosureRules } from './parameters.ts';

/** What was done to the numbers, in sentences for their reader. They follow from the question, not from the data. */
export function notesOf(
  about: {
    readonly deviation: number;
    readonly offMax: number | undefined;
    readonly redactedUpTo: number;
    readonly measures: readonly MeasureSpec[];
  },
  { redactedMax, roundingBase }: DisclosureRules,
): readonly Bilingual[] {
  const { deviation, offMax, redactedUpTo, measures } = about;
  const end = {
    vi: offMax === undefined ? '' : ` và nhiều nhất ${offMax} sau khi làm tròn`,
    en: offMax === undefined ? '' : ` and at most ${offMax} with rounding`,
  };
  const people = { vi: deviation.toFixed(1).replace('.', ','), en: deviation.toFixed(1) };
  const withoutBounds = measures.filter(({ kind, between }) => kind !== 'distinct' && between === undefined).map(({ name }) => name);
  return [
    {
      vi: `Mỗi số đếm được cộng nhiễu ngẫu nhiên, độ lệch chuẩn ${people.vi} người${end.vi}: chênh lệch cỡ đó không có ý nghĩa.`,
      en: `Every count has random noise with a standard deviation of ${people.en} people${end.en}: differences of that size mean nothing.`,
    },
    {
      vi: `Số đếm từ ${redactedUpTo} trở xuống, kể cả nhiễu, không được công bố; ô trống cũng vậy. Số nhỏ (từ ${redactedMax} trở xuống) không bao giờ được công bố.`,
      en: `A count of ${redactedUpTo} or fewer, with noise, is not shown; an empty cell is no exception. Small numbers (${redactedMax} or fewer) are never shown.`,
    },
    {
      vi: `Số đếm được làm tròn đến bội số của ${roundingBase}. Mỗi số có nhiễu riêng, nên tổng các ô khác với số tổng.`,
      en: `Counts are rounded to multiples of ${roundingBase}. Each has its own noise, so that sums of cells and totals differ.`,
    },
    {
      vi: 'Một số ô khác cũng không được công bố khi chúng làm lộ ô đã giấu, hoặc làm lộ rằng cả một nhóm nằm trong một ô.',
      en: 'Further counts are not shown where they would disclose one that is not, or that all of a group are in one cell.',
    },
    ...(measures.length > 0
      ? [
          {
            vi: 'Số trung bình và phân vị cũng có nhiễu. Chúng không được công bố khi có ít người, ở hai đầu khoảng giá trị, hoặc khi một người có thể chi phối.',
            en: 'Means and quantiles have noise too. They are not shown for few people, at the ends of their range, or where one person may dominate.',
          },
        ]
      : []),
    ...withoutBounds.map((name) => ({
      vi: `"${name}" không được công bố: bản phân tích không cho giới hạn của các số.`,
      en: `"${name}" is not shown: the analysis gives no bounds for its numbers.`,
    })),
  ];
}
