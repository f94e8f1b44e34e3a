import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { policyDraft, policyRollback, policyStep } from '../../gateway/admin/commands/policy-steps.ts';
import { copyOfPolicies, giveTellerTheResidence } from './rules-files.ts';
import { startTestGateway, type Reply, type TestGateway } from './test-gateway.ts';

// Two gateways on one database under load while rules are activated at one of them, over and over. The two versions differ in several fields at once, so that
// an answer made of both would show.
const ACTIVATIONS = Number(process.env['RULES_ACTIVATIONS'] ?? (inject('registers').backend === 'postgres' ? 10 : 4));
const TIMEOUT_MS = 240_000 + ACTIVATIONS * 30_000;
const LOOPS = 4;
const WITHIN_MS = 1_000;
const QUERY = 'query ($id: IdNumber!) { resident(idNumber: $id) { phone isAtLeast(age: 18) currentResidence { province } } }';

const GIVEN = ['Resident.currentResidence', 'Address.province'].map((coordinate) => `bank-teller: ${coordinate}`);
// Whether anything fails for the change is what is looked at, and not whether the machine is busy.
const PATIENT = { consentTimeoutMs: 60_000, subgraphTimeoutMs: 60_000, recordTimeoutMs: 60_000, planTimeoutMs: 60_000 };

let here: TestGateway;
let there: TestGateway;
let person: string;
beforeAll(async () => {
  here = await startTestGateway({ alsoGiven: GIVEN, limits: PATIENT });
  there = await startTestGateway({ besides: here, alsoGiven: GIVEN, limits: PATIENT });
  [person = ''] = await here.citizens(1);
});
afterAll(async () => {
  await there[Symbol.asyncDispose]();
  await here[Symbol.asyncDispose]();
});

const END_LISTENERS = {
  text: "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'",
};

interface Seen {
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly gateway: TestGateway;
  readonly reply: Reply;
}

/** How each field was answered. */
function shapeOf({ data, errors }: Reply): string {
  const resident = (data?.['resident'] ?? {}) as Record<string, unknown>;
  return ['phone', 'isAtLeast', 'currentResidence']
    .map(
      (field) =>
        errors.find(({ path }) => path?.[1] === field)?.extensions.code ??
        (resident[field] === null || resident[field] === undefined ? 'null' : 'given'),
    )
    .join(' ');
}

test(
  `through ${ACTIVATIONS} activations no answer mixes versions, none fails, and the other gateway follows within a second`,
  { timeout: TIMEOUT_MS },
  async () => {
    await using policies = await copyOfPolicies();
    await giveTellerTheResidence(policies.path);
    const bank = join(policies.path, 'bank.cedar');
    // The other version gives the address by law and no phone.
    const text = (await readFile(bank, 'utf8')).replace(
      '@id("bank.residence")\n@basis("CONSENT")',
      '@id("bank.residence")\n@basis("ART_19_1_DD")\n@reference("Law 1")',
    );
    await writeFile(bank, text.slice(0, text.indexOf('@id("bank.phone")')) + text.slice(text.indexOf('\n@id("bank.residence")')));
    const cases = join(policies.path, 'cases', 'bank.yaml');
    const casesText = await readFile(cases, 'utf8');
    const phone = casesText.indexOf("- name: the phone number needs the customer's consent");
    const residence = casesText.indexOf("- name: the address needs the customer's consent");
    await writeFile(cases, casesText.slice(0, phone) + casesText.slice(residence).replace('expect: consent', 'expect: law'));

    const first = (await here.ask('bank-teller', QUERY, { id: person })).extensions.disclosure?.policyVersion ?? '';
    const seen: Seen[] = [];
    const load = { isOn: true };
    const loops = Array.from({ length: LOOPS }, async (_, index) => {
      const gateway = index % 2 === 0 ? here : there;
      while (load.isOn) {
        const startedAt = performance.now();
        const reply = await gateway.ask('bank-teller', QUERY, { id: person });
        seen.push({ startedAt, finishedAt: performance.now(), gateway, reply });
      }
    });

    const changes: { readonly askedAt: number; readonly at: number; readonly version: string }[] = [];
    let second = '';
    try {
      for (let count = 0; count < ACTIVATIONS; count += 1) {
        // Whoever listens loses the connection once; looking behind the notices makes up for it.
        if (count === 2 && inject('registers').backend === 'postgres') await here.database.query(END_LISTENERS);
        let askedAt = performance.now();
        if (count % 2 === 1) {
          await policyRollback(here.admin().settings, {});
          changes.push({ askedAt, at: performance.now(), version: first });
        } else {
          const drafting = here.admin();
          await policyDraft(drafting.settings, { from: policies.path, parent: first, json: true });
          second = (JSON.parse(drafting.output()) as { version: string }).version;
          await policyStep(here.admin().settings, 'submit', { version: second });
          await policyStep(there.admin('police/officer-064').settings, 'approve', { version: second });
          askedAt = performance.now();
          await policyStep(here.admin().settings, 'activate', { version: second });
          changes.push({ askedAt, at: performance.now(), version: second });
        }
        // Long enough for requests that begin after the bound.
        const since = performance.now() + WITHIN_MS;
        while (seen.filter(({ startedAt, gateway }) => gateway === there && startedAt > since).length < 2) {
          await new Promise((resolve) => {
            setImmediate(resolve);
          });
        }
      }
    } finally {
      load.isOn = false;
      await Promise.all(loops);
    }

    const shapes = new Map([
      [first, 'CONSENT_REQUIRED given FIELD_NOT_PERMITTED'],
      [second, 'FIELD_NOT_PERMITTED given given'],
    ]);
    expect(new Set(seen.map(({ reply }) => reply.status))).toEqual(new Set([200]));
    for (const { reply } of seen) expect(shapeOf(reply)).toBe(shapes.get(reply.extensions.disclosure?.policyVersion ?? ''));
    expect(new Set(seen.map(({ reply }) => reply.extensions.disclosure?.policyVersion))).toEqual(new Set([first, second]));

    const bases = new Map([
      [first, false],
      [second, true],
    ]);
    const asked = (await here.records()).filter(({ application }) => application === 'bank-teller');
    expect(asked.length).toBeGreaterThanOrEqual(seen.length);
    for (const record of asked) expect('Resident.currentResidence' in record.bases).toBe(bases.get(record.policyVersion));

    // What begins more than a second after an activation, and ends before the next one is asked for, is answered by it, at both gateways.
    let late = 0;
    for (const [index, { at, version }] of changes.entries()) {
      const next = changes[index + 1]?.askedAt ?? Infinity;
      for (const { startedAt, finishedAt, reply } of seen) {
        if (startedAt <= at + WITHIN_MS || finishedAt >= next) continue;
        late += 1;
        expect([index, Math.round(startedAt - at), reply.extensions.disclosure?.policyVersion]).toEqual([
          index,
          Math.round(startedAt - at),
          version,
        ]);
      }
    }
    expect(late).toBeGreaterThan(ACTIVATIONS);
  },
);
