/** What the shipped policies give by law: the table of the design, written down once more and on its own. */
const IDENTITY = ['Resident.idNumber', 'Resident.fullName', 'Resident.dateOfBirth', 'Resident.sex', 'Resident.isAtLeast'];
const ROOTS = ['Query.resident', 'Query.residents'];
const RESIDENCE = ['Resident.currentResidence', 'Resident.livesIn', 'Address.*'];
const FAMILY = ['Resident.mother', 'Resident.father', 'Resident.birthRecord', 'BirthRecord.*'];

const BY_LAW: Readonly<Record<string, readonly string[]>> = {
  'hospital-counter': [
    ...ROOTS,
    ...IDENTITY,
    'Resident.currentResidence',
    'Address.province',
    'Resident.coverage',
    'Resident.insuredOn',
    'Coverage.*',
  ],
  'university-admissions': [...ROOTS, ...IDENTITY, 'Resident.examResults', 'ExamResult.*', 'Resident.enrolments', 'Enrolment.*'],
  'bank-teller': [...ROOTS, 'Query.verifyIdentity', 'IdentityVerification.*', 'Resident.isAtLeast'],
  'ward-office': [...ROOTS, ...IDENTITY, 'Resident.phone', ...RESIDENCE, ...FAMILY],
  'police-residence': [...ROOTS, ...IDENTITY, 'Resident.phone', ...RESIDENCE, ...FAMILY],
  'consent-desk': [
    'Query.resident',
    'Resident.idNumber',
    'Resident.dateOfBirth',
    'Resident.birthRecord',
    'BirthRecord.mother',
    'BirthRecord.father',
    'Resident.adoptions',
    'Adoption.child',
    'Adoption.adoptiveMother',
    'Adoption.adoptiveFather',
    'Resident.guardianships',
    'Guardianship.*',
  ],
};
const IN_EMERGENCY: Readonly<Record<string, readonly string[]>> = { 'hospital-counter': ['Resident.visits', 'Visit.*'] };

/** What consent adds, or being the person: asked only of those people, whom the proxies cannot know, by the entity's key. */
const BY_CONSENT: Readonly<Record<string, readonly string[]>> = {
  'hospital-counter': ['Resident.phone', 'Resident.visits', 'Visit.*'],
  'university-admissions': ['Resident.phone', ...RESIDENCE],
  'bank-teller': ['Resident.phone'],
  'citizen-portal': [...IDENTITY, ...RESIDENCE, 'Resident.mother', 'Resident.coverage', 'Coverage.*'],
};

/** What approved analyses count, of snapshots only. */
const COUNTED: Readonly<Record<string, readonly string[]>> = {
  'statistics-office': [
    'Query.residents',
    'Resident.sex',
    'Resident.dateOfBirth',
    'Resident.currentResidence',
    'Address.province',
    'Resident.birthRecord',
    'BirthRecord.registeredOn',
    'Resident.coverage',
    'Coverage.validFrom',
    'Resident.admissionWishes',
    'AdmissionWish.region',
    'AdmissionWish.total',
  ],
};

/** Fields with a class and group of their own inside objects that are given: not part of the table. */
const NEVER = new Set([
  'Coverage.objectCode',
  'Coverage.benefitDigit',
  'Coverage.benefitRate',
  'Coverage.objectCodeMatchesDigit',
  'Coverage.fiveYearsContinuousSince',
  'Coverage.copaymentExemptFrom',
  'BirthRecord.persons',
]);

/** Whether the table gives the coordinate to the application. */
export function mayRead(application: string, coordinate: string, emergency: boolean): boolean {
  return isIn([...(BY_LAW[application] ?? []), ...(emergency ? (IN_EMERGENCY[application] ?? []) : [])], coordinate);
}

/** Whether it gives the coordinate to the application for people who consent. */
export function mayReadByConsent(application: string, coordinate: string): boolean {
  return isIn(BY_CONSENT[application] ?? [], coordinate);
}

/** Whether an analysis of the application counts by the coordinate. */
export function mayCount(application: string, coordinate: string): boolean {
  return isIn(COUNTED[application] ?? [], coordinate);
}

function isIn(given: readonly string[], coordinate: string): boolean {
  if (NEVER.has(coordinate)) return false;
  const [type] = coordinate.split('.');
  return given.includes(coordinate) || given.includes(`${type}.*`);
}
