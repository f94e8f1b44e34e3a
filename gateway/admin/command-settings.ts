/** Where a command finds the gateway and its keys, and where it prints. */
export interface CommandSettings {
  /** Origin (and path, behind a proxy) of the gateway, without a slash at the end. */
  readonly gatewayUrl: string;
  readonly dataDir: string;
  /** The officer who acts, as `--as` names one: `agency/officer`, or the officer alone where one agency has such a one. */
  readonly as?: string | undefined;
  /** File with the private JWK that its holder signs steps with, where the installation has no keys. */
  readonly signingKeyFile?: string | undefined;
  /** File with an access token of an administrator's login, where the installation has no keys. */
  readonly tokenFile?: string | undefined;
  readonly output: CommandOutput;
}

export interface CommandOutput {
  /** Width of the terminal; undefined when there is none. */
  readonly columns: number | undefined;
  /** Writes to stdout, which carries results and nothing else. */
  readonly write: (text: string) => void;
  /** Where progress is shown to people; undefined where nobody looks. */
  readonly progress?: NodeJS.WriteStream | undefined;
}

/** Reads `GATEWAY_URL`, or else `PORT`, `DATA_DIR`, `ADMIN_TOKEN_FILE` and `SIGNING_KEY_FILE`. Throws with a sentence when one has a value that it cannot have. */
export function readCommandSettings(
  env: Readonly<Record<string, string | undefined>>,
  output: CommandOutput,
  as?: string,
): CommandSettings {
  return {
    gatewayUrl: readGatewayUrl(env['GATEWAY_URL'], env['PORT']),
    dataDir: nonEmpty(env['DATA_DIR']) ?? '.data',
    as,
    tokenFile: nonEmpty(env['ADMIN_TOKEN_FILE']),
    signingKeyFile: nonEmpty(env['SIGNING_KEY_FILE']),
    output,
  };
}

function readGatewayUrl(url: string | undefined, port: string | undefined): string {
  const given = nonEmpty(url);
  if (given === undefined) {
    const number = nonEmpty(port) ?? '4000';
    if (!/^\d{1,5}$/.test(number) || Number(number) > 65_535) throw new Error('PORT is a number from 0 to 65535. Correct it.');
    return `http://127.0.0.1:${number}`;
  }
  if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol)) {
    throw new Error('GATEWAY_URL is an address like http://127.0.0.1:4000. Correct it.');
  }
  return given.replace(/\/+$/, '');
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text.trim();
}
