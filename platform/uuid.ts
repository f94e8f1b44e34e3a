/** Whether a text has the form of a UUID (RFC 9562, section 4), so that a database can be asked for it. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}
