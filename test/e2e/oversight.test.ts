import { randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as bodyOf } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import {
  anomalies,
  emergencies,
  ledgerReconcile,
  ledgerScope,
  reviewEmergency,
  supervision,
} from '../../gateway/admin/commands/supervision.ts';
import { callAdmin } from '../../gateway/admin/client.ts';
import { consentGive } from '../../gateway/admin/commands/consent.ts';
import { ledgerHistory } from '../../gateway/admin/commands/history.ts';
import type { CommandSettings } from '../../gateway/admin/command-settings.ts';
import { SUBGRAPH_NAMES } from '../../gateway/config.ts';
import { DEMO_GRANT_ISSUER } from '../../gateway/demo.ts';
import { loadOrCreateKeys } from '../../gateway/identity/keys.ts';
import { signatureOf } from '../../gateway/notices/notices.ts';
import { OVERSIGHT_DEFAULTS } from '../../gateway/oversight/settings.ts';
import { GRANT_HEADER, operationHash, seal, SEAL_HEADER, signGrant } from '../../platform/grant.ts';
import { TEST_APPLICATIONS } from './registers.ts';
import { startTestGateway, type TestGateway } from './test-gateway.ts';
import { numbersIn } from './numbers.ts';

const KEY = Buffer.alloc(32, 5);
let gateway: TestGateway;
let people: readonly string[];
let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
  gateway = await startTestGateway({
    webhook: { url: receiver.url, key: KEY },
    oversight: {
      ...OVERSIGHT_DEFAULTS,
      usualHours: { from: 0, to: 24 },
      least: { ...OVERSIGHT_DEFAULTS.least, people: 30, misses: 8, emergencies: 2 },
    },
  });
  people = await gateway.citizens(60);
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

const person = (index: number): string => people[index] ?? '';

/** What a command prints, as JSON. */
async function json<Result>(command: (settings: CommandSettings) => Promise<unknown>, as?: string): Promise<Result> {
  const { settings, output } = gateway.admin(as);
  await command(settings);
  expect(numbersIn(output())).toEqual([]);
  return JSON.parse(output()) as Result;
}

const NAMES = 'query ($ids: [IdNumber!]!) { residents(idNumbers: $ids) { fullName dateOfBirth } }';

describe('the scope of a breach', () => {
  test('says of how many people which fields were shown to an application, by whom and what for', async () => {
    await gateway.ask('university-admissions', NAMES, { ids: people.slice(0, 3) }, { 'x-officer': 'officer-031' });
    await gateway.ask('university-admissions', NAMES, { ids: people.slice(2, 5) }, { 'x-officer': 'officer-032' });
    await gateway.ask('university-admissions', '{ resident(idNumber: "000099000001") { fullName } }');
    await gateway.ask('university-admissions', `{ resident(idNumber: "${person(9)}") { religion } }`);
    const span = { application: 'university-admissions', from: '2020-01-01', to: '2999-01-01', json: true } as const;
    const scope = await json<Record<string, unknown>>(async (settings) => ledgerScope(settings, span));
    expect(scope).toMatchObject({ people: 5, requests: 4, refused: 1, askedOnly: 2, complete: true, pseudonyms: null });
    expect(scope['fields']).toEqual(expect.arrayContaining([{ field: 'Resident.fullName', count: 6, transformed: 0, people: 5 }]));
    expect(scope['purposes']).toEqual([{ name: 'education.admission', requests: 4 }]);
    expect(scope['officers']).toEqual(expect.arrayContaining([{ name: 'officer-031', requests: 1 }]));
    const none = await json<Record<string, unknown>>(async (settings) =>
      ledgerScope(settings, { ...span, from: '2019-01-01', to: '2019-12-31' }),
    );
    expect(none).toMatchObject({ people: 0, requests: 0 });
  });

  test('lists pseudonyms to an auditor only', async () => {
    const span = { application: 'university-admissions', from: '2020-01-01', to: '2999-01-01', pseudonyms: true, json: true } as const;
    const scope = await json<{ pseudonyms: readonly unknown[] }>(async (settings) => ledgerScope(settings, span), 'portal/officer-002');
    expect(scope.pseudonyms).toHaveLength(5);
    await expect(json(async (settings) => ledgerScope(settings, span), 'portal/officer-003')).rejects.toThrow(/does not have a role/);
    await expect(json(async (settings) => ledgerScope(settings, span))).rejects.toThrow(/does not have a role/);
  });
});

