import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createBreaker } from '../../gateway/execution/breaker.ts';

function breakerAt(clock: () => number) {
  const changes: boolean[] = [];
  const breaker = createBreaker({ failuresMax: 3, openMs: 100, clock, changed: (isOpen) => void changes.push(isOpen) });
  return { breaker, changes };
}

test('opens after failures in a row, and an answer between them starts the count anew', () => {
  const { breaker, changes } = breakerAt(() => 0);
  breaker.failed();
  breaker.failed();
  breaker.succeeded();
  breaker.failed();
  breaker.failed();
  expect(breaker.admits()).toBe(true);
  breaker.failed();
  expect(breaker.admits()).toBe(false);
  expect(changes).toEqual([true]);
});

test('lets one call try when its time is over, and no other meanwhile', () => {
  let now = 0;
  const { breaker, changes } = breakerAt(() => now);
  for (let count = 0; count < 3; count += 1) breaker.failed();
  now = 99;
  expect(breaker.admits()).toBe(false);
  now = 100;
  expect([breaker.admits(), breaker.admits()]).toEqual([true, false]);
  breaker.failed();
  now = 199;
  expect(breaker.admits()).toBe(false);
  now = 200;
  expect(breaker.admits()).toBe(true);
  breaker.succeeded();
  expect([breaker.admits(), breaker.admits()]).toEqual([true, true]);
  expect(changes).toEqual([true, false]);
});

test('lets the next call try when the one that tried told nothing', () => {
  let now = 0;
  const { breaker } = breakerAt(() => now);
  for (let count = 0; count < 3; count += 1) breaker.failed();
  now = 100;
  expect(breaker.admits()).toBe(true);
  breaker.abandoned();
  expect(breaker.admits()).toBe(true);
});

test('stays open no longer for calls that began before it opened and fail late', () => {
  let now = 0;
  const { breaker } = breakerAt(() => now);
  for (let count = 0; count < 3; count += 1) breaker.failed();
  now = 90;
  for (let count = 0; count < 5; count += 1) breaker.failed();
  now = 100;
  expect(breaker.admits()).toBe(true);
});

test('whatever happens, an answer closes it and time always lets somebody try', () => {
  const event = fc.constantFrom('ask', 'succeed', 'fail', 'abandon', 'wait');
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      let now = 0;
      const { breaker, changes } = breakerAt(() => now);
      let underWay = 0;
      for (const what of events) {
        if (what === 'wait') now += 60;
        else if (what === 'ask') underWay += breaker.admits() ? 1 : 0;
        else if (underWay > 0) {
          underWay -= 1;
          if (what === 'succeed') breaker.succeeded();
          else if (what === 'fail') breaker.failed();
          else breaker.abandoned();
        }
        if (what === 'succeed' && changes.at(-1) === true) expect(breaker.isOpen).toBe(true);
      }
      for (; underWay > 0; underWay -= 1) breaker.abandoned();
      now += 1_000;
      expect(breaker.admits()).toBe(true);
      breaker.succeeded();
      expect(breaker.isOpen).toBe(false);
      // Told of every change, and of nothing twice.
      expect(changes).toEqual(changes.map((_, index) => index % 2 === 0));
    }),
  );
});
