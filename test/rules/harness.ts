import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import { actorOf, type Actor } from '../../gateway/admin/actor.ts';
import { LIMITS, type Limits } from '../../gateway/limits.ts';
import { contentVersion } from '../../gateway/policy/policy-files.ts';
import { signingKey } from '../../gateway/policy/officers.ts';
import { policyGraphOf } from '../../gateway/policy/policy-set.ts';
import { loadRegistry, type LoadedRegistry } from '../../gateway/policy/registry-load.ts';
import { startActiveRules, type ActiveRules } from '../../gateway/rules/active.ts';
import { createFindSigner } from '../../gateway/rules/keyring.ts';
import type { RegistrySource } from '../../gateway/rules/registry-source.ts';
import { createRulesContext, draft, type RulesContext, type StepOutcome } from '../../gateway/rules/service.ts';
import type { SignedStatement } from '../../gateway/rules/signature.ts';
import { signStatement, type Statement } from '../../gateway/rules/statement.ts';
import { activate, approve, narrow, reject, review, rollback, submit, versionBefore } from '../../gateway/rules/steps.ts';
import { createRulesThread } from '../../gateway/rules/thread.ts';
import { filesOf, type PolicyTexts, type ThreadQuestion } from '../../gateway/rules/thread-protocol.ts';
import { migrate, openDatabase, type Database } from '../../platform/database.ts';
import { MIGRATIONS, silentLog } from '../identity/demo-gateway.ts';
import { SMALL_SUPERGRAPH } from '../policy/small-graph.ts';

/** The small graph's clinic and office, which owns people, with officers who administer. */
export const REGISTRY = `
agencies:
  clinic:
    kind: public-service-unit
    name: { vi: Phòng khám, en: Clinic }
    officers:
      editor: { role: supervisor, administers: [policy-editor] }
      health-owner: { role: supervisor, administers: [data-owner] }
      nurse: counter
  office:
    kind: ministry
    name: { vi: Cơ quan, en: Office }
    officers:
      national: { role: supervisor, administers: [national-administrator], person: ann }
      second: { role: supervisor, administers: [national-administrator] }
      owner: { role: supervisor, administers: [data-owner] }
      double: { role: supervisor, administers: [data-owner], person: ann }
      auditor: { role: supervisor, administers: [auditor] }
purposes:
  care: { version: 1, text: { vi: Chăm sóc, en: Care } }
  research: { version: 1, text: { vi: Nghiên cứu, en: Research } }
applications:
  desk: { agency: clinic, purposes: [care, research] }
  portal: { agency: office, purposes: [care] }
registers:
  people: { owner: office }
  health: { owner: clinic }
`;

const ACCOUNTS = [
  'clinic/editor',
  'clinic/health-owner',
  'clinic/nurse',
  'office/national',
  'office/second',
  'office/owner',
  'office/double',
  'office/auditor',
] as const;
export type Account = (typeof ACCOUNTS)[number];

/** A permit of the desk for a field, and its cases. */
export function deskMay(field: string, id: string, basis = '@basis("CONSENT")', application = 'desk'): PolicyTexts {
  return {
    [`${id}.cedar`]: `@id("${id}")\n${basis}\npermit (\n  principal == Application::"${application}",\n  action == Action::"read",\n  resource == Field::"${field}"\n)\nwhen { context.purpose == "care" };\n`,
    [`cases/${id}.yaml`]: `- { name: ${id} gives, application: ${application}, purpose: care, coordinate: ${field}, expect: ${basis.includes('CONSENT') ? 'consent' : 'law'}, policy: ${id} }\n- { name: ${id} is read only, application: ${application}, purpose: care, action: write, coordinate: ${field}, expect: refused, policy: none }\n`,
  };
}

export const FIRST: PolicyTexts = { ...deskMay('Person.name', 'names'), ...deskMay('Person.visits', 'visits') };

export interface RulesUnderTest extends AsyncDisposable {
  readonly database: Database;
  readonly context: RulesContext;
  readonly active: ActiveRules;
  readonly keys: ReadonlyMap<string, JWK>;
  readonly log: readonly string[];
  /** Starts another gateway's rules on the same database. */
  readonly another: (change?: Partial<Options>) => Promise<ActiveRules>;
  /** Changes the registry for everybody here. */
  readonly changeRegistry: (text: string) => void;
  actor(account: Account): Actor;
  sign(account: Account, statement: Omit<Statement, 'account' | 'at' | 'reason'> & { readonly at?: string }): SignedStatement;
  draft(account: Account, files: PolicyTexts, parent?: string): Promise<StepOutcome>;
  step(account: Account, kind: 'submit' | 'approve' | 'reject' | 'activate' | 'narrow' | 'review', version: string): Promise<StepOutcome>;
  rollback(account: Account): Promise<StepOutcome>;
  /** Drafts, submits, has it approved by the office's owner and by the second administrator, and activates it. */
  enact(files: PolicyTexts): Promise<string>;
}

export interface Options {
  readonly clock: () => number;
  readonly limits: Partial<Limits>;
  readonly coolingOffMs: number;
  readonly database: Database;
  readonly first: PolicyTexts;
  /** Told what the gateway's thread has answered, before the gateway is. */
  readonly answered: (kind: ThreadQuestion['kind']) => void;
}

const STEPS = { submit, approve, reject, activate, narrow, review };