describe('supervision', () => {
  test('counts agencies by kind, requests, people, refusals by reason, and registers, up to the last request', async () => {
    await gateway.send({ method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"query":"{ me { idNumber } }"}' });
    const board = await json<Record<string, never>>(async (settings) => supervision(settings, { json: true }));
    expect(board['agencies']).toEqual(expect.arrayContaining([{ kind: 'enterprise', agencies: 1, connected: 1 }]));
    expect(board['codes']).toEqual(
      expect.arrayContaining([
        { outcome: 'refused', code: 'FIELD_NOT_PERMITTED', requests: 1 },
        { outcome: 'unknown-caller', code: 'UNAUTHENTICATED', requests: 1 },
      ]),
    );
    expect(board['people']).toEqual(expect.arrayContaining([expect.objectContaining({ application: 'university-admissions', people: 7 })]));
    expect(board['registers']).toEqual(
      expect.arrayContaining([expect.objectContaining({ register: 'residents', unavailable: 0, calls: expect.any(Number) })]),
    );
    expect(board).toMatchObject({ upToDate: true, latency: { p50Ms: expect.any(Number), p99Ms: expect.any(Number) } });
    expect((board['buckets'] as unknown as { nodes: readonly unknown[] }).nodes).toEqual(
      expect.arrayContaining([expect.objectContaining({ agency: 'university', kind: 'public-service-unit', answered: 3, refused: 1 })]),
    );
  });

  test('counts each record once, however often and by however many it is followed', async () => {
    await using second = await startTestGateway({ besides: gateway });
    const ask = async (one: TestGateway): Promise<number> => {
      const { settings } = one.admin();
      return (await callAdmin<{ supervision: { requests: number } }>(settings, '{ supervision { requests } }')).supervision.requests;
    };
    const before = await ask(gateway);
    await Promise.all(
      Array.from({ length: 10 }, async (_, index) =>
        (index % 2 === 0 ? gateway : second).ask('ward-office', NAMES, { ids: [person(index)] }),
      ),
    );
    const counted = await Promise.all([ask(gateway), ask(second), ask(gateway), ask(second)]);
    expect(Math.max(...counted, await ask(gateway))).toBe(before + 10);
  });

  test('pages through buckets', async () => {
    const query =
      'query ($after: String) { supervisionBuckets(first: 1, after: $after) { nodes { application } pageInfo { hasNextPage endCursor } } }';
    type Page = {
      supervisionBuckets: { nodes: readonly { application: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
    };
    const seen: string[] = [];
    for (let after: string | undefined; ;) {
      const { supervisionBuckets: page }: Page = await callAdmin<Page>(gateway.admin().settings, query, { after });
      seen.push(...page.nodes.map(({ application }) => application));
      if (!page.pageInfo.hasNextPage) break;
      after = page.pageInfo.endCursor;
    }
    expect(seen).toEqual([...new Set(seen)]);
    expect(seen).toEqual(expect.arrayContaining(['university-admissions', 'ward-office']));
  });

  test('is not shown to officers of agencies', async () => {
    await expect(json(async (settings) => supervision(settings, { json: true }), 'hospital/officer-018')).rejects.toThrow(
      /does not have a role/,
    );
  });
});

describe('an anomaly', () => {
  test('is raised when an application asks for far more people than it ever did, once, on the record and as a metric', async () => {
    await gateway.ask('police-residence', NAMES, { ids: people.slice(0, 40) }, { 'x-officer': 'officer-063' });
    const found = await json<{ nodes: readonly Record<string, unknown>[] }>(async (settings) => anomalies(settings, { json: true }));
    expect(found.nodes).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: 'people', application: 'police-residence', officer: '', seen: 40 }),
        expect.objectContaining({
          kind: 'people',
          application: 'police-residence',
          officer: 'officer-063',
          purpose: 'residence.management',
        }),
      ]),
    );
    await gateway.ask('police-residence', NAMES, { ids: people.slice(40, 50) });
    const again = await json<{ nodes: readonly Record<string, unknown>[] }>(async (settings) => anomalies(settings, { json: true }));
    expect(
      again.nodes.filter(({ kind, application, officer }) => kind === 'people' && application === 'police-residence' && officer === ''),
    ).toHaveLength(1);
    const events = (await gateway.records()) as readonly { kind: string; action?: string; details?: { kind: string; officer: string } }[];
    expect(
      events.filter(({ action, details }) => action === 'anomaly.raised' && details?.kind === 'people' && details.officer === ''),
    ).toHaveLength(1);
    expect(await (await fetch(`${gateway.url}/metrics`)).text()).toMatch(/lienthong_anomalies_total\{kind="people"\} [1-9]/);
  });

  test('is raised by numbers that nobody has and by numbers one after the other', async () => {
    const nobody = Array.from({ length: 30 }, (_, index) => `0000990000${String(index + 10)}`);
    for (const idNumber of nobody) await gateway.ask('ward-office', NAMES, { ids: [idNumber] });
    const { nodes } = await json<{ nodes: readonly Record<string, unknown>[] }>(async (settings) => anomalies(settings, { json: true }));
    const kinds = nodes.filter(({ application, officer }) => application === 'ward-office' && officer === '').map(({ kind }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(['misses', 'sequential']));
    const rows = await gateway.database.query<{ text: string }>({ text: 'SELECT oversight_days::text AS text FROM oversight_days' });
    expect(numbersIn(rows.map(({ text }) => text).join())).toEqual([]);
  });
});

