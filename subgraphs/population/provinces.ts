import { weights } from './random.ts';

/**
 * Provinces of addresses since 1 July 2025 with their codes (Decision 19/2025/QĐ-TTg) and names, as in the enum `Province` of the residents
 * register. Weights are millions of inhabitants, roughly.
 */
const ADDRESS_PROVINCES = [
  ['HA_NOI', '01', 'Hà Nội', 8.8],
  ['CAO_BANG', '04', 'Cao Bằng', 0.6],
  ['TUYEN_QUANG', '08', 'Tuyên Quang', 1.9],
  ['DIEN_BIEN', '11', 'Điện Biên', 0.7],
  ['LAI_CHAU', '12', 'Lai Châu', 0.5],
  ['SON_LA', '14', 'Sơn La', 1.4],
  ['LAO_CAI', '15', 'Lào Cai', 1.8],
  ['THAI_NGUYEN', '19', 'Thái Nguyên', 1.8],
  ['LANG_SON', '20', 'Lạng Sơn', 0.9],
  ['QUANG_NINH', '22', 'Quảng Ninh', 1.5],
  ['BAC_NINH', '24', 'Bắc Ninh', 3.6],
  ['PHU_THO', '25', 'Phú Thọ', 4.0],
  ['HAI_PHONG', '31', 'Hải Phòng', 4.7],
  ['HUNG_YEN', '33', 'Hưng Yên', 3.6],
  ['NINH_BINH', '37', 'Ninh Bình', 4.4],
  ['THANH_HOA', '38', 'Thanh Hóa', 4.3],
  ['NGHE_AN', '40', 'Nghệ An', 3.8],
  ['HA_TINH', '42', 'Hà Tĩnh', 1.6],
  ['QUANG_TRI', '44', 'Quảng Trị', 1.9],
  ['HUE', '46', 'Huế', 1.4],
  ['DA_NANG', '48', 'Đà Nẵng', 3.1],
  ['QUANG_NGAI', '51', 'Quảng Ngãi', 2.2],
  ['GIA_LAI', '52', 'Gia Lai', 3.6],
  ['KHANH_HOA', '56', 'Khánh Hòa', 2.2],
  ['DAK_LAK', '66', 'Đắk Lắk', 3.3],
  ['LAM_DONG', '68', 'Lâm Đồng', 3.9],
  ['DONG_NAI', '75', 'Đồng Nai', 4.5],
  ['HO_CHI_MINH', '79', 'Thành phố Hồ Chí Minh', 14],
  ['TAY_NINH', '80', 'Tây Ninh', 3.3],
  ['DONG_THAP', '82', 'Đồng Tháp', 4.4],
  ['VINH_LONG', '86', 'Vĩnh Long', 4.3],
  ['AN_GIANG', '91', 'An Giang', 5.0],
  ['CAN_THO', '92', 'Cần Thơ', 4.2],
  ['CA_MAU', '96', 'Cà Mau', 2.6],
] as const;

export type Province = (typeof ADDRESS_PROVINCES)[number][0];

/** Code and Vietnamese name of an address province. */
export const PROVINCES: ReadonlyMap<Province, { readonly code: string; readonly name: string }> = new Map(
  ADDRESS_PROVINCES.map(([province, code, name]) => [province, { code, name }]),
);

/** Where people live, for drawing. Drawn for itself: an address never follows from an ID number. */
export const PROVINCE_WEIGHTS = weights<Province>(ADDRESS_PROVINCES.map(([province, , , millions]) => [province, millions]));

/**
 * The 63 provinces of birth registration in ID numbers: code to name (Circular 07/2016/TT-BCA, appendix 1). Seven of these codes name
 * another province in the table above.
 */
export const REGISTRATION_PROVINCES: ReadonlyMap<string, string> = new Map(
  `001 Hà Nội, 002 Hà Giang, 004 Cao Bằng, 006 Bắc Kạn, 008 Tuyên Quang, 010 Lào Cai, 011 Điện Biên, 012 Lai Châu, 014 Sơn La, 015 Yên Bái,
  017 Hòa Bình, 019 Thái Nguyên, 020 Lạng Sơn, 022 Quảng Ninh, 024 Bắc Giang, 025 Phú Thọ, 026 Vĩnh Phúc, 027 Bắc Ninh, 030 Hải Dương,
  031 Hải Phòng, 033 Hưng Yên, 034 Thái Bình, 035 Hà Nam, 036 Nam Định, 037 Ninh Bình, 038 Thanh Hóa, 040 Nghệ An, 042 Hà Tĩnh,
  044 Quảng Bình, 045 Quảng Trị, 046 Thừa Thiên Huế, 048 Đà Nẵng, 049 Quảng Nam, 051 Quảng Ngãi, 052 Bình Định, 054 Phú Yên,
  056 Khánh Hòa, 058 Ninh Thuận, 060 Bình Thuận, 062 Kon Tum, 064 Gia Lai, 066 Đắk Lắk, 067 Đắk Nông, 068 Lâm Đồng, 070 Bình Phước,
  072 Tây Ninh, 074 Bình Dương, 075 Đồng Nai, 077 Bà Rịa-Vũng Tàu, 079 TP Hồ Chí Minh, 080 Long An, 082 Tiền Giang, 083 Bến Tre,
  084 Trà Vinh, 086 Vĩnh Long, 087 Đồng Tháp, 089 An Giang, 091 Kiên Giang, 092 Cần Thơ, 093 Hậu Giang, 094 Sóc Trăng, 095 Bạc Liêu,
  096 Cà Mau`
    .split(',')
    .map((entry) => entry.trim())
    .map((entry): [string, string] => [entry.slice(0, 3), entry.slice(4)]),
);
