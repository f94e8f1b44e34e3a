import { dayInVietnam } from '../../platform/vietnam-time.ts';
import type { BilingualText } from '../policy/registry.ts';
import type { ConsentGroup } from './groups.ts';
import type { LabelOf } from './labels.ts';

export interface TermsAbout {
  readonly agency: BilingualText;
  readonly purpose: BilingualText;
  readonly groups: readonly Pick<ConsentGroup, 'coordinates' | 'sensitive'>[];
  readonly labelOf: LabelOf;
  readonly validUntil: Date;
}

/**
 * What a person is told before consent, and finds again afterwards: who may see what, what for, until when, that it is sensitive when it
 * is, and how to withdraw (Law 91/2025/QH15 art. 9 and 10).
 */
export function termsOf({ agency, purpose, groups, labelOf, validUntil }: TermsAbout): BilingualText {
  const named = (some: TermsAbout['groups'], language: keyof BilingualText): string =>
    [...new Set(some.flatMap(({ coordinates }) => coordinates.map((one) => labelOf(one)[language])))].join('; ');
  const sensitive = groups.filter((group) => group.sensitive);
  // The last day on which it holds.
  const day = dayInVietnam(validUntil.getTime() - 1);
  const sentences = {
    vi: [
      `${agency.vi} được xem: ${named(groups, 'vi')}.`,
      `Mục đích: ${purpose.vi}.`,
      `Có hiệu lực đến ngày ${day}.`,
      ...(sensitive.length === 0 ? [] : [`Dữ liệu cá nhân nhạy cảm: ${named(sensitive, 'vi')}.`]),
      'Việc đồng ý là tự nguyện. Bạn có thể rút lại bất cứ lúc nào tại cơ quan này hoặc trên cổng dịch vụ công; việc rút lại có hiệu lực ngay với yêu cầu tiếp theo.',
    ],
    en: [
      `${agency.en} may see: ${named(groups, 'en')}.`,
      `Purpose: ${purpose.en}.`,
      `Valid until ${day}.`,
      ...(sensitive.length === 0 ? [] : [`Sensitive personal data: ${named(sensitive, 'en')}.`]),
      'Consent is voluntary. You can withdraw it at any time at this agency or on the public service portal; a withdrawal holds for the next request.',
    ],
  };
  return { vi: sentences.vi.join(' '), en: sentences.en.join(' ') };
}