interface EmergencyNode {
  readonly record: string;
  readonly officer: string;
  readonly overdue: boolean;
  readonly verdict: string | null;
}

describe('an emergency', () => {
  const VISITS = '{ resident(idNumber: "ID") { fullName visits { facility } } }';
  const list = async (): Promise<readonly EmergencyNode[]> =>
    (await json<{ nodes: readonly EmergencyNode[] }>(async (settings) => emergencies(settings, { json: true }))).nodes;
  const use = async (index: number, officer = 'officer-017'): Promise<string> => {
    const headers = { 'x-emergency': 'unconscious', 'x-officer': officer, 'x-case': 'er-1' };
    const reply = await gateway.ask('hospital-counter', VISITS.replace('ID', person(index)), {}, headers);
    expect(reply.status).toBe(200);
    return reply.extensions.disclosure?.record ?? '';
  };
  const review = async (record: string, as: string): Promise<unknown> =>
    json(async (settings) => reviewEmergency(settings, { record, verdict: 'justified', note: 'brought in by ambulance', json: true }), as);

  test('is queued for review, shown in the history, and told to the person by the webhook', async () => {
    const told = receiver.next((message) => message.type === 'emergency.used');
    const record = await use(20);
    expect((await list())[0]).toMatchObject({ record, officer: 'officer-017', overdue: false, verdict: null });
    const { settings, output } = gateway.admin();
    await ledgerHistory(settings, { person: person(20), json: true });
    const { entries } = JSON.parse(output()) as { entries: readonly unknown[] };
    expect(entries[0]).toMatchObject({ record, emergency: true });
    expect((await told).data).toMatchObject({ idNumber: person(20), record, agency: 'hospital' });
  });

  test('is overdue when nobody reviewed it in time, and reviewed by another once', async () => {
    const record = await use(21);
    expect((await list()).find((one) => one.record === record)).toMatchObject({ overdue: false });
    await gateway.database.query({ text: "UPDATE oversight_reviews SET due_at = at - interval '1 hour' WHERE record = $1::uuid" }, [
      record,
    ]);
    expect((await list()).find((one) => one.record === record)).toMatchObject({ overdue: true });
    expect(await review(record, 'portal/officer-002')).toMatchObject({ verdict: 'justified' });
    await expect(review(record, 'portal/officer-003')).rejects.toThrow(/reviewed already/);
    await expect(review(randomUUID(), 'portal/officer-002')).rejects.toThrow(/No emergency has this record/);
  });

  test('is not reviewed by an officer without the role', async () => {
    const record = await use(22);
    await expect(review(record, 'hospital/officer-017')).rejects.toThrow(/does not have a role/);
    expect((await list()).find((one) => one.record === record)).toMatchObject({ verdict: null });
  });
});

describe('a consent given by an operator', () => {
  test('is told to the person, signed, sent again while nobody takes it, and the number goes once it is sent', async () => {
    receiver.fail(1);
    const told = receiver.next((message) => message.type === 'consent.given');
    const { settings } = gateway.admin();
    await consentGive(settings, { person: person(30), agency: 'hospital', purpose: 'health.check-in', group: ['residents.contact'] });
    await receiver.failed();
    // Due again in a while, which is not waited for.
    await gateway.database.query({ text: 'UPDATE notices SET next_at = created_at' });
    const message = await told;
    expect(message.data).toMatchObject({
      idNumber: person(30),
      agency: 'hospital',
      notice: { vi: expect.any(String), en: expect.any(String) },
    });
    const { headers, text } = message;
    const id = String(headers['webhook-id']);
    expect(headers['webhook-signature']).toBe(signatureOf(KEY, id, Number(headers['webhook-timestamp']), text));
    expect(JSON.stringify(headers)).not.toContain(person(30));
    expect(gateway.log.join('\n')).not.toContain(person(30));
    await receiver.idle();
    const { settings: asking } = gateway.admin();
    await expect
      .poll(async () => {
        await callAdmin(asking, '{ status { ready } }');
        return gateway.database.query({ text: 'SELECT id_number, sent_at IS NOT NULL AS sent FROM notices WHERE id = $1::uuid' }, [id]);
      })
      .toEqual([{ id_number: null, sent: true }]);
  });
});

