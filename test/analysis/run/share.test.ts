import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createInteractiveWatch } from '../../../gateway/analysis/run/interactive.ts';
import { runSeal } from '../../../gateway/analysis/run/seal.ts';
import { createShare } from '../../../gateway/analysis/run/share.ts';
import type { Pipeline } from '../../../gateway/pipeline.ts';

const QUIET = { besideMs: undefined, alone: 2 };
const SLOWED = { besideMs: 40, alone: 2 };

describe('the share of a gateway that analyses take', () => {
  it('is never more than what was stated, whatever is seen', () => {
    const latency = fc.option(fc.double({ min: 0, max: 1e4, noNaN: true }), { nil: undefined });
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        fc.array(fc.record({ besideMs: latency, alone: latency })),
        (most, seen) => {
          const share = createShare(most);
          for (const one of seen) {
            const restMs = share.restAfter(100, one);
            expect(100 / (100 + restMs)).toBeLessThanOrEqual(most + 1e-9);
            expect(share.current()).toBeGreaterThan(0);
          }
        },
      ),
    );
  });

  it('falls by half when requests of people take clearly longer beside a range, and rises again when they do not', () => {
    const share = createShare(0.5);
    expect(share.restAfter(100, QUIET)).toBe(100);
    share.restAfter(100, SLOWED);
    expect(share.current()).toBe(0.25);
    for (let times = 0; times < 10; times += 1) share.restAfter(100, QUIET);
    expect(share.current()).toBe(0.5);
  });

  it('does not fall for what a timer is off by', () => {
    const share = createShare(0.5);
    share.restAfter(100, { besideMs: 4, alone: 1 });
    expect(share.current()).toBe(0.5);
  });
});

describe('the latency of requests of people', () => {
  it('is told apart by whether a range was under way in some of it', async () => {
    const watch = createInteractiveWatch();
    const gates: (() => void)[] = [];
    const answered = { status: 200, headers: {}, body: Buffer.from('{}'), code: 'OK' };
    const pipeline = watch.watching({
      answer: async () => {
        await new Promise<void>((resolve) => gates.push(resolve));
        return answered;
      },
      ask: async () => answered,
    } satisfies Pipeline);
    const ask = async (): Promise<unknown> => pipeline.answer({} as never, 'application/json');
    const alone = ask();
    gates.pop()?.();
    await alone;
    expect(watch.take()).toEqual({ besideMs: undefined, alone: expect.any(Number) });
    // A range begins and ends while the request is under way.
    const beside = ask();
    await watch.beside(async () => undefined);
    gates.pop()?.();
    await beside;
    expect(watch.take()).toEqual({ besideMs: expect.any(Number), alone: expect.any(Number) });
    expect(watch.take().besideMs).toBeUndefined();
  });
});

describe('the seal of what was counted', () => {
  const run = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
  it('opens for the same run and range only, and not when a byte was changed', () => {
    const seal = runSeal(Buffer.alloc(32, 1), run);
    const sealed = seal.close(1, 'counts');
    expect(seal.open(1, sealed)).toBe('counts');
    expect(sealed.toString('latin1')).not.toContain('counts');
    expect(() => seal.open(2, sealed)).toThrow();
    expect(() => runSeal(Buffer.alloc(32, 1), `${run.slice(0, -1)}0`).open(1, sealed)).toThrow();
    expect(() => runSeal(Buffer.alloc(32, 2), run).open(1, sealed)).toThrow();
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => seal.open(1, changed)).toThrow();
    }
  });
});
