/**
 * JSON with the members of every object in order of their names (by UTF-16 code units, as RFC 8785 has it), without white space: the same
 * bytes for the same value on every machine. For signing and hashing values of texts, whole numbers, truths, lists and objects.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
