import * as fc from 'fast-check';

/**
 * The seed of all property tests. It stays the same, so that a change is judged by itself and not by its luck; PROPERTY_SEED sets another, and
 * other cases are found by running with many.
 */
const seed = Number(process.env['PROPERTY_SEED'] ?? 1);

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
