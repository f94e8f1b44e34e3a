// Who the people of the work are, made from their ID numbers alone. The canned subgraphs answer with it and the verification compares
// with it.

/** An object of the graph as plain data; its fields are named as in the SDL. */
export interface Entity {
  readonly __typename: string;
  readonly [field: string]: Value;
}
export type Value = string | number | boolean | null | Entity | readonly Value[];

/** There are this many different files of people; the ID number decides whose is whose. */
export const PROFILES = 1_024;

/** Everything that the four registers know of the person with this number. */
export function personOf(idNumber: string): Entity {
  return profile(profileOf(idNumber), idNumber);
}

/** The number of a person's file, 0 to `PROFILES` − 1: the digits well mixed (multiplicative hashing, Knuth, vol. 3, 6.4). */
export function profileOf(idNumber: string): number {
  return (Math.imul(Number(idNumber.slice(3)) | 0, 0x9e37_79b1) >>> 0) % PROFILES;
}

/** A file, with the ID number written into it wherever the person is named. */
export function profile(index: number, idNumber: string): Entity {
  const pick = picker(index);
  const birthYear = 1950 + (index % 50);
  const residents: Record<string, Value> = {
    idNumber,
    fullName: `${pick(FAMILY_NAMES)} ${pick(MIDDLE_NAMES)} ${pick(GIVEN_NAMES)}`,
    dateOfBirth: date(birthYear, index),
    sex: index % 2 === 0 ? 'MALE' : 'FEMALE',
    status: 'ALIVE',
    nationality: 'VNM',
    placeOfBirth: `${pick(PLACES)}, Hà Nội`,
    maritalStatus: 'MARRIED',
    phone: `09${String(10_000_000 + index * 7_411).slice(-8)}`,
    currentResidence: {
      __typename: 'Address',
      province: pick(PROVINCES),
      commune: pick(PLACES),
      street: `${1 + (index % 300)} ${pick(STREETS)}`,
    },
  };
  return {
    __typename: 'Resident',
    ...residents,
    ...civilStatus(index, idNumber, birthYear),
    ...healthInsurance(index),
    ...education(index, birthYear),
  };
}

function civilStatus(index: number, idNumber: string, birthYear: number): Record<string, Value> {
  const pick = picker(index + 1);
  const self: Entity = { __typename: 'Resident', idNumber };
  const other: Entity = { __typename: 'Resident', idNumber: `001180${String(index).padStart(6, '0')}` };
  const office = `UBND ${pick(PLACES)}`;
  return {
    birthRecord: {
      __typename: 'BirthRecord',
      number: String(1 + (index % 400)),
      book: `01/${birthYear}`,
      registeredOn: date(birthYear, index + 9),
      office,
      placeOfBirth: `${pick(PLACES)}, Hà Nội`,
      child: self,
    },
    marriages: [
      {
        __typename: 'Marriage',
        number: String(1 + (index % 200)),
        registeredOn: date(birthYear + 25, index),
        office,
        marriedOn: date(birthYear + 25, index),
        endedOn: null,
        endedBy: null,
        spouseA: index % 2 === 0 ? other : self,
        spouseB: index % 2 === 0 ? self : other,
      },
    ],
  };
}

function healthInsurance(index: number): Record<string, Value> {
  const pick = picker(index + 2);
  return {
    coverage: {
      __typename: 'Coverage',
      cardNumber: `DN401${String(100_000_000 + index * 7_411).padStart(10, '0')}`,
      validFrom: '2026-01-01',
      validTo: '2026-12-31',
      primaryFacility: `Bệnh viện Đa khoa ${pick(PLACES)}`,
    },
  };
}

function education(index: number, birthYear: number): Record<string, Value> {
  const pick = picker(index + 3);
  const year = birthYear + 18;
  return {
    enrolments: [
      {
        __typename: 'Enrolment',
        school: `Trường Đại học ${pick(PLACES)}`,
        level: 'UNIVERSITY',
        from: `${year}-09-05`,
        to: `${year + 4}-06-30`,
      },
    ],
    examResults: ['MATHEMATICS', 'LITERATURE', pick(SCIENCES), 'FOREIGN_LANGUAGE'].map((subject, place) => ({
      __typename: 'ExamResult',
      year,
      subject,
      score: 4 + ((index * 3 + place * 7) % 24) / 4,
    })),
  };
}

/** Takes from lists, the same for the same file and another place in each list. */
function picker(seed: number): (list: readonly string[]) => string {
  let state = Math.imul(seed + 1, 0x85eb_ca6b);
  return (list) => {
    state = Math.imul(state ^ (state >>> 13), 0xc2b2_ae35);
    return list[(state >>> 0) % list.length] ?? '';
  };
}

function date(year: number, seed: number): string {
  return `${year}-${String(1 + (seed % 12)).padStart(2, '0')}-${String(1 + (seed % 28)).padStart(2, '0')}`;
}

const FAMILY_NAMES = ['Nguyễn', 'Trần', 'Lê', 'Phạm', 'Hoàng', 'Vũ', 'Đặng', 'Bùi'];
const MIDDLE_NAMES = ['Văn', 'Thị', 'Minh', 'Thu', 'Quốc', 'Ngọc', 'Đức'];
const GIVEN_NAMES = ['Anh', 'Bình', 'Châu', 'Dũng', 'Giang', 'Hạnh', 'Linh', 'Nam', 'Phương', 'Quân', 'Tuấn', 'Yến'];
const PLACES = ['Phường Ba Đình', 'Phường Cầu Giấy', 'Phường Tây Hồ', 'Xã Đông Anh', 'Phường Hà Đông', 'Xã Gia Lâm', 'Phường Láng'];
const PROVINCES = ['HA_NOI', 'HAI_PHONG', 'HUE', 'DA_NANG', 'HO_CHI_MINH', 'CAN_THO', 'NGHE_AN', 'LAM_DONG'];
const STREETS = ['Trần Hưng Đạo', 'Lê Lợi', 'Nguyễn Huệ', 'Hai Bà Trưng', 'Lý Thường Kiệt', 'Điện Biên Phủ'];
const SCIENCES = ['PHYSICS', 'CHEMISTRY', 'BIOLOGY', 'HISTORY', 'GEOGRAPHY'];