/** Rules of the small graph on a database in memory, with everything but requests. */
export async function startRulesUnderTest(options: Partial<Options> = {}): Promise<RulesUnderTest> {
  await using resources = new AsyncDisposableStack();
  const clock = options.clock ?? Date.now;
  const database = options.database ?? resources.use(await openDatabase({ statementTimeoutMs: 5_000 }));
  await migrate(database, MIGRATIONS);
  const keys = new Map<string, JWK>();
  for (const account of ACCOUNTS) {
    const { privateKey } = await generateKeyPair('EdDSA', { extractable: true });
    const jwk = await exportJWK(privateKey);
    keys.set(account, { ...jwk, kid: await calculateJwkThumbprint(jwk) });
  }
  const graph = policyGraphOf(SMALL_SUPERGRAPH);
  let text = REGISTRY;
  let registry = read(text, graph.subgraphs);
  const listeners = new Set<() => void>();
  const source: RegistrySource = {
    current: () => registry,
    text: () => text,
    changed: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const own = new Map([...keys].map(([account, { x = '' }]) => [account, [signingKey(x)]]));
  const findSigner = createFindSigner(source.current, own);
  const lines: string[] = [];
  const log = {
    ...silentLog(),
    error: (facts: unknown, message: string) => void lines.push(`${message} ${JSON.stringify(facts)}`),
  } as ReturnType<typeof silentLog>;
  const directory = await policyDirectory(options.first ?? FIRST);
  resources.defer(async () => rm(directory, { recursive: true }));
  // What a test starts later is let go of first.
  const others = resources.use(new AsyncDisposableStack());
  const start = async (change: Partial<Options> = {}): Promise<ActiveRules> => {
    const thread = others.use(
      createRulesThread({ supergraphSdl: SMALL_SUPERGRAPH, defaultIssuer: undefined, timeoutMs: 60_000, queueMax: 50 }),
    );
    return others.use(
      await startActiveRules({
        database: change.database ?? database,
        directory,
        files: filesOf(options.first ?? FIRST),
        graph,
        registry: source,
        findSigner,
        importer: { account: 'office/national', key: keys.get('office/national') ?? {} },
        thread: {
          ...thread,
          ask: async (question) => {
            const answer = await thread.ask(question);
            change.answered?.(question.kind);
            return answer;
          },
        },
        limits: { ...LIMITS, ...options.limits, ...change.limits },
        log,
        clock: change.clock ?? clock,
      }),
    );
  };
  const active = await start();
  const thread = resources.use(
    createRulesThread({ supergraphSdl: SMALL_SUPERGRAPH, defaultIssuer: undefined, timeoutMs: 60_000, queueMax: 50 }),
  );
  const context = createRulesContext({
    database,
    active,
    registry: source,
    findSigner,
    thread,
    coolingOffMs: options.coolingOffMs ?? 0,
    clock,
  });

  const actor = (account: Account): Actor => {
    const known = actorOf(registry, account, { kind: 'key', keyId: '', chosen: true }, clock());
    if (known === undefined) throw new Error(`There is no ${account}.`);
    return known;
  };
  const sign: RulesUnderTest['sign'] = (account, statement) =>
    signStatement({ reason: '', at: new Date(clock()).toISOString(), ...statement, account } as Statement, keys.get(account) ?? {});
  const owned = resources.move();
  const tests: RulesUnderTest = {
    database,
    context,
    active,
    keys,
    log: lines,
    another: start,
    changeRegistry(changed) {
      text = changed;
      registry = read(changed, graph.subgraphs);
      for (const listener of listeners) listener();
    },
    actor,
    sign,
    async draft(account, files, parent) {
      const statement = { kind: 'draft', version: contentVersion(filesOf(files)), parent: parent ?? active.activation().version } as const;
      return draft(sign(account, statement), files, actor(account), context);
    },
    async step(account, kind, version) {
      const proposal = (await context.round(version))?.draft.hash ?? '0'.repeat(64);
      const after = active.activation().hash;
      const widens =
        kind === 'submit' || kind === 'approve' ? (await context.impact(active.activation().version, version)).registersWidened : [];
      const more = {
        submit: { kind: 'submit', proposal, widens },
        approve: { kind: 'approve', proposal, widens },
        reject: { kind: 'reject', proposal },
        activate: { kind: 'activate', proposal, after },
        narrow: { kind: 'narrow', proposal, after },
        review: { kind: 'review', activation: after },
      }[kind];
      return STEPS[kind](sign(account, { ...more, version } as Statement), actor(account), context);
    },
    async rollback(account) {
      const { chain, hash, version } = active.activation();
      return rollback(
        sign(account, { kind: 'rollback', version: versionBefore(chain) ?? version, after: hash } as Statement),
        actor(account),
        context,
      );
    },
    async enact(files) {
      const version = contentVersion(filesOf(files));
      expectDone(await tests.draft('office/national', files));
      expectDone(await tests.step('office/national', 'submit', version));
      expectDone(await tests.step('office/owner', 'approve', version));
      expectDone(await tests.step('office/second', 'approve', version));
      expectDone(await tests.step('office/national', 'activate', version));
      return version;
    },
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
  return tests;
}

/** Code of the refusal, or `done`. */
export function outcomeOf(outcome: StepOutcome): string {
  return outcome.kind === 'done' ? 'done' : outcome.refusal.code;
}

export function expectDone(outcome: StepOutcome): void {
  if (outcome.kind !== 'done') throw new Error(`${outcome.refusal.message} ${JSON.stringify(outcome.report?.problems ?? '')}`);
}

function read(text: string, subgraphs: readonly string[]): LoadedRegistry {
  const { registry, problems } = loadRegistry(text, subgraphs);
  if (registry === undefined || problems.length > 0) throw new Error(`The test's registry: ${problems[0]?.message}`);
  return registry;
}

async function policyDirectory(files: PolicyTexts): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'lien-thong-rules-'));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), content);
  }
  return path;
}
