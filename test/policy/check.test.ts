import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkPolicies, type CheckReport } from '../../gateway/policy/check.ts';
import { loadPolicies } from '../../gateway/policy/load.ts';
import { PolicyError, positionAt, problemLine } from '../../gateway/policy/problems.ts';
import { compose, permit, policyDirectory, SMALL_REGISTRY, SMALL_SUPERGRAPH } from './small-graph.ts';

const DESK = 'principal == Application::"desk", action == Action::"read"';
const LAW = '@basis("ART_19_1_C") @reference("Law 1")';
const GOOD = permit('names', `${DESK}, resource == Field::"Person.name"`);
const GOOD_CASES = `
- { name: the desk sees names, application: desk, purpose: care, coordinate: Person.name, expect: law, policy: names }
- { name: but no dates of birth, application: desk, purpose: care, coordinate: Person.born, expect: refused, policy: none }
`;

async function check(files: Readonly<Record<string, string>>, clock?: () => number): Promise<CheckReport> {
  await using directory = await policyDirectory(files);
  return await checkPolicies(directory.path, SMALL_SUPERGRAPH, clock);
}

/** Errors of a Cedar file alone, as `line:column: text`. */
async function errorsOf(cedar: string): Promise<readonly string[]> {
  const { problems } = await check({ 'rules.cedar': cedar });
  return problems.filter(({ severity }) => severity === 'error').map(({ line, column, message }) => `${line}:${column}: ${message}`);
}

async function firstError(cedar: string): Promise<string | undefined> {
  return (await errorsOf(cedar))[0];
}

