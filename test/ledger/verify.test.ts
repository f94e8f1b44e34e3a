import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readReceipt, type Receipt } from '../../gateway/ledger/receipt.ts';
import { verifyLedger, type VerifyOptions } from '../../gateway/ledger/verify/verify.ts';
import { RECEIPT_KEYS } from './event-ledger.ts';
import { SIGNER, smallLedger, type SmallLedger } from './small-ledger.ts';

const verify = async (lines: readonly string[], options: VerifyOptions = {}) => verifyLedger(lines, { key: SIGNER, ...options });

function receiptsOf(texts: readonly string[]): readonly Receipt[] {
  return texts.map((text) => {
    const receipt = readReceipt(text);
    if (!receipt) throw new Error('It is no receipt.');
    return receipt;
  });
}

describe('a ledger of a thousand records', () => {
  let ledger: SmallLedger;
  let lines: readonly string[];
  beforeAll(async () => {
    ledger = await smallLedger();
    for (let round = 0; round < 5; round += 1) {
      await ledger.write(120, { people: round, writer: 0 });
      await ledger.write(80, { writer: 1 });
      await ledger.merge();
    }
    lines = await ledger.lines();
  });
  afterAll(async () => ledger[Symbol.asyncDispose]());

  test('is verified as it was written', async () => {
    const report = await verify(lines);
    expect(report).toMatchObject({
      ok: true,
      size: 1_000,
      checkpoints: 5,
      pruned: 0,
      tail: { records: 0 },
      findings: 0,
      keyIsPinned: true,
    });
  });

  test('shows every change of a single bit', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), fc.integer({ min: 0, max: 7 }), async (which, where, bit) => {
        const index = which % lines.length;
        const bytes = Buffer.from(`${lines[index]}\n`);
        const place = where % bytes.length;
        bytes[place] = (bytes[place] ?? 0) ^ (1 << bit);
        const text = `${lines.slice(0, index).join('\n')}\n${bytes.toString()}${lines.slice(index + 1).join('\n')}`;
        expect((await verify(text.split('\n'))).ok).toBe(false);
      }),
      { numRuns: 150 },
    );
  });

  test('shows every removal, repetition and swap of lines, and names the record where it is one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), async (some, other) => {
        const index = some % lines.length;
        const removed = await verify(lines.toSpliced(index, 1));
        expect(removed.ok).toBe(false);
        const line = JSON.parse(lines[index] ?? '') as { type: string; sequence: number; id: string };
        if (line.type === 'record')
          expect(removed.first).toMatchObject({ kind: 'removed', message: expect.stringContaining(`Record ${line.sequence} of`) });
        const repeated = await verify(lines.toSpliced(other % (lines.length + 1), 0, lines[index] ?? ''));
        expect(repeated.ok).toBe(false);
        const partner = other % lines.length;
        if (partner === index) return;
        const swapped = lines.with(index, lines[partner] ?? '').with(partner, lines[index] ?? '');
        expect((await verify(swapped)).ok).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  test('shows that a checkpoint was taken out, although the next covers the same records', async () => {
    const places = lines.flatMap((line, index) => (line.startsWith('{"type":"checkpoint"') ? [index] : []));
    expect(places).toHaveLength(5);
    for (const index of places) expect((await verify(lines.toSpliced(index, 1))).ok).toBe(false);
  });

  test('names the record whose contents were altered, whatever of it', async () => {
    const index = lines.findIndex((line) => line.startsWith('{"type":"record"') && line.includes('"sequence":333,'));
    const record = JSON.parse(lines[index] ?? '') as Record<string, string>;
    for (const change of [
      { head: record['head']?.replace('officer-017', 'officer-018') },
      { persons: '[]' },
      { application: 'bank-teller' },
      { at: '2026-11-25T08:00:00.001Z' },
      { kind: 'refusal' },
      { leaf: '00'.repeat(32) },
      { chainHash: '00'.repeat(32) },
      { salt: '00'.repeat(16) },
    ]) {
      const report = await verify(lines.with(index, JSON.stringify({ ...record, ...change })));
      expect(report.first).toMatchObject({ kind: 'altered', record: record['id'] });
    }
  });

  test('does not take the word of a ledger that was signed anew with another key', async () => {
    const other = await smallLedger();
    try {
      const report = await verify(lines.with(0, JSON.stringify({ type: 'ledger', version: 1, key: 'x+00000000+AAAA', witnesses: [] })));
      expect(report.first).toMatchObject({ kind: 'unsigned' });
    } finally {
      await other[Symbol.asyncDispose]();
    }
  });
});

describe('what no checkpoint covers yet', () => {
  test('is told, is young at first, and old when no sequencer comes', async () => {
    await using ledger = await smallLedger();
    await ledger.write(3);
    await ledger.merge();
    await ledger.write(2);
    const lines = await ledger.lines();
    const nowMs = ledger.clock.nowMs + 1_000;
    expect(await verify(lines, { nowMs })).toMatchObject({ ok: true, size: 3, tail: { records: 2 } });
    expect(await verify(lines, { nowMs: nowMs + 60_000 })).toMatchObject({ ok: false, first: { kind: 'unanchored' } });
  });

  test('cannot be removed or replaced without the receipts showing it', async () => {
    await using ledger = await smallLedger();
    await ledger.write(3);
    await ledger.merge();
    const receipts = receiptsOf(await ledger.write(2));
    const lines = await ledger.lines();
    const options = { receipts, receiptKey: RECEIPT_KEYS.publicKey };
    expect((await verify(lines, options)).ok).toBe(true);
    expect((await verify(lines.slice(0, -1))).ok).toBe(true);
    const cut = await verify(lines.slice(0, -1), options);
    expect(cut).toMatchObject({ ok: false, first: { kind: 'removed', message: expect.stringContaining('record 5 of one/1') } });
    const [last] = receipts.slice(-1);
    const forged = { ...last, sequence: 9 } as Receipt;
    expect((await verify(lines, { ...options, receipts: [forged] })).first).toMatchObject({ kind: 'unsigned' });
  });
});
