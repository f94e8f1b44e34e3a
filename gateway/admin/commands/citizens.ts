import { callAdmin } from '../client.ts';
import type { CommandSettings } from '../command-settings.ts';

/** Prints `count` ID numbers of synthetic citizens, one a line. Rejects with a sentence. */
export async function citizens(settings: CommandSettings, count: number, json: boolean): Promise<void> {
  const { citizens: numbers } = await callAdmin<{ readonly citizens: readonly string[] }>(
    settings,
    'query Citizens($count: Int!) { citizens(count: $count) }',
    { count },
  );
  settings.output.write(json ? `${JSON.stringify(numbers)}\n` : numbers.map((number) => `${number}\n`).join(''));
}
