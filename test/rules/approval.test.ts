import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contentVersion } from '../../gateway/policy/policy-files.ts';
import { approve, activate } from '../../gateway/rules/steps.ts';
import { filesOf, type PolicyTexts } from '../../gateway/rules/thread-protocol.ts';
import type { Statement } from '../../gateway/rules/statement.ts';
import { deskMay, FIRST, outcomeOf, REGISTRY, startRulesUnderTest, type RulesUnderTest } from './harness.ts';

let rules: RulesUnderTest;
let nowMs = Date.parse('2026-11-25T08:00:00Z');
beforeEach(async () => {
  nowMs = Date.parse('2026-11-25T08:00:00Z');
  rules = await startRulesUnderTest({ clock: () => nowMs });
});
afterEach(async () => rules[Symbol.asyncDispose]());

const WIDER: PolicyTexts = { ...FIRST, ...deskMay('Person.born', 'born') };
const { 'visits.cedar': _, 'cases/visits.yaml': __, ...NARROWER } = FIRST;
const versionOf = (files: PolicyTexts): string => contentVersion(filesOf(files));

async function submitted(files: PolicyTexts, by: 'office/national' | 'clinic/editor' = 'office/national'): Promise<string> {
  expect(outcomeOf(await rules.draft(by, files))).toBe('done');
  expect(outcomeOf(await rules.step(by, 'submit', versionOf(files)))).toBe('done');
  return versionOf(files);
}

describe('approval', () => {
  it('is never by the author, and not by another account of the same human being', async () => {
    const version = await submitted(WIDER);
    expect(outcomeOf(await rules.step('office/national', 'approve', version))).toBe('AUTHOR_MAY_NOT_APPROVE');
    expect(outcomeOf(await rules.step('office/double', 'approve', version))).toBe('SAME_PERSON');
    expect(outcomeOf(await rules.step('office/national', 'activate', version))).toBe('APPROVALS_MISSING');
  });

  it('needs the owner of the data where access widens, and nobody else will do', async () => {
    const version = await submitted(WIDER);
    expect(outcomeOf(await rules.step('office/second', 'approve', version))).toBe('done');
    expect(outcomeOf(await rules.step('clinic/health-owner', 'approve', version))).toBe('NOT_YOUR_DATA');
    expect(await rules.step('office/national', 'activate', version)).toMatchObject({
      refusal: { code: 'APPROVALS_MISSING', message: /data owner office/ },
    });
    expect(outcomeOf(await rules.step('office/owner', 'approve', version))).toBe('done');
    expect(outcomeOf(await rules.step('office/national', 'activate', version))).toBe('done');
    expect(rules.active.current().version).toBe(version);
  });

  it('of two registers needs both owners', async () => {
    const version = await submitted({
      ...FIRST,
      ...deskMay('Person.born', 'born'),
      ...deskMay('Person.visits', 'portal-visits', undefined, 'portal'),
    });
    expect(outcomeOf(await rules.step('office/owner', 'approve', version))).toBe('done');
    expect(await rules.step('office/national', 'activate', version)).toMatchObject({ refusal: { message: /data owner clinic/ } });
    expect(outcomeOf(await rules.step('clinic/health-owner', 'approve', version))).toBe('done');
    expect(outcomeOf(await rules.step('office/national', 'activate', version))).toBe('done');
  });

  it('of a narrowing needs a second person and no owner', async () => {
    const version = await submitted(NARROWER);
    expect(await rules.step('office/national', 'activate', version)).toMatchObject({ refusal: { message: /a second person/ } });
    expect(outcomeOf(await rules.step('office/second', 'approve', version))).toBe('done');
    expect(outcomeOf(await rules.step('office/national', 'activate', version))).toBe('done');
  });

  it('does not count by an approver whose role was revoked meanwhile', async () => {
    const version = await submitted(WIDER);
    expect(outcomeOf(await rules.step('office/owner', 'approve', version))).toBe('done');
    rules.changeRegistry(REGISTRY.replace(' owner: { role: supervisor, administers: [data-owner] }', ' owner: { role: supervisor }'));
    expect(outcomeOf(await rules.step('office/national', 'activate', version))).toBe('APPROVALS_MISSING');
    rules.changeRegistry(
      REGISTRY.replace('administers: [data-owner] }\n      double', "administers: [data-owner], until: '2026-11-24' }\n      double"),
    );
    expect(outcomeOf(await rules.step('office/national', 'activate', version))).toBe('APPROVALS_MISSING');
    rules.changeRegistry(REGISTRY);
    expect(outcomeOf(await rules.step('office/national', 'activate', version))).toBe('done');
  });

  it('counts once when somebody approves twice at once', async () => {
    const version = await submitted(WIDER);
    const outcomes = await Promise.all([1, 2, 3].map(async () => rules.step('office/owner', 'approve', version)));
    const { approvals = [] } = (await rules.context.round(version)) ?? {};
    expect(outcomes.filter(({ kind }) => kind === 'done').length).toBeGreaterThanOrEqual(1);
    expect(new Set(approvals.map(({ officer }) => officer.person)).size).toBe(1);
  });

  it('by two people at once counts both, and of two activations at once one holds', async () => {
    const version = await submitted(WIDER);
    const approved = await Promise.all([rules.step('office/owner', 'approve', version), rules.step('office/second', 'approve', version)]);
    expect(approved.map(outcomeOf)).toEqual(['done', 'done']);
    const activated = await Promise.all([
      rules.step('office/national', 'activate', version),
      rules.step('office/owner', 'activate', version),
    ]);
    expect(activated.map(outcomeOf).filter((one) => one === 'done')).toHaveLength(1);
    expect(rules.active.activation().chain).toHaveLength(2);
  });

  it('attests what widens: an approver who was shown less has not approved', async () => {
    const version = await submitted(WIDER);
    const proposal = (await rules.context.round(version))?.draft.hash ?? '';
    const statement = rules.sign('office/owner', { kind: 'approve', version, proposal, widens: [] } as unknown as Statement);
    expect(outcomeOf(await approve(statement, rules.actor('office/owner'), rules.context))).toBe('IMPACT_CHANGED');
  });

  it('holds for the draft that was read, not for a later one of the same content', async () => {
    const version = await submitted(WIDER);
    expect(outcomeOf(await rules.step('office/owner', 'approve', version))).toBe('done');
    expect(outcomeOf(await rules.step('office/second', 'reject', version))).toBe('done');
    nowMs += 1_000;
    await submitted(WIDER);
    expect(outcomeOf(await rules.step('office/national', 'activate', version))).toBe('APPROVALS_MISSING');
  });

  it('lets what widens cool off, and what narrows not', async () => {
    await using slow = await startRulesUnderTest({ clock: () => nowMs, coolingOffMs: 3_600_000 });
    for (const files of [WIDER, NARROWER]) {
      const version = versionOf(files);
      await slow.draft('office/national', files);
      await slow.step('office/national', 'submit', version);
      await slow.step('office/owner', 'approve', version);
      await slow.step('office/second', 'approve', version);
    }
    expect(outcomeOf(await slow.step('office/national', 'activate', versionOf(WIDER)))).toBe('COOLING_OFF');
    expect(outcomeOf(await slow.step('office/national', 'activate', versionOf(NARROWER)))).toBe('done');
  });
});

