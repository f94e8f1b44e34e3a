import type { AssuranceLevel } from '../policy/decision.ts';

/** The `acr` (OpenID Connect Core 1.0, section 2) of a login with an electronic identity of level 1 or 2 (Decree 69/2024). */
export const ACR_OF_LEVEL = { 1: 'urn:lien-thong:assurance:1', 2: 'urn:lien-thong:assurance:2' } as const;

/** The level that an `acr` claim states; the lowest for one that is unknown or absent. */
export function assuranceOf(acr: unknown): AssuranceLevel {
  if (acr === ACR_OF_LEVEL[2]) return 2;
  return acr === ACR_OF_LEVEL[1] ? 1 : 0;
}
