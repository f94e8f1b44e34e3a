import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addressOf, documentIdOf, textOfContent } from '../../gateway/operations/content.ts';
import { checkState } from '../../gateway/ledger/verify/state.ts';
import { signOperationStatement } from '../../gateway/operations/statement.ts';
import { hashOf } from '../../gateway/rules/signature.ts';
import { deskMay, REGISTRY } from '../rules/harness.ts';
import { DOCUMENT, NAMES, outcomeOf, RULES, startOperationsUnderTest, VISITS, type OperationsUnderTest } from './harness.ts';

let operations: OperationsUnderTest;
let nowMs = 0;
beforeEach(async () => {
  nowMs = Date.parse('2026-11-25T08:00:00Z');
  operations = await startOperationsUnderTest(() => nowMs);
});
afterEach(async () => operations[Symbol.asyncDispose]());

/** The desk may count people by name, where they consent. */
const COUNTING = {
  'counting.cedar': ['Query.person', 'Person.name']
    .map((field, index) => {
      const basis = index === 0 ? '@basis("ART_19_1_C")\n@reference("a law")' : '@basis("CONSENT")';
      const scope = `principal == Application::"desk", action == Action::"aggregate", resource == Field::"${field}"`;
      return `@id("count-${index}")\n${basis}\npermit (${scope}) when { context.purpose == "care" };\n`;
    })
    .join('\n'),
  'cases/counting.yaml': ['Query.person', 'Person.name']
    .map((field, index) => {
      const about = `application: desk, purpose: care, coordinate: ${field}`;
      const counts = `- { name: ${field} is counted, ${about}, action: aggregate, expect: ${index === 0 ? 'law' : 'consent'}, policy: count-${index} }`;
      return `${counts}\n- { name: ${field} is not written, ${about}, action: write, expect: refused, policy: none }\n`;
    })
    .join(''),
};

const DESK = { application: 'desk', purpose: 'care' } as never;