describe('a statement', () => {
  it('is taken only by its own signature, of its own account, fresh, and once', async () => {
    const version = await submitted(WIDER);
    const proposal = (await rules.context.round(version))?.draft.hash ?? '';
    const { registersWidened: widens } = await rules.context.impact(rules.active.current().version, version);
    const statement = { kind: 'approve', version, proposal, widens } as unknown as Statement;
    const owner = rules.actor('office/owner');
    const good = rules.sign('office/owner', statement);
    const forged = rules.sign('clinic/editor', statement);
    expect(outcomeOf(await approve({ ...good, signature: forged.signature }, owner, rules.context))).toBe('SIGNATURE_INVALID');
    expect(outcomeOf(await approve({ ...good, keyId: forged.keyId, signature: forged.signature }, owner, rules.context))).toBe(
      'SIGNATURE_INVALID',
    );
    expect(outcomeOf(await approve(forged, owner, rules.context))).toBe('STATEMENT_INVALID');
    expect(outcomeOf(await approve({ ...good, text: `${good.text} ` }, owner, rules.context))).toBe('STATEMENT_INVALID');
    expect(outcomeOf(await activate(good, owner, rules.context))).toBe('STATEMENT_INVALID');
    nowMs += 600_000;
    expect(outcomeOf(await approve(good, owner, rules.context))).toBe('STATEMENT_TOO_OLD');
    nowMs -= 600_000;
    expect(outcomeOf(await approve(good, owner, rules.context))).toBe('done');
    expect(outcomeOf(await approve(good, owner, rules.context))).toBe('ALREADY_APPROVED');
  });
});

describe('delegated administration', () => {
  it("lets an agency's editor change rules of the own applications, and of no others", async () => {
    expect(outcomeOf(await rules.draft('clinic/editor', { ...FIRST, ...deskMay('Person.born', 'born') }))).toBe('done');
    const portal = { ...FIRST, ...deskMay('Person.born', 'portal-born', undefined, 'portal') };
    expect(await rules.draft('clinic/editor', portal)).toMatchObject({ refusal: { code: 'NOT_YOUR_RULES', message: /portal-born/ } });
  });

  it('goes by the head of a rule, so that a condition cannot hide whom it is for', async () => {
    const text = (condition: string): string =>
      `@id("all")\n@basis("CONSENT")\npermit (principal, action == Action::"read", resource == Field::"Person.born")\nwhen { context.purpose == "care" && ${condition} };\n`;
    const files = { ...FIRST, 'all.cedar': text('principal == Application::"desk"') };
    expect(outcomeOf(await rules.draft('clinic/editor', files))).toBe('NOT_YOUR_RULES');
  });

  it("lets a data owner change rules on the own register, whoever's applications they are for", async () => {
    expect(outcomeOf(await rules.draft('office/owner', { ...FIRST, ...deskMay('Person.born', 'born') }))).toBe('done');
    expect(outcomeOf(await rules.draft('office/owner', NARROWER))).toBe('NOT_YOUR_RULES');
    expect(outcomeOf(await rules.draft('clinic/health-owner', NARROWER))).toBe('done');
  });

  it("lets nobody touch cases that are others', nor take away a rule of others", async () => {
    const others = { ...FIRST, ...deskMay('Person.born', 'portal-born', undefined, 'portal') };
    await rules.enact(others);
    expect(outcomeOf(await rules.draft('clinic/editor', FIRST))).toBe('NOT_YOUR_RULES');
    const { 'cases/portal-born.yaml': cases = '', ...rest } = others;
    expect(
      outcomeOf(await rules.draft('clinic/editor', { ...rest, 'cases/portal-born.yaml': cases.split('\n').slice(0, 1).join('\n') })),
    ).toBe('NOT_YOUR_RULES');
  });
});
