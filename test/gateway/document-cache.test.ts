import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { LIMITS } from '../../gateway/limits.ts';
import { createDocumentCache } from '../../gateway/stages/admit.ts';

test('many different documents, each as large as may be, do not fill the memory', () => {
  const cache = createDocumentCache({ ...LIMITS, documentCacheCharactersMax: 10_000 });
  for (let salt = 0; salt < 100; salt += 1) cache.set(String(salt), parse(`{ f${salt} } #${'x'.repeat(1_000)}`));
  expect(cache.size).toBeLessThan(10);
  expect(cache.get('99')).toBeDefined();
  cache.set('larger than all', parse(`{ f } #${'x'.repeat(20_000)}`));
  expect(cache.get('larger than all')).toBeUndefined();
  expect(cache.get('99')).toBeDefined();
});
