import { generateKeyPair, exportJWK, SignJWT, type JWK } from 'jose';
import { createPrivateKey, randomUUID, sign } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { callAdmin } from '../../gateway/admin/client.ts';
import { registryList } from '../../gateway/admin/commands/registry.ts';
import { readEvents } from '../../gateway/admin/store.ts';
import { canonicalJson } from '../../gateway/admin/canonical.ts';
import { applicationKeyFile, officerKeyFile } from '../../gateway/identity/keys.ts';
import { grantBytes } from '../../gateway/registry/grants.ts';
import { startTestGateway, type TestGateway } from './test-gateway.ts';

/** What is asked of an application's neighbours: nothing about a person, so that only being let in counts. */
const ANYTHING = '{ __typename }';

interface Change {
  readonly revision: number | null;
  readonly proposal: string | null;
  readonly refusal: { readonly code: string } | null;
}

let here: TestGateway;
let there: TestGateway;
beforeAll(async () => {
  here = await startTestGateway();
  there = await startTestGateway({ besides: here });
});
afterAll(async () => {
  await there[Symbol.asyncDispose]();
  await here[Symbol.asyncDispose]();
});

/** Calls a mutation as an officer. */
async function change(as: string, call: string, on: TestGateway = here): Promise<Change> {
  const settings = { ...on.admin().settings, as };
  const answer = await callAdmin<{ one: Change }>(settings, `mutation { one: ${call} { revision proposal refusal { code } } }`);
  return answer.one;
}

async function code(as: string, call: string): Promise<string | undefined> {
  return (await change(as, call)).refusal?.code;
}

/** How long it takes until `there` answers with the status, in milliseconds. */
async function untilThere(ask: () => Promise<number>, wanted: number): Promise<number> {
  const startedAt = performance.now();
  while (performance.now() - startedAt < 5_000) if ((await ask()) === wanted) return performance.now() - startedAt;
  throw new Error(`${wanted} did not come.`);
}

const NATIONAL = 'portal/officer-001';
const OTHER_NATIONAL = 'portal/officer-003';

describe('suspension', () => {
  test('holds at every gateway within a second, for a token that was taken a moment ago, and ends', async () => {
    const status = async (): Promise<number> => (await there.ask('hospital-counter', ANYTHING)).status;
    expect([await status(), (await here.ask('hospital-counter', ANYTHING)).status]).toEqual([200, 200]);
    expect((await change(NATIONAL, 'suspendApplication(id: "hospital-counter", reason: "a leak is looked into")')).refusal).toBeNull();
    // Where it was done it holds at once.
    expect((await here.ask('hospital-counter', ANYTHING)).status).toBe(403);
    expect(await untilThere(status, 403)).toBeLessThan(1_000);
    expect((await there.ask('bank-teller', ANYTHING)).status).toBe(200);
    expect(await code(NATIONAL, 'suspendApplication(id: "hospital-counter", reason: "twice")')).toBe('NO_CHANGE');

    expect((await change(NATIONAL, 'resumeApplication(id: "hospital-counter")', there)).refusal).toBeNull();
    expect(await untilThere(async () => (await here.ask('hospital-counter', ANYTHING)).status, 200)).toBeLessThan(1_000);
  });

  test('is written down with who did it and why', async () => {
    const events = await readEvents(here.database, Number.MAX_SAFE_INTEGER, 50);
    expect(events.find(({ kind }) => kind === 'registry.application.suspend')).toMatchObject({
      actor: NATIONAL,
      subject: 'hospital-counter',
      body: { reason: 'a leak is looked into' },
    });
    expect(events.find(({ kind }) => kind === 'suspendApplication.refused')?.body).toEqual({ code: 'NO_CHANGE' });
  });
});

describe('people per request', () => {
  test('are as many as the registry says for the application, and the next request knows', async () => {
    const query = 'query ($ids: [IdNumber!]!) { residents(idNumbers: $ids) { fullName } }';
    const ids = await here.citizens(3);
    expect((await here.ask('university-admissions', query, { ids })).status).toBe(200);
    await change(NATIONAL, 'setApplication(id: "university-admissions", settings: { peoplePerRequest: 2 })');
    const refused = await here.ask('university-admissions', query, { ids });
    expect([refused.status, refused.errors[0]?.extensions.code]).toEqual([413, 'OPERATION_TOO_LARGE']);
    expect((await here.ask('university-admissions', query, { ids: [ids[0], ids[1], ids[0]] })).status).toBe(200);
    await change(NATIONAL, 'setApplication(id: "university-admissions", settings: { peoplePerRequest: 1000 })');
  });
});

