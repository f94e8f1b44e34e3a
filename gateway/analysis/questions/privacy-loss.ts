import { rulesFor, UNITS } from '../disclosure/parameters.ts';

/**
 * Accounting of differential privacy. Losses are added up as zero-concentrated ones, ρ (Bun and Steinke 2016: ρ of several answers is their sum, Lemma 2.3; a
 * Gaussian of variance σ² on what one person moves by one is 1 / 2σ², Lemma 2.4; discrete Gaussians alike, Canonne, Kamath and Steinke 2020, Theorem 4), and shown as
 * (ε, δ).
 */

/** Of (ε, δ): less than one in the largest population there is. */
export const DELTA = 1e-9;

/** The loss that a unit of budget is: one count with the noise of {@link rulesFor} all units. */
export const RHO_PER_UNIT = 1 / (2 * rulesFor(UNITS).sigma ** 2);

/** ε of a loss at {@link DELTA}: ρ + 2 √(ρ ln(1 / δ)) (Bun and Steinke 2016, Proposition 1.3). */
export function epsilonOf(rho: number): number {
  return rho + 2 * Math.sqrt(rho * Math.log(1 / DELTA));
}

/** The loss that an ε allows: {@link epsilonOf} the other way round. */
export function rhoOf(epsilon: number): number {
  const log = Math.log(1 / DELTA);
  return (Math.sqrt(log + epsilon) - Math.sqrt(log)) ** 2;
}

/** Variance of the noise, a whole number, with which `parts` numbers that one person moves by one each lose `rho` together. */
export function varianceFor(rho: number, parts: number): number {
  return Math.ceil(parts / (2 * rho));
}
