import type { IdNumber } from '../../platform/id-number.ts';
import type { Province } from './provinces.ts';

/** A synthetic person as all registers agree on them. What only one register knows, it draws for itself. */
export interface Person {
  readonly index: number;
  readonly idNumber: IdNumber;
  /** Surname, middle and given name (họ, chữ đệm và tên). */
  readonly fullName: string;
  readonly sex: 'MALE' | 'FEMALE';
  readonly dateOfBirth: string;
  /** Three digits of the table of 63: where the birth was registered. Never an address. */
  readonly registrationCode: string;
  /** Indices of people who are in the population; null when unknown, or not in it. Parents are 18 to 45 years older. */
  readonly motherIndex: number | null;
  readonly fatherIndex: number | null;
  /** Who answers for a minor without a living parent known; null for everyone else. */
  readonly guardianIndex: number | null;
  /** The spouse while both live and are married to each other: then theirs is this person. */
  readonly spouseIndex: number | null;
  readonly maritalStatus: 'SINGLE' | 'MARRIED' | 'DIVORCED' | 'WIDOWED';
  /** The person's marriage, whether it lasts or not. */
  readonly marriage: Marriage | null;
  readonly status: 'ALIVE' | 'DECEASED' | 'MISSING';
  /** Day of death or of going missing; null for the living. */
  readonly statusSince: string | null;
  /** Day of death; null for everyone else. */
  readonly dateOfDeath: string | null;
  /** Province of the current residence; null when none is known, and for the dead and missing. Drawn apart from `registrationCode`. */
  readonly province: Province | null;
  /** Head of the household lived in, possibly this person; null for the dead and missing, and for minors whom nobody is left to take in. */
  readonly headIndex: number | null;
}

export interface Marriage {
  readonly wifeIndex: number;
  readonly husbandIndex: number;
  readonly marriedOn: string;
  readonly endedOn: string | null;
  readonly endedBy: 'DIVORCE' | 'DEATH' | null;
}
