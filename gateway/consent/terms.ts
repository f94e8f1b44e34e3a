import type { BilingualText } from '../policy/registry.ts';
import type { ConsentGroup } from './groups.ts';

export interface TermsAbout {
  readonly agency: BilingualText;
  readonly purpose: BilingualText;
  readonly groups: readonly ConsentGroup[];
  readonly validUntil: Date;
}

/**
 * What a person is told before consent, and finds again afterwards: who may see what, what for, until when, that it is sensitive when it
 * is, and how to withdraw (Law 91/2025/QH15 art. 9 and 10).
 */
export function termsOf({ agency, purpose, groups, validUntil }: TermsAbout): BilingualText {
  const names = groups.map(({ name, coordinates }) => `${name} (${coordinates.join(', ')})`).join('; ');
  const sensitive = groups.filter((group) => group.sensitive).map(({ name }) => name);
  const day = dayInVietnam(validUntil);
  const sentences = {
    vi: [
      `${agency.vi} được xem: ${names}.`,
      `Mục đích: ${purpose.vi}.`,
      `Có hiệu lực đến ngày ${day}.`,
      ...(sensitive.length === 0 ? [] : [`Dữ liệu cá nhân nhạy cảm: ${sensitive.join(', ')}.`]),
      'Việc đồng ý là tự nguyện. Bạn có thể rút lại bất cứ lúc nào tại cơ quan này hoặc trên cổng dịch vụ công; việc rút lại có hiệu lực ngay với yêu cầu tiếp theo.',
    ],
    en: [
      `${agency.en} may see: ${names}.`,
      `Purpose: ${purpose.en}.`,
      `Valid until ${day}.`,
      ...(sensitive.length === 0 ? [] : [`Sensitive personal data: ${sensitive.join(', ')}.`]),
      'Consent is voluntary. You can withdraw it at any time at this agency or on the public service portal; a withdrawal holds for the next request.',
    ],
  };
  return { vi: sentences.vi.join(' '), en: sentences.en.join(' ') };
}

const VIETNAM_OFFSET_MS = 7 * 3_600_000;

/** The last day on which something holds that ends at this moment, in Vietnam. */
export function dayInVietnam(end: Date): string {
  return new Date(end.getTime() - 1 + VIETNAM_OFFSET_MS).toISOString().slice(0, 10);
}
