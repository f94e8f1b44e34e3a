import { pino, type DestinationStream, type Logger } from 'pino';

export type { Logger } from 'pino';

/** Twelve digits in a row, alone or inside a longer run, may be a person. They never reach a log line or an error. */
const DIGIT_RUN = /\d{9,}/g;

/** Replaces every run of nine or more digits (an ID number, a phone or card number) by `[number]`. */
export function redactNumbers(text: string): string {
  return text.replace(DIGIT_RUN, '[number]');
}

/**
 * The process's logger: JSON lines on stdout, or into `destination` for tests. Tokens, seals, variables and bodies are dropped by path,
 * and every message and error text has its digit runs removed, so that a person is not written down by accident.
 */
export function createLog(name: string, level: string, destination?: DestinationStream): Logger {
  const options = {
    name,
    level,
    redact: {
      paths: ['req.headers', 'headers', 'authorization', 'token', 'variables', 'body', 'query', '*.authorization', '*.variables', '*.body'],
      censor: '[redacted]',
    },
    serializers: { err: serializeError, error: serializeError },
    hooks: {
      logMethod(this: Logger, args: Parameters<Logger['info']>, method: (...args: Parameters<Logger['info']>) => void): void {
        method.apply(this, args.map((part) => (typeof part === 'string' ? redactNumbers(part) : part)) as Parameters<Logger['info']>);
      },
    },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

function serializeError(error: unknown): unknown {
  if (!(error instanceof Error)) return redactNumbers(String(error));
  return {
    type: error.name,
    message: redactNumbers(error.message),
    stack: redactNumbers(error.stack ?? ''),
    ...(error.cause === undefined ? {} : { cause: serializeError(error.cause) }),
  };
}
