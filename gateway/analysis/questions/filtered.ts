import type { Noise } from '../disclosure/cell-key.ts';
import type { DisclosureRules } from '../disclosure/parameters.ts';
import { sampleDiscreteGaussian } from './discrete-gaussian.ts';
import { rhoOf, varianceFor } from './privacy-loss.ts';
import type { Question } from './question.ts';

/** Beyond so many standard deviations a Gaussian comes once in a hundred million draws: where a table's phantoms stop being counted. */
const TAIL_SIGMAS = 6;

/**
 * The rules of a table that an analyst filtered: noise by what the question's ε allows, shared equally by the count and the measures. It has no end, so nothing
 * follows for certain from such a table, and it is held against no other.
 */
export function filteredRules(question: Question, rules: DisclosureRules): DisclosureRules {
  const variance = varianceFor(rhoOf(question.epsilon ?? 0), 1 + question.measures.length);
  const sigma = Math.sqrt(variance);
  return { ...rules, sigma, bound: Math.ceil(TAIL_SIGMAS * sigma), hasEnd: false };
}

/**
 * Noise from the discrete Gaussian, drawn anew and by nobody to be found again. A question gets it once: its release is kept (questions.ts).
 */
export function filteredNoise(): Noise {
  return (_of, law) => sampleDiscreteGaussian(BigInt(Math.ceil(law.variance)));
}
