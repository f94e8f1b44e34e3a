import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createHmacSha256 } from '../../platform/hmac.ts';

test('gives what RFC 4231 gives for its keys and texts', () => {
  const short = createHmacSha256(Buffer.from('Jefe'));
  expect(short('what do ya want for nothing?', 'hex')).toBe('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843');
  const long = createHmacSha256(Buffer.alloc(131, 0xaa));
  expect(long('Test Using Larger Than Block-Size Key - Hash Key First', 'hex')).toBe(
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  );
});

test("gives what Node's own gives, whatever was hashed before", () => {
  const bytes = fc.uint8Array({ maxLength: 100 });
  fc.assert(
    fc.property(bytes, fc.array(fc.string({ unit: 'binary', maxLength: 600 }), { minLength: 1 }), (key, texts) => {
      const hmac = createHmacSha256(Buffer.from(key));
      for (const text of texts) {
        expect(hmac(text, 'base64url')).toBe(createHmac('sha256', key).update(text).digest('base64url'));
      }
    }),
  );
});
