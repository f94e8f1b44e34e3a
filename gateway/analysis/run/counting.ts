import { mergeInto, emptyAccumulator, readAccumulator, writeAccumulator } from '../accumulator.ts';
import type { Analysis } from '../definition.ts';
import { createRecordKeys } from '../disclosure/cell-key.ts';
import { layOut, rawTableOf, tabulate, withheldOf } from '../tabulate.ts';
import type { Trees } from '../trees.ts';
import type { Counting } from './model.ts';

/** Counts as a checked definition says. `secret` is key material that only gateways hold: people's keys to the noise of their cells come of it. */
export function createCounting(analysis: Analysis, trees: Trees, secret: Buffer): Counting {
  const { definition, registers } = analysis;
  return {
    register: definition.population,
    registers,
    secondChecker: definition.secondChecker,
    begin({ filters: where }, { snapshot, day }) {
      const recordKeyOf = createRecordKeys(secret, definition.population, snapshot);
      const tabulation = layOut(analysis, trees, day);
      const accumulator = emptyAccumulator();
      return {
        add({ data, idNumbers, withheld }) {
          const recordKeys = idNumbers.map(recordKeyOf);
          tabulate(tabulation, accumulator, { data, idNumbers, recordKeys, withheld: withheldOf(tabulation, withheld), where });
        },
        merge: (written) => mergeInto(accumulator, readAccumulator(written)),
        write: () => writeAccumulator(accumulator),
        table: () => rawTableOf(tabulation, accumulator),
      };
    },
  };
}
