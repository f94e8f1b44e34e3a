/** Where a command finds the gateway and its keys, and where it prints. */
export interface CommandSettings {
  /** Origin (and path, behind a proxy) of the gateway, without a slash at the end. */
  readonly gatewayUrl: string;
  readonly dataDir: string;
  readonly output: CommandOutput;
}

export interface CommandOutput {
  /** Width of the terminal; undefined when there is none. */
  readonly columns: number | undefined;
  /** Writes to stdout, which carries results and nothing else. */
  readonly write: (text: string) => void;
}

/** Reads `GATEWAY_URL`, or else `PORT`, and `DATA_DIR`. Throws with a sentence when one has a value that it cannot have. */
export function readCommandSettings(env: Readonly<Record<string, string | undefined>>, output: CommandOutput): CommandSettings {
  return { gatewayUrl: readGatewayUrl(env['GATEWAY_URL'], env['PORT']), dataDir: nonEmpty(env['DATA_DIR']) ?? '.data', output };
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
