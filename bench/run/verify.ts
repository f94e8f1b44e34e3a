import { isDeepStrictEqual } from 'node:util';
import { requestBody, REQUESTS_PER_WORK, type Work } from '../work/documents.ts';
import type { Withheld } from '../targets/target.ts';
import { expectedData } from '../work/expected.ts';

/** Requests compared for each target and work, spread over all that the load generator sends. */
const SAMPLES = 16;
const TIMEOUT_MS = 10_000;

/**
 * Rejects unless the target answers samples of the work with exactly the data it may give, and with an error for each value withheld. Gives the mean size of the bodies, bytes.
 */
export async function verify(url: string, headers: Readonly<Record<string, string>>, work: Work, withheld?: Withheld): Promise<number> {
  let bytes = 0;
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const index = Math.floor((sample * REQUESTS_PER_WORK) / SAMPLES);
    const { status, text } = await send(url, headers, requestBody(work, index));
    const answer = JSON.parse(text) as { data?: unknown; errors?: readonly unknown[] };
    const expected = expectedData(work, index, withheld);
    if (status !== 200 || (answer.errors?.length ?? 0) !== expected.withheld)
      throw new Error(`${work.name} was answered with ${status} ${text.slice(0, 600)}`);
    if (!isDeepStrictEqual(answer.data, expected.data)) {
      throw new Error(`${work.name}, request ${index}: the answer is not the data. Answered: ${text.slice(0, 600)}`);
    }
    bytes += Buffer.byteLength(text);
  }
  return bytes / SAMPLES;
}

export async function send(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  return { status: response.status, text: await response.text() };
}