describe('an operation', () => {
  it("is proposed by the application's own agency, or nationally", async () => {
    expect(outcomeOf(await operations.propose('clinic/nurse', NAMES))).toBe('NOT_YOURS');
    expect(outcomeOf(await operations.propose('office/owner', NAMES))).toBe('NOT_YOURS');
    expect(outcomeOf(await operations.propose('clinic/editor', NAMES))).toBe('proposed');
    expect(outcomeOf(await operations.propose('office/national', NAMES))).toBe('ALREADY_PROPOSED');
  });

  it('is approved by another human being who owns the data, and by nobody else', async () => {
    expect(outcomeOf(await operations.propose('office/national', NAMES))).toBe('proposed');
    expect(outcomeOf(await operations.step('office/national', 'approve', NAMES))).toBe('AUTHOR_MAY_NOT_APPROVE');
    expect(outcomeOf(await operations.step('office/double', 'approve', NAMES))).toBe('SAME_PERSON');
    expect(outcomeOf(await operations.step('clinic/health-owner', 'approve', NAMES))).toBe('NOT_YOUR_DATA');
    expect(outcomeOf(await operations.step('office/auditor', 'approve', NAMES))).toBe('NOT_YOUR_DATA');
    expect(outcomeOf(await operations.step('office/second', 'approve', NAMES))).toBe('proposed');
    expect(operations.service.runnable(documentIdOf(DOCUMENT), DESK)).toMatchObject({ code: 'OPERATION_NOT_APPROVED' });
    expect(outcomeOf(await operations.step('office/owner', 'approve', NAMES))).toBe('approved');
    expect(operations.service.runnable(documentIdOf(DOCUMENT), DESK)).toMatchObject({ name: 'names', document: DOCUMENT });
  });

  it('of two registers needs both owners', async () => {
    expect(outcomeOf(await operations.propose('clinic/editor', VISITS))).toBe('proposed');
    expect(outcomeOf(await operations.step('office/owner', 'approve', VISITS))).toBe('proposed');
    expect(operations.service.find('visits', 'operation')?.standing.missing).toEqual(['the data owner clinic']);
    expect(outcomeOf(await operations.step('clinic/health-owner', 'approve', VISITS))).toBe('approved');
  });

  it('is not approved by somebody whose role was revoked before the last approval', async () => {
    await operations.propose('clinic/editor', VISITS);
    expect(outcomeOf(await operations.step('office/owner', 'approve', VISITS))).toBe('proposed');
    operations.rules.changeRegistry(
      REGISTRY.replace(' owner: { role: supervisor, administers: [data-owner] }', ' owner: { role: supervisor }'),
    );
    expect(outcomeOf(await operations.step('clinic/health-owner', 'approve', VISITS))).toBe('proposed');
    expect(operations.service.find('visits', 'operation')?.standing.missing).toEqual(['the data owner office']);
    expect(outcomeOf(await operations.step('office/double', 'approve', VISITS))).toBe('approved');
  });

  it('is rejected or suspended by those who answer for it, and then proposed anew', async () => {
    await operations.propose('clinic/editor', NAMES);
    expect(outcomeOf(await operations.step('office/auditor', 'reject', NAMES))).toBe('NOT_YOUR_DATA');
    expect(outcomeOf(await operations.step('office/owner', 'suspend', NAMES))).toBe('NOT_WAITING');
    expect(outcomeOf(await operations.step('office/owner', 'reject', NAMES))).toBe('rejected');
    nowMs += 1;
    expect(outcomeOf(await operations.propose('clinic/editor', NAMES))).toBe('proposed');
    expect(outcomeOf(await operations.step('office/owner', 'approve', NAMES))).toBe('approved');
    expect(outcomeOf(await operations.step('clinic/editor', 'suspend', NAMES))).toBe('suspended');
    expect(operations.service.runnable(documentIdOf(DOCUMENT), DESK)).toMatchObject({ code: 'OPERATION_NOT_APPROVED' });
  });

  it('is compared with the ledger: whoever has the database takes no suspension away, and alters no text, unseen', async () => {
    await operations.propose('clinic/editor', NAMES);
    await operations.step('office/owner', 'approve', NAMES);
    expect(outcomeOf(await operations.step('clinic/editor', 'suspend', NAMES))).toBe('suspended');
    const { database } = operations.rules;
    expect((await checkState(database)).differences).toEqual([]);
    const last = '(SELECT max(number) FROM operation_steps)';
    for (const [alteration, difference] of [
      [`DELETE FROM operation_steps WHERE number = ${last}`, 'are missing'],
      [`UPDATE operation_steps SET signature = 'AAAA' WHERE number = ${last}`, 'was altered'],
      [`UPDATE operation_steps SET key_id = 'another' WHERE number = ${last}`, 'was altered'],
      [`UPDATE operation_steps SET kind = 'reject' WHERE number = ${last}`, 'is not in the ledger'],
      [`UPDATE operation_steps SET statement = replace(statement, '2026', '2025') WHERE number = ${last}`, 'was altered'],
      [`UPDATE operation_contents SET content = replace(content, 'hello', 'goodbye')`, 'content or report'],
      [`UPDATE operation_reports SET report = report || ' '`, 'content or report'],
      [`UPDATE policy_steps SET signature = 'AAAA'`, 'policies was altered'],
    ] as const) {
      await database.query({ text: 'BEGIN' });
      for (const table of ['operation_steps', 'operation_contents', 'operation_reports', 'policy_steps'])
        await database.query({ text: `ALTER TABLE ${table} DISABLE TRIGGER USER` });
      await database.query({ text: alteration });
      const { ok, differences } = await checkState(database);
      await database.query({ text: 'ROLLBACK' });
      expect({ alteration, ok, differences }).toEqual({ alteration, ok: false, differences: [expect.stringContaining(difference)] });
    }
  });

  it('is approved for a time', async () => {
    const until = (days: number): { expiresAt: string } => ({ expiresAt: new Date(nowMs + days * 86_400_000).toISOString() });
    expect(outcomeOf(await operations.propose('clinic/editor', NAMES, until(0)))).toBe('EXPIRY_INVALID');
    expect(outcomeOf(await operations.propose('clinic/editor', NAMES, until(731)))).toBe('EXPIRY_INVALID');
    expect(outcomeOf(await operations.propose('clinic/editor', NAMES, until(2)))).toBe('proposed');
    expect(outcomeOf(await operations.step('office/owner', 'approve', NAMES))).toBe('approved');
    nowMs += 2 * 86_400_000;
    expect(operations.service.find('names', 'operation')).toMatchObject({ state: 'expired' });
    expect(operations.service.runnable(documentIdOf(DOCUMENT), DESK)).toMatchObject({ code: 'OPERATION_NOT_APPROVED' });
  });

  it('is not approved by who saw another report than its author signed', async () => {
    await operations.propose('clinic/editor', NAMES);
    await operations.rules.enact({ ...RULES, ...deskMay('Person.name', 'names', '@basis("ART_19_1_C")\n@reference("a law")') });
    expect(outcomeOf(await operations.step('office/owner', 'approve', NAMES))).toBe('REPORT_CHANGED');
  });

  it('gives its name to no other application meanwhile', async () => {
    await operations.propose('clinic/editor', NAMES);
    await operations.rules.enact({
      ...RULES,
      ...deskMay('Person.name', 'portal-names', undefined, 'portal'),
      ...deskMay('Query.person', 'portal-look-up', '@basis("ART_19_1_C")\n@reference("a law")', 'portal'),
    });
    expect(outcomeOf(await operations.propose('office/national', { ...NAMES, application: 'portal' }))).toBe('NAME_TAKEN');
  });

  it('that is an analysis is found by its name and run by no document id', async () => {
    await operations.rules.enact({ ...RULES, ...COUNTING });
    const analysis = { ...NAMES, kind: 'analysis', name: 'counted', analysis: { population: 'people' } } as const;
    expect(await operations.propose('clinic/editor', { ...analysis, analysis: {} })).toMatchObject({
      problems: ['The population is not known.'],
    });
    expect(outcomeOf(await operations.propose('clinic/editor', analysis))).toBe('proposed');
    expect(outcomeOf(await operations.step('office/owner', 'approve', analysis))).toBe('approved');
    expect(operations.service.find('counted', 'analysis')).toMatchObject({ state: 'approved', report: { action: 'aggregate' } });
    expect(operations.service.find('counted', 'operation')).toBeUndefined();
    expect(operations.service.runnable(documentIdOf(DOCUMENT), DESK)).toMatchObject({ code: 'OPERATION_NOT_APPROVED' });
  });
});

