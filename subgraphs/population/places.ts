import type { Random } from './random.ts';

/** A commune or ward with a plausible name. The names are made up of common parts: none is meant to be a real place. */
export function drawCommune(random: Random): { readonly name: string; readonly urban: boolean } {
  const name = `${random.pick(FIRST)} ${random.pick(SECOND)}`;
  const urban = random.chance(URBAN);
  return { name: `${urban ? 'phường' : 'xã'} ${name}`, urban };
}

/** A street or hamlet with a house number where there is one. */
export function drawStreet(random: Random, urban: boolean): string {
  return urban ? `${random.integer(1, 480)} đường ${random.pick(STREETS)}` : `Thôn ${random.integer(1, 12)}`;
}

const URBAN = 0.45;
const FIRST = 'An Bình Đông Hòa Hưng Long Mỹ Nam Phú Tân Thạnh Thanh Vĩnh Xuân Yên'.split(' ');
const SECOND = 'An Bình Châu Đức Hải Hòa Khánh Lạc Lộc Minh Phong Phúc Sơn Thành Thịnh Thọ Thuận Tiến Trung Xuyên'.split(' ');
const STREETS = [
  'Trần Hưng Đạo',
  'Lê Lợi',
  'Quang Trung',
  'Nguyễn Huệ',
  'Hai Bà Trưng',
  'Lý Thường Kiệt',
  'Phan Bội Châu',
  'Nguyễn Trãi',
  'Lê Hồng Phong',
  'Hùng Vương',
  'Ngô Quyền',
  'Bà Triệu',
];
