import { z } from 'zod';

/** A witness of checkpoints: its address and its key, `name+hash+base64`. */
export interface WitnessSetting {
  readonly url: string;
  readonly key: string;
}

/** What a sequencer is told. */
export interface LedgerSettings {
  readonly databaseUrl: string | undefined;
  readonly keyFile: string | undefined;
  readonly name: string;
  readonly witnesses: readonly WitnessSetting[];
  readonly intervalMs: number | undefined;
}

/** The settings of the ledger's tree, the same for a gateway and for a sequencer of its own. */
export const LEDGER_ENVIRONMENT = {
  LEDGER_KEY_FILE: z.string().optional(),
  LEDGER_NAME: z
    .string()
    .regex(/^[^\s+]{1,100}$/u)
    .default('lien-thong-ledger'),
  LEDGER_WITNESSES: z.string().optional(),
  SEQUENCER_INTERVAL_MS: z.coerce.number().int().min(1).max(10_000).optional(),
};

const schema = z.object({ GATEWAY_DATABASE_URL: z.string().optional(), ...LEDGER_ENVIRONMENT });

/** Reads the environment of a sequencer. Throws with a sentence for what is wrong. */
export function readLedgerSettings(environment: Readonly<Record<string, string | undefined>>): LedgerSettings {
  const parsed = schema.safeParse(environment);
  if (!parsed.success) throw new Error(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}.`).join('\n'));
  const { GATEWAY_DATABASE_URL, LEDGER_KEY_FILE, LEDGER_NAME, LEDGER_WITNESSES, SEQUENCER_INTERVAL_MS } = parsed.data;
  return {
    databaseUrl: GATEWAY_DATABASE_URL,
    keyFile: LEDGER_KEY_FILE,
    name: LEDGER_NAME,
    witnesses: witnessesIn(LEDGER_WITNESSES),
    intervalMs: SEQUENCER_INTERVAL_MS,
  };
}

const httpUrl = z.url({ protocol: /^https?$/ });

/** `url=key,url=key`, as a witness prints it at its start. Throws with a sentence when it is not that. */
export function witnessesIn(text: string | undefined): readonly WitnessSetting[] {
  return (text === undefined || text === '' ? [] : text.split(',')).map((pair) => {
    const at = pair.indexOf('=');
    const url = httpUrl.safeParse(pair.slice(0, at));
    if (at < 1 || !url.success) throw new Error('LEDGER_WITNESSES has an entry that is not http://…=key: write url=key,url=key.');
    return { url: url.data, key: pair.slice(at + 1) };
  });
}
