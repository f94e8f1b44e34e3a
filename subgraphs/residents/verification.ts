/** What somebody says of themselves. */
export interface ClaimedIdentity {
  readonly idNumber: string;
  readonly fullName: string;
  readonly dateOfBirth: string;
}

export interface IdentityVerification {
  readonly fullName: 'MATCH' | 'NO_MATCH';
  readonly dateOfBirth: 'MATCH' | 'NO_MATCH';
}

/**
 * Compares a claim with what the register holds, null when it holds nobody: that gives what a wrong name gives, so that neither existence
 * nor a date of birth can be probed. The date counts only once the name matched.
 */
export function verifyIdentity(
  held: { readonly fullName: string; readonly dateOfBirth: string } | null,
  claimed: ClaimedIdentity,
): IdentityVerification {
  const nameMatches = comparable(claimed.fullName) === comparable(held?.fullName ?? '') && held !== null;
  const dateMatches = nameMatches && held.dateOfBirth === claimed.dateOfBirth;
  return { fullName: nameMatches ? 'MATCH' : 'NO_MATCH', dateOfBirth: dateMatches ? 'MATCH' : 'NO_MATCH' };
}

/** Names are the same whatever their case, spacing and Unicode form: keyboards produce both composed and decomposed Vietnamese. */
function comparable(name: string): string {
  return name.normalize('NFC').trim().replace(/\s+/gu, ' ').toLocaleLowerCase('vi').normalize('NFC');
}