describe('reconciliation', () => {
  test('finds no incident in what the gateway asked, and one in a grant that was used behind its back', async () => {
    await gateway.ask('hospital-counter', NAMES, { ids: [person(1)] });
    type Answer = {
      registers: readonly { register: string; status: string; served: number }[];
      incidents: readonly { grantId: string; register: string; application: string }[];
    };
    const run = async (): Promise<Answer> => json<Answer>(async (settings) => ledgerReconcile(settings, { settled: 0, json: true }));
    const own = new Set((await gateway.records()).flatMap(({ grants }) => grants ?? []));
    const before = await run();
    expect(before.registers.find(({ register }) => register === 'residents')).toMatchObject({ status: 'compared' });
    expect(before.incidents.filter(({ grantId }) => own.has(grantId))).toEqual([]);
    const grantId = await askBehindItsBack(person(2));
    const after = await run();
    expect(after.incidents).toEqual(
      expect.arrayContaining([expect.objectContaining({ grantId, register: 'residents', application: 'hospital-counter' })]),
    );
    const events = (await gateway.records()) as readonly { action?: string; details?: { grant: string } }[];
    expect(events.filter(({ action, details }) => action === 'grant.unrecorded' && details?.grant === grantId)).toHaveLength(1);
    expect(await (await fetch(`${gateway.url}/metrics`)).text()).toMatch(/lienthong_grants_unrecorded_total\{register="residents"\} [1-9]/);
  });

  test('is answered by a register to nobody without the seal', async () => {
    const { urls } = inject('registers');
    const url = new URL('grants-served', urls['residents']);
    const body = JSON.stringify({ after: { at: '2020-01-01T00:00:00.000Z', grantId: '' }, limit: 10 });
    const reply = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    expect(reply.status).toBe(401);
  });
});

/** Calls a register with keys of the gateway's and no record: what whoever stole them would do. */
async function askBehindItsBack(idNumber: string): Promise<string> {
  const { dataDir, urls } = inject('registers');
  const keys = await loadOrCreateKeys(dataDir, {
    subgraphs: SUBGRAPH_NAMES,
    applications: TEST_APPLICATIONS.map((id) => ({ id, clientId: id })),
  });
  const query = 'query ($id: IdNumber!) { resident(idNumber: $id) { fullName } }';
  const id = randomUUID();
  const grant = {
    id,
    issuer: DEMO_GRANT_ISSUER,
    audience: 'residents',
    application: 'hospital-counter',
    agency: 'hospital',
    purpose: 'health.check-in',
    action: 'read',
    emergency: false,
    policyVersion: 'x',
    operationHash: operationHash(query),
    coordinates: { 'Query.resident': 'released', 'Resident.fullName': 'released' },
    expiresAt: Math.floor(Date.now() / 1_000) + 30,
  } as const;
  const body = JSON.stringify({ query, variables: { id: idNumber } });
  const key = keys.seals.get('residents')?.key ?? Buffer.alloc(0);
  const headers = {
    'content-type': 'application/json',
    [GRANT_HEADER]: await signGrant(grant, keys.grant.privateKey),
    [SEAL_HEADER]: seal(id, body, key, Date.now()),
  };
  const reply = await fetch(urls['residents'] ?? '', { method: 'POST', headers, body });
  expect(reply.status).toBe(200);
  return id;
}

interface Message {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface Receiver extends AsyncDisposable {
  readonly url: string;
  /** The first message that comes from now on and is the one. */
  next(is: (message: Message) => boolean): Promise<Message>;
  /** Refuses so many. */
  fail(count: number): void;
  failed(): Promise<void>;
  /** When no message is under way. */
  idle(): Promise<void>;
}

async function startReceiver(): Promise<Receiver> {
  const waiting = new Set<{ readonly is: (message: Message) => boolean; readonly settle: (message: Message) => void }>();
  let failures = 0;
  let refused = Promise.withResolvers<undefined>();
  let last: Promise<unknown> = Promise.resolve();
  const server = createServer((request, response) => {
    const take = async (): Promise<void> => {
      const text = await bodyOf(request);
      if (failures > 0) {
        failures -= 1;
        response.writeHead(503).end();
        refused.resolve(undefined);
        return;
      }
      const message = { ...(JSON.parse(text) as Pick<Message, 'type' | 'data'>), headers: request.headers, text };
      response.writeHead(204).end();
      for (const one of waiting) {
        if (!one.is(message)) continue;
        waiting.delete(one);
        one.settle(message);
      }
    };
    last = take();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/notices`,
    next: async (is) => new Promise((settle) => void waiting.add({ is, settle })),
    fail(count) {
      failures = count;
      refused = Promise.withResolvers();
    },
    failed: async () => refused.promise,
    idle: async () => void (await last),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