describe('applications and purposes', () => {
  test('are added, and ask with the purposes they are given and no others', async () => {
    expect(
      await code(NATIONAL, 'addPurpose(id: "health.vaccination", vi: "Tiêm chủng", en: "Vaccinate", dpv: "dpv:ServiceProvision")'),
    ).toBeUndefined();
    expect(await code(NATIONAL, 'addPurpose(id: "health.vaccination", vi: "x", en: "x")')).toBe('EXISTS');
    expect(await code(NATIONAL, 'addPurpose(id: "x", vi: "x", en: "x", dpv: "nonsense")')).toBe('INVALID');
    const settings = 'settings: { purposes: ["health.vaccination"] }';
    expect(await code(NATIONAL, `addApplication(id: "hospital-ward", agency: "hospital", ${settings})`)).toBeUndefined();
    expect(await code(NATIONAL, 'addApplication(id: "hospital-ward", agency: "hospital", settings: {})')).toBe('EXISTS');
    expect(await code(NATIONAL, 'addApplication(id: "ghost", agency: "nobody", settings: { purposes: ["health.check-in"] })')).toBe(
      'INVALID',
    );
    expect(await code(NATIONAL, 'setApplication(id: "hospital-ward", settings: { purposes: ["health.chekin"] })')).toBe('INVALID');
    expect(await code(NATIONAL, 'setApplication(id: "hospital-wrad", settings: {})')).toBe('UNKNOWN');

    await change(
      NATIONAL,
      'setApplication(id: "bank-teller", settings: { purposes: ["bank.customer-verification", "health.vaccination"] })',
    );
    expect((await here.ask('bank-teller', ANYTHING, {}, { 'x-purpose': 'health.vaccination' })).status).toBe(200);
    await change(NATIONAL, 'setApplication(id: "bank-teller", settings: { purposes: ["bank.customer-verification"] })');
    expect((await here.ask('bank-teller', ANYTHING, {}, { 'x-purpose': 'health.vaccination' })).status).toBe(403);
  });

  test('another text of a purpose is another version, to which nobody has consented yet', async () => {
    const [person = ''] = await here.citizens(1);
    const give = `giveConsent(input: { idNumber: "${person}", agency: "hospital", purpose: "health.check-in", groups: ["residents.contact"] })`;
    await callAdmin({ ...here.admin().settings, as: NATIONAL }, `mutation { ${give} { id } }`);
    const phone = async (): Promise<unknown> => {
      const reply = await here.ask('hospital-counter', 'query ($id: IdNumber!) { resident(idNumber: $id) { phone } }', { id: person });
      return (reply.data?.['resident'] as Record<string, unknown> | null)?.['phone'];
    };
    expect(await phone()).toEqual(expect.any(String));
    await change(NATIONAL, 'setPurpose(id: "health.check-in", vi: "Tiếp đón người bệnh", en: "Admit a patient")');
    expect(await phone()).toBeNull();
  });
});

