import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contentVersion } from '../../gateway/policy/policy-files.ts';
import { hashOf, type SignedStatement } from '../../gateway/rules/signature.ts';
import type { Statement } from '../../gateway/rules/statement.ts';
import { insertContent, insertStep } from '../../gateway/rules/store.ts';
import { filesOf, type PolicyTexts } from '../../gateway/rules/thread-protocol.ts';
import type { Database } from '../../platform/database.ts';
import { deskMay, FIRST, outcomeOf, REGISTRY, startRulesUnderTest, type Account, type RulesUnderTest } from './harness.ts';

let rules: RulesUnderTest;
beforeEach(async () => {
  rules = await startRulesUnderTest();
});
afterEach(async () => rules[Symbol.asyncDispose]());

const WIDER: PolicyTexts = { ...FIRST, ...deskMay('Person.born', 'born') };
const { 'visits.cedar': _, 'cases/visits.yaml': __, ...NARROWER } = FIRST;
const versionOf = (files: PolicyTexts): string => contentVersion(filesOf(files));
const FIRST_VERSION = versionOf(FIRST);

/** Writes a row as somebody does who has the database and not the admin API. */
async function forge(signed: Pick<SignedStatement, 'text'> & Partial<SignedStatement>, files?: PolicyTexts): Promise<void> {
  const statement = JSON.parse(signed.text) as Statement;
  const { kind, version } = statement;
  if (files !== undefined) await insertContent(rules.database, version, files, new Date());
  const row = { hash: hashOf(signed.text), kind, version, at: new Date(), statement: signed.text };
  await insertStep(rules.database, { ...row, key_id: signed.keyId ?? null, signature: signed.signature ?? null });
  await rules.active.refresh();
}

function signed(account: Account, statement: object): SignedStatement {
  return rules.sign(account, statement as Statement);
}