describe('rows of the tables', () => {
  const content = textOfContent({ ...NAMES, name: 'forged' });
  const operation = addressOf(content);

  async function write(statement: string, signature: string, keyId: string): Promise<void> {
    const { database } = operations.rules;
    await database.query({ text: 'INSERT INTO operation_contents VALUES ($1, $2, now()) ON CONFLICT DO NOTHING' }, [operation, content]);
    const { kind } = JSON.parse(statement) as { kind: string };
    const text =
      'INSERT INTO operation_steps (hash, kind, operation, at, statement, key_id, signature) VALUES ($1, $2, $3, now(), $4, $5, $6)';
    await database.query({ text }, [hashOf(statement), kind, operation, statement, keyId, signature]);
    await operations.service.refresh();
  }

  it('do nothing without the signatures of those who may', async () => {
    const checked = operations.service.check({ ...NAMES, name: 'forged' });
    if (!('report' in checked)) throw new Error('It can be registered.');
    const report = checked.hash;
    await operations.rules.database.query({ text: 'INSERT INTO operation_reports VALUES ($1, $2)' }, [report, checked.text]);
    const expiresAt = new Date(nowMs + 86_400_000).toISOString();
    const proposal = operations.sign('clinic/editor', { kind: 'propose', operation, report, expiresAt });
    // Signed by a nurse in the editor's name, and by the nurse's own.
    const nurse = operations.rules.keys.get('clinic/nurse') ?? {};
    const forged = signOperationStatement(JSON.parse(proposal.text) as never, nurse);
    await write(forged.text, forged.signature, proposal.keyId);
    expect(operations.service.list()).toEqual([]);
    const own = operations.sign('clinic/nurse', { kind: 'propose', operation, report, expiresAt });
    await write(own.text, own.signature, own.keyId);
    expect(operations.service.list()).toEqual([]);
    expect(operations.log.join('')).toMatch(/is not believed/);
  });

  it('do nothing where content or report is not what was signed', async () => {
    const expiresAt = new Date(nowMs + 86_400_000).toISOString();
    const text = '{"registers":[]}';
    await operations.rules.database.query({ text: 'INSERT INTO operation_reports VALUES ($1, $2)' }, ['a'.repeat(64), text]);
    const proposal = operations.sign('clinic/editor', { kind: 'propose', operation, report: 'a'.repeat(64), expiresAt });
    await write(proposal.text, proposal.signature, proposal.keyId);
    expect(operations.service.list()).toEqual([]);
  });

  it('are not changed', async () => {
    await operations.propose('clinic/editor', NAMES);
    const change = operations.rules.database.query({ text: "UPDATE operation_steps SET kind = 'approve'" });
    await expect(change).rejects.toThrow(/not changed/);
  });
});

describe('another gateway', () => {
  it('has what was approved within a second', async () => {
    const other = await operations.another();
    await operations.propose('clinic/editor', NAMES);
    await operations.step('office/owner', 'approve', NAMES);
    await expect.poll(() => other.find('names', 'operation')?.state, { interval: 20 }).toBe('approved');
  });
});