describe('the check of a policy directory', () => {
  it('finds nothing wrong with a permit that has its cases', async () => {
    const report = await check({ 'rules.cedar': GOOD, 'cases/rules.yaml': GOOD_CASES });
    expect(report.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(report).toMatchObject({ policies: 1, cases: 2 });
  });

  it('warns of rules that match nothing, and of permits that a forbid shadows wherever they match', async () => {
    const never = permit('never', `${DESK}, resource == Field::"Person.born"`, { when: 'context.assurance == 7' });
    const shadowed = permit('shadowed', `${DESK}, resource == Field::"Person.name"`, { when: 'context.emergency' });
    const forbid = '@id("no-emergencies") forbid (principal, action, resource) when { context.emergency };\n';
    const { problems } = await check({ 'rules.cedar': `${never}${shadowed}${forbid}` });
    expect(problems.filter(({ severity }) => severity === 'warning').map(({ line, message }) => `${line}: ${message}`)).toEqual(
      expect.arrayContaining([
        '1: The permit "never" matches nothing that can be asked. Correct or remove it.',
        '2: The permit "shadowed" gives nothing: wherever it matches, "no-emergencies" forbids. Remove one of them.',
      ]),
    );
    expect(problems.map(({ message }) => message).join()).not.toContain('forbid "no-emergencies" matches nothing');
  });

  it('says where Cedar stopped, counting characters although Cedar counts bytes', async () => {
    expect(await firstError(`// Điều kiện: được đọc\n${GOOD}permit(principal, acion, resource);`)).toMatch(/^3:19: .*acion/);
    expect(await firstError('@id("Đỗ") @reference("Luật số 1, điều 2") nonsense')).toMatch(/^1:51: /);
    expect(positionAt(Buffer.from('ăâ\nđê x'), Buffer.byteLength('ăâ\nđê '))).toEqual({ line: 2, column: 4 });
  });

  it('says where strict validation failed', async () => {
    const error = await firstError(
      `\n@id("x") ${LAW} permit(${DESK}, resource)\nwhen { context.purpose == "care" && resource.clas == "BASIC" };`,
    );
    expect(error).toMatch(/^3:37: attribute `clas` on entity type `Field` not found; did you mean `class`\?/);
    const unguarded = await errorsOf(permit('x', `principal, action, resource`, { when: 'context.officer.role == "counter"' }));
    expect(unguarded).toHaveLength(1);
    expect(unguarded[0]).toContain('unable to guarantee safety of access to optional attribute `officer.role`');
  });

  it('refuses annotations that are not on the closed list, by name and place', async () => {
    const scope = `permit(${DESK}, resource == Field::"Person.born") when { context.purpose == "care" };`;
    expect(await firstError(`@id("x") ${LAW} @untill("2027-12-31")\n${scope}`)).toMatch(/^1:51: @untill is no annotation .*"until"\?$/);
    expect(await firstError(`@id("x") ${LAW} @transform("yaer")\n${scope}`)).toMatch(/^1:51: .* Did you mean "year"\?$/);
    expect(await firstError(`@id("x") ${LAW} @until("2027-02-30")\n${scope}`)).toMatch(/is no day/);
    expect(await firstError(`@id("x") @basis("ART_19_1_X") @reference("Law 1")\n${scope}`)).toMatch(/^1:10: .*no legal basis/);
    expect(await firstError(`@id("x") @basis("ART_19_1_C")\n${scope}`)).toMatch(/^1:1: The permit has no @reference/);
    expect(await firstError(`@id("x") @basis("ART_19_1_C") @reference(" ")\n${scope}`)).toMatch(/@reference is empty/);
    expect(await firstError(`@id("x") @reference("Law 1")\n${scope}`)).toMatch(/has no @basis/);
    expect(await firstError(`${LAW}\n${scope}`)).toMatch(/has no @id/);
    expect(await firstError(`@id("__proto__") ${LAW}\n${scope}`)).toMatch(/is no id/);
    expect(await firstError('@id("f") @basis("CONSENT") forbid(principal, action, resource);')).toMatch(
      /^1:10: @basis is no annotation of a forbid/,
    );
    expect(await firstError('@id("f") @until("2027-12-31") forbid(principal, action, resource);')).toMatch(
      /@until is no annotation of a forbid/,
    );
  });

  it('takes a bound on questions that is a number of them, on a permit by law', async () => {
    const scope = `permit(${DESK}, resource == Field::"Person.name") when { context.purpose == "care" };`;
    expect(await firstError(`@id("x") ${LAW} @probes("three")\n${scope}`)).toMatch(/@probes\("three"\) is no bound/);
    expect(await firstError(`@id("x") ${LAW} @probes("0")\n${scope}`)).toMatch(/is no bound/);
    expect(await firstError(`@id("x") @basis("CONSENT") @probes("3")\n${scope}`)).toMatch(/@probes bounds what law gives/);
    const errors = await errorsOf(`@id("x") ${LAW} @probes("3")\n${scope}`);
    expect(errors.filter((error) => !error.includes('No case shows'))).toEqual([]);
  });

  it('lets a permit by consent stand without a reference', async () => {
    const errors = await errorsOf(permit('x', `${DESK}, resource == Field::"Person.born"`, { annotations: '@basis("CONSENT")' }));
    expect(errors.filter((error) => !error.includes('No case shows'))).toEqual([]);
  });

  it('refuses an id that is taken, across files', async () => {
    const { problems } = await check({ 'a.cedar': GOOD, 'b.cedar': `\n${GOOD}` });
    expect(problems.map(problemLine)).toContain('b.cedar:2:1: error: The id "names" is taken, by the policy at a.cedar:1. Choose another.');
  });

  it('refuses names that do not exist, with the nearest one that does', async () => {
    const scoped = (resource: string): string => permit('x', `${DESK},\n resource ${resource}`);
    expect(await firstError(scoped('== Field::"Person.nmae"'))).toBe(
      '2:14: Field::"Person.nmae" does not exist. Did you mean "Person.name"?',
    );
    expect(await firstError(scoped('in Group::"people.identiy"'))).toMatch(/^2:14: .*Did you mean "people.identity"\?$/);
    expect(await firstError(scoped('in Register::"poeple"'))).toMatch(/Did you mean "people"\?$/);
    expect(await firstError(permit('x', 'principal == Application::"dsek", action, resource'))).toMatch(/Did you mean "desk"\?$/);
    expect(await firstError(permit('x', 'principal in Agency::"clinik", action, resource'))).toMatch(/Did you mean "clinic"\?$/);
    expect(
      await firstError(permit('x', `${DESK}, resource`, { when: 'resource in [Field::"Person.name",\nField::"Person.bron"]' })),
    ).toMatch(/^2:1: Field::"Person.bron" does not exist. Did you mean "Person.born"\?$/);
    expect(await firstError(scoped('== Field::"Person.n\\u{6d}ae"'))).toMatch(/^2:14: .*Did you mean "Person.name"\?$/);
    expect(await firstError(permit('x', 'principal, action == Action::"reed", resource'))).toMatch(/reed/);
  });

  it('refuses a field of a value type, which follows the field that leads to it', async () => {
    expect(await firstError(permit('x', `${DESK}, resource == Field::"Address.street"`))).toMatch(/does not exist/);
  });

  it('refuses texts that nothing is ever equal to', async () => {
    const wrong = `@id("x") ${LAW} permit(${DESK}, resource)\nwhen { context.purpose == "caer" };`;
    expect(await firstError(wrong)).toBe('2:27: context.purpose is never "caer". Did you mean "care"?');
    expect(await firstError(permit('x', `${DESK}, resource`, { when: 'resource.class == "SENSITVE"' }))).toMatch(
      /Did you mean "SENSITIVE"\?$/,
    );
    expect(await firstError(permit('x', `${DESK}, resource`, { when: '["office", "clinik"].contains(resource.owner)' }))).toMatch(
      /"clinic"\?$/,
    );
    const role = 'context.officer has role && "suporvisor" == context.officer.role';
    expect(await firstError(permit('x', `${DESK}, resource`, { when: role }))).toMatch(/Did you mean "supervisor"\?$/);
  });

  it('refuses a permit that is bound to no purpose', async () => {
    expect(await firstError(`@id("x") ${LAW} permit(${DESK}, resource);`)).toMatch(/^1:1: The permit is bound to no purpose/);
    const bound = async (condition: string): Promise<boolean> =>
      !(await errorsOf(`@id("x") ${LAW} permit(${DESK}, resource) ${condition};`)).join().includes('bound to no purpose');
    expect(await bound('when { context.purpose == "care" || context.purpose == "research" }')).toBe(true);
    expect(await bound('when { ["care", "research"].contains(context.purpose) }')).toBe(true);
    expect(await bound('when { context.emergency } when { "care" == context.purpose }')).toBe(true);
    expect(await bound('when { context.purpose == "care" || context.emergency }')).toBe(false);
    expect(await bound('when { context.purpose != "care" }')).toBe(false);
    expect(await bound('unless { context.purpose == "care" }')).toBe(false);
  });

  it('refuses what could fail to evaluate, and what would decide by more than the key holds', async () => {
    const refused = ['context.assurance + 1 > 1', '-(context.assurance) < 0', 'context.assurance * 2 == 2', 'ip("10.0.0.1").isLoopback()'];
    for (const when of refused) expect(await firstError(permit('x', `${DESK}, resource`, { when }))).toMatch(/fail/);
    for (const when of ['context.arguments == {}', 'context == context', '[context.arguments].isEmpty()']) {
      expect((await errorsOf(permit('x', `${DESK}, resource`, { when }))).join('\n')).toMatch(/read attribute by attribute/);
    }
    expect(await firstError('permit(principal == ?principal, action, resource);')).toMatch(/Templates/);
  });

  it('refuses different transforms of the same field, unless a purpose keeps them apart', async () => {
    const born = `${DESK}, resource == Field::"Person.born"`;
    const year = permit('y', born, { annotations: `${LAW} @transform("year")` });
    const group = permit('z', `${DESK}, resource in Group::"people.identity"`, { annotations: '@basis("CONSENT") @transform("initials")' });
    expect((await errorsOf(`${year}${group}`)).join()).toMatch(/^2:\d+: The permits "y" .* and "z" .* can both apply to Person\.born/);
    expect((await errorsOf(`${year}${group.replace('"care"', '"research"')}`)).join()).not.toMatch(/can both apply/);
    expect((await errorsOf(`${year}${permit('z', born, { annotations: LAW })}`)).join()).not.toMatch(/can both apply/);
    const elsewhere = group.replace('Application::"desk"', 'Application::"portal"');
    expect((await errorsOf(`${year}${elsewhere}`)).join()).not.toMatch(/can both apply/);
    const byRegister = permit('w', 'principal in Agency::"clinic", action, resource in Register::"people"', {
      annotations: `${LAW} @transform("last4")`,
      when: 'context.emergency && resource.class == "BASIC"',
    });
    expect((await errorsOf(`${year}${byRegister}`)).join()).toMatch(/can both apply to Person\.born/);
  });

  it('refuses a transform that leaves nothing of a field', async () => {
    const address = permit('x', `${DESK}, resource == Field::"Person.address"`, { annotations: `${LAW} @transform("year")` });
    expect(await firstError(address)).toMatch(/@transform\("year"\) leaves nothing of Person\.address/);
    expect((await errorsOf(address.replace('year', 'province'))).join()).not.toMatch(/leaves nothing/);
    const name = permit('x', `${DESK}, resource == Field::"Person.name"`, { annotations: `${LAW} @transform("province")` });
    expect(await firstError(name)).toMatch(/leaves nothing of Person\.name/);
  });

  it('survives files that are corrupt, and says so', async () => {
    await using directory = await policyDirectory({ 'good.cedar': GOOD });
    await writeFile(join(directory.path, 'bytes.cedar'), Buffer.from([0x2f, 0x2f, 0x20, 0xc4, 0x91, 0x0a, 0xff, 0xfe]));
    await writeFile(join(directory.path, 'nul.cedar'), Buffer.alloc(64));
    const { problems } = await checkPolicies(directory.path, SMALL_SUPERGRAPH);
    expect(problems).toContainEqual(expect.objectContaining({ file: 'bytes.cedar', line: 2, column: 1, severity: 'error' }));
    expect(problems).toContainEqual(expect.objectContaining({ file: 'nul.cedar', severity: 'error' }));
    expect((await checkPolicies(join(directory.path, 'nowhere'), SMALL_SUPERGRAPH)).problems).toHaveLength(1);
    expect((await checkPolicies(directory.path, 'no supergraph {')).problems).toHaveLength(1);
    expect((await check({})).problems.map(problemLine).join()).toContain('nothing is permitted');
  });

  it('compares the snapshot of the Cedar schema and names the first line that differs', async () => {
    const { problems } = await check({ 'rules.cedar': GOOD, 'cases/rules.yaml': GOOD_CASES, 'schema.cedarschema': 'entity Person;\n' });
    expect(problems).toContainEqual(expect.objectContaining({ file: 'schema.cedarschema', line: 1, severity: 'error' }));
  });
});

describe('the cases', () => {
  const errorsWith = async (cases: string, cedar = GOOD, clock?: () => number): Promise<string> => {
    const { problems } = await check({ 'rules.cedar': cedar, 'cases/rules.yaml': cases }, clock);
    return problems
      .filter(({ severity }) => severity === 'error')
      .map(problemLine)
      .join('\n');
  };
  const [, granted, refused] = GOOD_CASES.split('\n');

  it('are missing when a permit has no granted one, or no refused neighbour', async () => {
    expect(await errorsWith(`${refused}`)).toMatch(/^rules\.cedar:1:1: error: No case shows what the permit "names" gives/);
    expect(await errorsWith(`${granted}`)).toMatch(/No case shows where the permit "names" ends/);
    const far = '- { name: far, application: portal, purpose: care, coordinate: Person.visits, expect: refused, policy: none }';
    expect(await errorsWith(`${granted}\n${far}`)).toMatch(/No case shows where the permit "names" ends/);
  });

  it('fail when the policies answer differently, by another policy or with another transform', async () => {
    expect(await errorsWith(`${granted}\n${refused}`)).toBe('');
    expect(await errorsWith(`${granted?.replace('expect: law', 'expect: consent')}\n${refused}`)).toMatch(
      /^cases\/rules\.yaml:1:\d+: error: The case "the desk sees names" expects consent by names, and the policies give law by names\./,
    );
    expect(await errorsWith(`${granted}\n${refused?.replace('policy: none', 'policy: names')}`)).toMatch(/give refused .* by none/);
    expect(await errorsWith(`${granted?.replace('policy:', 'transform: year, policy:')}\n${refused}`)).toMatch(/transform year/);
  });

  it('fail on names and properties that do not exist', async () => {
    expect(await errorsWith(`${granted?.replace('desk,', 'dsek,')}\n${refused}`)).toMatch(/no application "dsek"\. Did you mean "desk"/);
    expect(await errorsWith(`${granted?.replace('Person.name', 'Person.nam')}\n${refused}`)).toMatch(/Did you mean "Person.name"/);
    expect(await errorsWith(`${granted?.replace('policy: names', 'polciy: names')}\n${refused}`)).toMatch(
      /cases\/rules\.yaml:1:\d+: .*polciy/,
    );
    expect(await errorsWith('- { name: [')).toMatch(/^cases\/rules\.yaml:1:\d+: error/m);
  });

  it('are asked on their day, so that a permit with an end has both its cases', async () => {
    const ends = permit('names', `${DESK}, resource == Field::"Person.name"`, { annotations: `${LAW} @until("2027-12-31")` });
    const last = granted?.replace('coordinate', 'on: "2027-12-31", coordinate');
    const over = granted?.replace('coordinate', 'on: "2028-01-01", coordinate').replace('law, policy: names', 'refused, policy: none');
    expect(await errorsWith(`${last}\n${over}`, ends, () => Date.parse('2030-01-01'))).toBe('');
  });
});

describe('loading', () => {
  it('stops at a broken policy with every problem and its place', async () => {
    await using directory = await policyDirectory({
      'a.cedar': 'permit(',
      'b.cedar': permit('x', `${DESK}, resource == Field::"Person.nmae"`),
    });
    const options = { directory: directory.path, supergraphSdl: SMALL_SUPERGRAPH, clock: Date.now, decisionCacheMax: 10 };
    const error: unknown = await loadPolicies(options).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PolicyError);
    expect((error as PolicyError).message).toMatch(
      /a\.cedar:1:\d+: error: [^]*b\.cedar:1:\d+: error: Field::"Person\.nmae" does not exist/,
    );
    const missing: unknown = await loadPolicies({ ...options, directory: join(directory.path, 'nowhere') }).catch(
      (thrown: unknown) => thrown,
    );
    expect((missing as PolicyError).message).toContain('does not exist');
  });

  it('is not stopped by a permit whose time is over, nor by cases', async () => {
    const over = permit('old', `${DESK}, resource == Field::"Person.name"`, { annotations: `${LAW} @until("2020-01-01")` });
    await using directory = await policyDirectory({ 'a.cedar': over, 'registry.yaml': SMALL_REGISTRY });
    const options = { directory: directory.path, supergraphSdl: SMALL_SUPERGRAPH, clock: Date.now, decisionCacheMax: 10 };
    await expect(loadPolicies(options)).resolves.toMatchObject({ warnings: [] });
  });

  it('refuses registers that compose but have no owner', async () => {
    await using directory = await policyDirectory({ 'a.cedar': GOOD });
    const sdl = compose({ people: 'type Query { person: String }', taxes: 'type Query { tax: String }' });
    const { problems } = await checkPolicies(directory.path, sdl);
    expect(problems.map(problemLine).join('\n')).toMatch(/registry\.yaml:\d+:1: error: The subgraph "taxes" has no register here/);
  });
});