describe('a gateway', () => {
  it('imports its directory at the first start, and after that the database is the source', async () => {
    expect(rules.active.current().version).toBe(FIRST_VERSION);
    const version = await rules.enact(WIDER);
    const another = await rules.another();
    expect(another.current().version).toBe(version);
  });

  it('follows another gateway within a second', async () => {
    const another = await rules.another();
    const version = await rules.enact(WIDER);
    const startedAt = performance.now();
    while (another.current().version !== version) {
      if (performance.now() - startedAt > 5_000) throw new Error('It does not follow.');
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it('decides by the registry of now, also when it changed while the rules were read', async () => {
    const deaf: Database = {
      ...rules.database,
      listen: async () => ({ query: async (...asked) => rules.database.query(...asked), [Symbol.asyncDispose]: async () => undefined }),
    };
    let isRead = false;
    const other = await rules.another({
      database: deaf,
      limits: { rulesPollMs: 600_000 },
      answered: (kind) => {
        if (kind !== 'prepare' || !isRead) return;
        isRead = false;
        rules.changeRegistry(REGISTRY.replace('purposes: [care, research] }', 'purposes: [research] }'));
      },
    });
    const version = await rules.enact(WIDER);
    isRead = true;
    await other.refresh();
    expect([other.current().version, isRead]).toEqual([version, false]);
    const context = {
      action: 'read',
      application: 'desk',
      purpose: 'care',
      assurance: 0,
      emergency: false,
      self: false,
      officerRole: undefined,
    } as const;
    expect(other.current().decide(context, 'Person.name', {})).toMatchObject({ kind: 'refused' });
  });

  it('goes on with the rules it has while nobody can look, for a bounded time, and takes up what it missed', async () => {
    let nowMs = Date.now();
    const line = { isCut: false };
    const database: Database = {
      ...rules.database,
      query: async (statement, values) => {
        if (line.isCut) throw new Error('cut off');
        return rules.database.query(statement, values);
      },
      listen: async () => ({
        query: async (statement, values) => database.query(statement, values),
        [Symbol.asyncDispose]: async () => undefined,
      }),
    };
    const cut = await rules.another({ database, clock: () => nowMs, limits: { rulesStaleMsMax: 60_000, rulesPollMs: 600_000 } });
    line.isCut = true;
    const version = await rules.enact(WIDER);
    await expect(cut.refresh()).rejects.toThrow('cut off');
    nowMs += 59_000;
    expect([cut.current().version, cut.isFresh()]).toEqual([FIRST_VERSION, true]);
    nowMs += 2_000;
    expect(cut.isFresh()).toBe(false);
    line.isCut = false;
    await cut.refresh();
    expect([cut.current().version, cut.isFresh()]).toEqual([version, true]);
  });
});

describe('rollback', () => {
  it('is one step to the version before, and back again needs a new approval', async () => {
    const version = await rules.enact(WIDER);
    expect(outcomeOf(await rules.rollback('office/national'))).toBe('done');
    expect(rules.active.current().version).toBe(FIRST_VERSION);
    expect(outcomeOf(await rules.rollback('office/national'))).toBe('NOTHING_TO_ROLL_BACK');
    expect(outcomeOf(await rules.step('office/national', 'activate', version))).toBe('NOT_A_DRAFT');
    expect(await rules.enact(WIDER)).toBe(version);
    expect(rules.active.current().version).toBe(version);
  });

  it('passes over what was rolled back itself', async () => {
    await rules.enact(WIDER);
    const second = await rules.enact({ ...WIDER, ...deskMay('Person.note', 'x') }).catch(() => undefined);
    expect(second).toBeUndefined();
    const third = { ...WIDER, ...deskMay('Person.address', 'address') };
    await rules.enact(third);
    await rules.rollback('office/national');
    expect(rules.active.current().version).toBe(versionOf(WIDER));
    await rules.rollback('office/national');
    expect(rules.active.current().version).toBe(FIRST_VERSION);
  });
});

describe('rules that refuse everything', () => {
  it('are taken back all the same: they do not govern those who administer them', async () => {
    const closed = { 'closed.cedar': '@id("closed") forbid (principal, action, resource);\n' };
    const version = await rules.enact(closed);
    const context = {
      action: 'read',
      application: 'desk',
      officerRole: undefined,
      purpose: 'care',
      assurance: 0,
      emergency: false,
    } as const;
    expect(rules.active.current().version).toBe(version);
    expect(rules.active.current().decide(context, 'Person.name', {})).toMatchObject({ kind: 'refused', policies: ['closed'] });
    expect(outcomeOf(await rules.rollback('office/second'))).toBe('done');
    expect(rules.active.current().decide(context, 'Person.name', {})).toMatchObject({ kind: 'permitted' });
  });
});

describe('an emergency', () => {
  it('is narrowed by one person at once, and somebody else looks at it afterwards', async () => {
    const version = versionOf(NARROWER);
    await rules.draft('clinic/health-owner', NARROWER);
    expect(outcomeOf(await rules.step('clinic/health-owner', 'narrow', version))).toBe('done');
    expect(rules.active.current().version).toBe(version);
    expect((await rules.another()).current().version).toBe(version);
    expect(outcomeOf(await rules.step('clinic/health-owner', 'review', version))).toBe('SAME_PERSON');
    expect(outcomeOf(await rules.step('office/second', 'review', version))).toBe('done');
    expect(outcomeOf(await rules.step('office/national', 'review', version))).toBe('NOTHING_TO_REVIEW');
  });

  it('opens nothing, and what it closed is not opened by one person either', async () => {
    await rules.draft('office/national', WIDER);
    expect(outcomeOf(await rules.step('office/national', 'narrow', versionOf(WIDER)))).toBe('WIDENS');
    await rules.draft('clinic/health-owner', NARROWER);
    await rules.step('clinic/health-owner', 'narrow', versionOf(NARROWER));
    expect(outcomeOf(await rules.rollback('office/national'))).toBe('WIDENS');
    expect(outcomeOf(await rules.rollback('clinic/health-owner'))).toBe('done');
  });
});

describe('a draft', () => {
  it('that began with older rules is a conflict, shown from three sides', async () => {
    await rules.enact(WIDER);
    const changed = (basis: string): PolicyTexts => ({ ...FIRST, ...deskMay('Person.name', 'names', basis) });
    const outcome = await rules.draft('office/second', changed('@basis("ART_19_1_C") @reference("Law 1")'), FIRST_VERSION);
    if (outcome.kind !== 'refused') throw new Error('It is a conflict.');
    expect(outcome.refusal.code).toBe('CONFLICT');
    expect(outcome.difference?.filter(({ what }) => what.startsWith('policy'))).toEqual([
      {
        what: 'policy names',
        base: expect.stringContaining('CONSENT'),
        draft: expect.stringContaining('ART_19_1_C'),
        active: expect.stringContaining('CONSENT'),
        conflicts: false,
      },
      { what: 'policy born', base: null, draft: null, active: expect.stringContaining('Person.born'), conflicts: false },
    ]);
  });

  it('that others overtook is a conflict where both changed the same, and is not activated', async () => {
    const mine = { ...FIRST, ...deskMay('Person.name', 'names', '@basis("ART_19_1_C") @reference("Law 1")') };
    const theirs = { ...FIRST, ...deskMay('Person.name', 'names', '@basis("ART_19_1_A") @reference("Law 2")') };
    await rules.draft('office/second', mine);
    await rules.enact(theirs);
    const outcome = await rules.step('office/second', 'submit', versionOf(mine));
    if (outcome.kind !== 'refused') throw new Error('It is a conflict.');
    expect(outcome.difference?.find(({ what }) => what === 'policy names')).toMatchObject({ conflicts: true });
  });

  it('is not taken twice, nor when it changes nothing', async () => {
    expect(outcomeOf(await rules.draft('office/second', FIRST))).toBe('NOTHING_CHANGED');
    expect(outcomeOf(await rules.draft('office/second', WIDER))).toBe('done');
    expect(outcomeOf(await rules.draft('office/national', WIDER))).toBe('ALREADY_DRAFTED');
  });

  it('that does not parse, names what is not there or is too large is refused with the places', async () => {
    const broken = await rules.draft('office/national', { ...FIRST, 'bad.cedar': '// Luật\npermit(principal, action, resource) when { ' });
    expect(broken).toMatchObject({ refusal: { code: 'RULES_INVALID' }, report: { problems: [{ file: 'bad.cedar', line: 2 }] } });
    const misspelt = await rules.draft('office/national', { ...FIRST, ...deskMay('Person.nam', 'x') });
    expect(misspelt).toMatchObject({
      report: { problems: [{ file: 'x.cedar', line: 6, message: expect.stringContaining('Did you mean "Person.name"?') }] },
    });
    const annotated = await rules.draft('office/national', {
      ...FIRST,
      ...deskMay('Person.born', 'x', '@basis("CONSENT")\n@untill("2027-12-31")'),
    });
    expect(annotated).toMatchObject({
      report: { problems: [{ file: 'x.cedar', line: 3, message: expect.stringContaining('Did you mean "until"?') }] },
    });
    const huge = await rules.draft('office/national', { ...FIRST, 'huge.cedar': '// '.padEnd(300_000, 'x') });
    expect(huge).toMatchObject({ refusal: { code: 'RULES_INVALID' }, report: { problems: [{ file: 'huge.cedar' }] } });
    const many = Object.fromEntries(Array.from({ length: 401 }, (_x, index) => [`a${index}.cedar`, '']));
    expect(outcomeOf(await rules.draft('office/national', many))).toBe('RULES_INVALID');
    expect(outcomeOf(await rules.draft('office/national', { ...FIRST, '../evil.cedar': 'x' }))).toBe('RULES_INVALID');
  });

  it('whose cases fail is drafted and not submitted', async () => {
    const { 'cases/names.yaml': cases = '', ...rest } = FIRST;
    const files = { ...rest, 'cases/names.yaml': cases.replace('expect: consent', 'expect: law') };
    expect(await rules.draft('office/national', files)).toMatchObject({
      kind: 'done',
      report: { problems: [{ severity: 'error', file: 'cases/names.yaml' }] },
    });
    expect(outcomeOf(await rules.step('office/national', 'submit', versionOf(files)))).toBe('CASES_FAIL');
  });
});

describe('whoever can write to the tables', () => {
  const activation = (): object => ({
    kind: 'activate',
    version: versionOf(WIDER),
    proposal: '0'.repeat(64),
    after: rules.active.activation().hash,
  });

  it('puts no rules in force without a signature, or with one that is not of the account', async () => {
    const good = signed('office/national', activation());
    await forge({ text: good.text }, WIDER);
    await forge({ text: signed('office/owner', activation()).text, keyId: good.keyId, signature: good.signature });
    expect(rules.active.current().version).toBe(FIRST_VERSION);
    expect(rules.log.filter((line) => line.includes('not believed'))).toHaveLength(2);
  });

  it('puts none in force that were not drafted and approved, with an own key even', async () => {
    await forge(signed('office/national', activation()), WIDER);
    const draft = signed('office/national', { kind: 'draft', version: versionOf(WIDER), parent: FIRST_VERSION });
    const proposal = hashOf(draft.text);
    await forge(draft);
    await forge(signed('office/national', { kind: 'submit', version: versionOf(WIDER), proposal, widens: [] }));
    await forge(signed('office/national', { kind: 'approve', version: versionOf(WIDER), proposal, widens: [] }));
    await forge(signed('office/double', { kind: 'approve', version: versionOf(WIDER), proposal, widens: [] }));
    await forge(signed('office/national', { ...activation(), proposal }));
    expect(rules.active.current().version).toBe(FIRST_VERSION);
  });

  it('widens nothing as one person by calling it a narrowing', async () => {
    const draft = signed('office/owner', { kind: 'draft', version: versionOf(WIDER), parent: FIRST_VERSION });
    await forge(draft, WIDER);
    await forge(
      signed('office/owner', {
        kind: 'narrow',
        version: versionOf(WIDER),
        proposal: hashOf(draft.text),
        after: rules.active.activation().hash,
      }),
    );
    expect(rules.active.current().version).toBe(FIRST_VERSION);
    expect(rules.log.join()).toContain('although something widens');
  });

  it('imports nothing anew, signed by somebody who may not or not at all', async () => {
    const statement = { kind: 'import', version: versionOf(WIDER), after: null };
    await forge(signed('office/owner', statement), WIDER);
    await forge({ text: signed('office/national', statement).text });
    expect(rules.active.current().version).toBe(FIRST_VERSION);
    expect((await rules.another()).current().version).toBe(FIRST_VERSION);
  });

  it('plays no old activation again, and changes nothing that stands there', async () => {
    await rules.enact(WIDER);
    const old = rules.active.activation().chain.at(-1);
    await rules.rollback('office/national');
    const [row] = await rules.database.query<{ statement: string; key_id: string; signature: string }>(
      { text: 'SELECT statement, key_id, signature FROM policy_steps WHERE hash = $1' },
      [old?.hash],
    );
    await forge({ text: row?.statement ?? '', keyId: row?.key_id ?? '', signature: row?.signature ?? '' });
    expect(rules.active.current().version).toBe(FIRST_VERSION);
    await expect(rules.database.query({ text: "UPDATE policy_contents SET files = '{}'" })).rejects.toThrow('not changed');
    await expect(rules.database.query({ text: 'DELETE FROM policy_steps' })).rejects.toThrow('not changed');
  });

  it('swaps no content under a name that was approved', async () => {
    const version = await rules.enact(WIDER);
    await rules.database.query({ text: 'ALTER TABLE policy_contents DISABLE TRIGGER policy_contents_stay' });
    await rules.database.query({ text: 'UPDATE policy_contents SET files = $2 WHERE version = $1' }, [version, JSON.stringify(FIRST)]);
    // The rules in use stay; a gateway that starts now does not fall back on older rules, which may be wider.
    await rules.active.refresh();
    expect(rules.active.current().version).toBe(version);
    await expect(rules.another()).rejects.toThrow('its content is not what was signed');
  });
});