describe('an application’s keys', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'lien-thong-keys-'));
  });
  afterAll(async () => rm(directory, { recursive: true, force: true }));

  const tokenWith = async (key: JWK): Promise<number> => {
    const issuer = `${here.url}/oidc`;
    const { importJWK } = await import('jose');
    const assertion = await new SignJWT({})
      .setProtectedHeader({ alg: 'ES256', ...(key.kid === undefined ? {} : { kid: key.kid }) })
      .setIssuer('ward-office')
      .setSubject('ward-office')
      .setAudience(issuer)
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime('1m')
      .sign(await importJWK(key, 'ES256'));
    const response = await fetch(`${issuer}/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
      }),
    });
    return response.status;
  };
  const rotate = async (key: JWK, overlapSeconds: number): Promise<Change> => {
    const text = JSON.stringify(JSON.stringify(key));
    return change(NATIONAL, `rotateApplicationKey(id: "ward-office", key: ${text}, overlapSeconds: ${overlapSeconds})`);
  };
  const newKey = async (): Promise<{ readonly secret: JWK; readonly open: JWK }> => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    return { secret: await exportJWK(privateKey), open: await exportJWK(publicKey) };
  };

  test('change with an overlap in which both count, and without one at once', async () => {
    const made = JSON.parse(await readFile(applicationKeyFile(inject('registers').dataDir, 'ward-office'), 'utf8')) as JWK;
    const [second, third] = await Promise.all([newKey(), newKey()]);
    expect(await tokenWith(made)).toBe(200);
    expect(await tokenWith(second.secret)).toBe(401);

    expect((await rotate(second.open, 3_600)).refusal).toBeNull();
    expect([await tokenWith(made), await tokenWith(second.secret)]).toEqual([200, 200]);
    expect((await rotate(second.open, 3_600)).refusal?.code).toBe('EXISTS');

    expect((await rotate(third.open, 0)).refusal).toBeNull();
    expect([await tokenWith(made), await tokenWith(second.secret), await tokenWith(third.secret)]).toEqual([401, 401, 200]);
  });

  test('are public ones', async () => {
    const { secret, open } = await newKey();
    expect((await rotate(secret, 0)).refusal?.code).toBe('INVALID');
    expect((await rotate({ kty: 'oct', k: 'c2VjcmV0' }, 0)).refusal?.code).toBe('INVALID');
    expect((await rotate(open, -1)).refusal?.code).toBe('INVALID');
    expect((await rotate(open, 31 * 86_400)).refusal?.code).toBe('INVALID');
  });
});

describe('rights', () => {
  const ACCOUNT = 'hospital/officer-017';
  const signed = async (as: string, text: string): Promise<string> => {
    const jwk = JSON.parse(await readFile(officerKeyFile(inject('registers').dataDir, as), 'utf8')) as Record<string, string>;
    const signature = sign(null, grantBytes(text), createPrivateKey({ key: jwk, format: 'jwk' })).toString('base64url');
    return `key: "${jwk['x']}", signature: "${signature}"`;
  };
  const statementOf = async (account: string, right: string): Promise<string> => {
    const { registry } = await callAdmin<{
      registry: { agencies: readonly { officers: readonly { account: string; person: string }[] }[] };
    }>(here.admin().settings, '{ registry { agencies { officers { account person } } } }');
    const person = registry.agencies.flatMap(({ officers }) => officers).find((one) => one.account === account)?.person;
    return canonicalJson({
      kind: 'registry.grant',
      id: randomUUID(),
      account,
      person,
      administers: [right],
      role: null,
      key: null,
      at: new Date().toISOString(),
    });
  };
  const propose = async (as: string, account: string, right: string): Promise<Change> => {
    const text = await statementOf(account, right);
    return change(as, `proposeRole(statement: ${JSON.stringify(text)}, ${await signed(as, text)})`);
  };
  const confirm = async (as: string, id: string | null): Promise<string | undefined> => {
    const { roleProposals } = await callAdmin<{ roleProposals: readonly { id: string; statement: string }[] }>(
      here.admin().settings,
      '{ roleProposals { id statement } }',
    );
    const text = roleProposals.find((one) => one.id === id)?.statement ?? '';
    return code(as, `confirmRole(proposal: "${id}", ${await signed(as, text)})`);
  };
  const whoami = async (as: string): Promise<readonly string[]> =>
    (await callAdmin<{ whoami: { roles: readonly string[] } }>({ ...here.admin().settings, as }, '{ whoami { roles } }')).whoami.roles;

  test('are given by two people, and nothing is changed by the first', async () => {
    const { proposal } = await propose(NATIONAL, ACCOUNT, 'registry-administrator');
    expect(await whoami(ACCOUNT)).toEqual(['officer']);
    expect(await confirm(OTHER_NATIONAL, proposal)).toBeUndefined();
    expect(await whoami(ACCOUNT)).toContain('registry-administrator');
    expect(await confirm(OTHER_NATIONAL, proposal)).toBe('ALREADY_DECIDED');
  });

  test('are never one’s own to give: not to oneself, not under another account of the same person, not one’s own proposal', async () => {
    expect((await propose(NATIONAL, NATIONAL, 'auditor')).refusal?.code).toBe('SAME_PERSON');
    // police/officer-066 is the same human being as portal/officer-001.
    expect((await propose(NATIONAL, 'police/officer-066', 'registry-administrator')).refusal?.code).toBe('SAME_PERSON');
    const own = await propose(OTHER_NATIONAL, 'police/officer-066', 'registry-administrator');
    expect(await confirm(OTHER_NATIONAL, own.proposal)).toBe('SAME_PERSON');
    expect(await confirm(NATIONAL, own.proposal)).toBe('SAME_PERSON');
    expect(await whoami('police/officer-066')).not.toContain('registry-administrator');
    await change(OTHER_NATIONAL, `withdrawRoleProposal(proposal: "${own.proposal}")`);
  });

  test('a puppet account gets none by who made it', async () => {
    await change(NATIONAL, 'addOfficer(account: "portal/puppet", person: "somebody-else")');
    const { proposal } = await propose(NATIONAL, 'portal/puppet', 'registry-administrator');
    expect(await confirm(NATIONAL, proposal)).toBe('SAME_PERSON');
    expect(await code(NATIONAL, 'addOfficer(account: "portal/officer-001", person: "another")')).toBe('EXISTS');
    await change(NATIONAL, `withdrawRoleProposal(proposal: "${proposal}")`);
  });

  test('a registry administrator changes the own agency’s applications only', async () => {
    const own = 'hospital/officer-017';
    expect(await code(own, 'setApplication(id: "hospital-counter", settings: { peoplePerRequest: 50 })')).toBeUndefined();
    for (const call of [
      'setApplication(id: "bank-teller", settings: { peoplePerRequest: 1 })',
      'suspendApplication(id: "bank-teller", reason: "spite")',
      'addApplication(id: "sneaky", agency: "bank", settings: { purposes: ["bank.customer-verification"] })',
      'rotateApplicationKey(id: "bank-teller", key: "{\\"kty\\":\\"EC\\",\\"crv\\":\\"P-256\\",\\"x\\":\\"a\\",\\"y\\":\\"b\\"}", overlapSeconds: 0)',
      'addOfficer(account: "bank/mine", person: "p")',
      'revokeRole(account: "bank/officer-043")',
    ]) {
      expect([call, await code(own, call)]).toEqual([call, 'NOT_YOURS']);
    }
    expect((await propose(own, 'bank/officer-042', 'policy-editor')).refusal?.code).toBe('NOT_YOURS');
    expect((await propose(own, 'hospital/officer-018', 'national-administrator')).refusal?.code).toBe('NOT_YOURS');
    await expect(change(own, 'addPurpose(id: "mine", vi: "x", en: "x")')).rejects.toThrow(/role/);
    await expect(change('hospital/officer-018', 'suspendApplication(id: "hospital-counter", reason: "x")')).rejects.toThrow(/role/);
  });

  test('what a person proposed falls with that person’s right, and what was revoked is gone with the next call', async () => {
    await change('hospital/officer-017', 'addOfficer(account: "hospital/new", person: "new")');
    const { proposal } = await propose('hospital/officer-017', 'hospital/new', 'auditor');
    expect(await code(NATIONAL, `revokeRole(account: "hospital/officer-017")`)).toBeUndefined();
    expect(await confirm(OTHER_NATIONAL, proposal)).toBe('ROLE_REVOKED');
    await expect(change('hospital/officer-017', 'resumeApplication(id: "hospital-counter")')).rejects.toThrow(/role/);
  });

  test('two confirmations at once make one', async () => {
    const { proposal } = await propose(NATIONAL, 'ward/officer-054', 'auditor');
    const codes = await Promise.all([confirm(OTHER_NATIONAL, proposal), confirm(OTHER_NATIONAL, proposal)]);
    expect(codes.toSorted()).toEqual(['ALREADY_DECIDED', undefined]);
  });

  test('of the last two national administrators none can be taken away', async () => {
    expect(await code(NATIONAL, `revokeRole(account: "${OTHER_NATIONAL}")`)).toBe('LAST_ADMINISTRATORS');
  });
});

test('rights and keys that somebody wrote into the tables make nobody an administrator', async () => {
  const { database } = here;
  const forged = { role: 'counter', administers: ['national-administrator'], keys: ['A'.repeat(43)], person: 'p' };
  await database.query({ text: `UPDATE registry_entries SET body = $1::jsonb WHERE kind = 'officer' AND id = 'bank/officer-042'` }, [
    JSON.stringify(forged),
  ]);
  await database.query({ text: 'UPDATE registry_state SET revision = revision + 1' });
  const seen = (): boolean => here.log.some((line) => line.includes('were given by nobody who may') && line.includes('bank/officer-042'));
  while (!seen()) await here.ask('bank-teller', ANYTHING);
  await expect(change('bank/officer-042', 'suspendApplication(id: "bank-teller", reason: "x")')).rejects.toThrow(/role/);
});

test('a row that somebody wrote by hand and that is no registry is not taken, and the last good one stays', async () => {
  const { database } = here;
  await database.query({ text: `UPDATE registry_entries SET body = '{"nonsense": 1}' WHERE kind = 'application' AND id = 'bank-teller'` });
  await database.query({ text: 'UPDATE registry_state SET revision = revision + 1' });
  const errors = (): number => here.log.filter((line) => line.includes('cannot be used; the one before stays')).length;
  while (errors() === 0) expect((await here.ask('bank-teller', ANYTHING)).status).toBe(200);
  expect((await here.ask('bank-teller', ANYTHING)).status).toBe(200);
});

test('the list has who is connected, for people', async () => {
  const { settings, output } = there.admin();
  await registryList(settings, {});
  expect(output()).toContain('university-admissions');
  expect(output()).toContain('Vaccinate');
});
