import { z } from 'zod';
import type { TlsFiles } from './tls.ts';

/** Settings that are wrong; `message` has one line for each and says what to set. */
export class ConfigError extends Error {}

const httpUrl = z.url({ protocol: /^https?$/ });

/** Settings of how a gateway is run, whatever it serves, by their environment variables. */
export const OPERATION_SETTINGS = {
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl.optional(),
  TLS_CERT_FILE: z.string().optional(),
  TLS_KEY_FILE: z.string().optional(),
  TLS_CLIENT_CA_FILE: z.string().optional(),
  COMPRESSION: z.enum(['on', 'off']).default('on'),
  NOTICE_WEBHOOK_URL: httpUrl.optional(),
  NOTICE_WEBHOOK_KEY_FILE: z.string().optional(),
  QUOTA_TIME_ZONE: z.string().refine(isTimeZone, 'is no time zone; write one like Asia/Ho_Chi_Minh').optional(),
} as const;

/** How a gateway is run, whatever it serves. */
export interface OperationConfig {
  /** Where traces and metrics go by OTLP. */
  readonly otlpEndpoint?: string | undefined;
  readonly tls?: TlsFiles | undefined;
  readonly compresses: boolean;
}

export interface OperationSettings {
  readonly operation: OperationConfig;
  /** Where the days of quotas begin and hours are usual or not, an IANA name. */
  readonly timeZone: string | undefined;
  /** Where messages to people are handed over, and the file with the key that signs them. */
  readonly webhook: { readonly url: string; readonly keyFile: string } | undefined;
}

type Settings = z.infer<z.ZodObject<typeof OPERATION_SETTINGS>>;

/** Reads them once they are known to be right. Throws a ConfigError for one without the other that belongs to it. */
export function operationOf(settings: Settings): OperationSettings {
  return {
    operation: {
      otlpEndpoint: settings.OTEL_EXPORTER_OTLP_ENDPOINT,
      tls: tlsOf(settings),
      compresses: settings.COMPRESSION === 'on',
    },
    timeZone: settings.QUOTA_TIME_ZONE,
    webhook: webhookOf(settings),
  };
}

function tlsOf({ TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile, TLS_CLIENT_CA_FILE: clientCaFile }: Settings): TlsFiles | undefined {
  if (certFile === undefined && keyFile === undefined && clientCaFile === undefined) return undefined;
  if (certFile === undefined || keyFile === undefined) {
    throw new ConfigError('TLS_CERT_FILE and TLS_KEY_FILE belong together: set both, or neither.');
  }
  return { certFile, keyFile, clientCaFile };
}

function webhookOf({ NOTICE_WEBHOOK_URL: url, NOTICE_WEBHOOK_KEY_FILE: keyFile }: Settings): OperationSettings['webhook'] {
  if (url === undefined && keyFile === undefined) return undefined;
  if (url === undefined || keyFile === undefined) {
    throw new ConfigError('NOTICE_WEBHOOK_URL and NOTICE_WEBHOOK_KEY_FILE belong together: set both, or neither.');
  }
  return { url, keyFile };
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
