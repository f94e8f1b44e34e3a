import { isIdNumber } from '../../platform/id-number.ts';
import type { FindFamily } from './minors.ts';

/** Whether a text can be the key of a person in the graph that is served. */
export type IsPersonKey = (text: string) => boolean;

const KEY_LENGTH_MAX = 200;

/** In our own graph people are told apart by ID numbers; somebody else's has keys of its own kind. */
export function personKeys(isForeign: boolean): IsPersonKey {
  return isForeign ? (text) => text !== '' && text.length <= KEY_LENGTH_MAX && !/\p{Cc}/u.test(text) : isIdNumber;
}

/**
 * A foreign graph says nothing of ages and parents that the gateway could read. Whoever notes a consent there has made sure of them; nobody
 * can act for somebody else.
 */
export const noCivilStatus: FindFamily = async () => ({ kind: 'family', dateOfBirth: undefined, representatives: new Set() });
