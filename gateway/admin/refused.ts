/** Something that was asked for and is not done: the message is for people, the code for programs (`--json` prints both). */
export class RefusedError extends Error {
  readonly code: string;

  constructor({ code, message }: { readonly code: string; readonly message: string }) {
    super(message);
    this.name = 'RefusedError';
    this.code = code;
  }
}
