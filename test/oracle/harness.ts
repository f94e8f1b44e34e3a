import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { execute, parse, type DocumentNode, type GraphQLFieldResolver, type GraphQLSchema } from 'graphql';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPlanner } from '../../gateway/apollo.ts';
import { startApollo } from '../../gateway/apollo-server.ts';
import { createBatching } from '../../gateway/execution/batch.ts';
import type { SubgraphClient, SubgraphRequest } from '../../gateway/execution/fetch.ts';
import type { SubgraphOutcome } from '../../gateway/execution/reply.ts';
import { withPeopleRoots } from '../../gateway/execution/people-roots.ts';
import { loadGraph } from '../../gateway/graph.ts';
import { LIMITS } from '../../gateway/limits.ts';
import { createMetrics } from '../../gateway/metrics.ts';
import { createPipeline } from '../../gateway/pipeline.ts';
import { loadPolicies, type LoadedPolicies } from '../../gateway/policy/load.ts';
import { OPEN_POLICIES } from '../../gateway/policy/open.ts';
import { createTakeProbes } from '../../gateway/probes/probes.ts';
import type { Caller } from '../../gateway/request.ts';
import { createDocumentCache } from '../../gateway/stages/admit.ts';
import { migrate, openDatabase } from '../../platform/database.ts';
import { createLog } from '../../platform/log.ts';
import { asks, matches, QUERY } from './oracle.ts';
import { textOf, type Counted } from './questions.ts';
import { REGISTRY } from './random.ts';
import type { Asker, RulePolicy } from './rules.ts';
import { START_MS } from './time.ts';
import { FIELDS, findBy, person, PERSON, scoreOf, SUBGRAPHS, valueOf, type Source, type World } from './world.ts';

/** One request for the gateway under test. */
export interface HarnessCase {
  readonly world: World;
  readonly asker: Asker;
  readonly query: string;
  readonly operationName: string | undefined;
  readonly nowMs: number;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly rejects: boolean;
  /** By person; `down` when the database is, in which questions are counted too. */
  readonly consents: ReadonlyMap<string, ReadonlySet<string>> | 'down';
  /** Name of a subgraph that does not answer. */
  readonly down: string | undefined;
}

export interface Answered {
  readonly status: number;
  readonly data: unknown;
  readonly errors: readonly { readonly path?: readonly (string | number)[]; readonly code: string }[];
  /** `person coordinate arguments` that a subgraph was asked for. */
  readonly asked: ReadonlySet<string>;
  readonly counted: readonly Counted[];
}

export interface Harness extends AsyncDisposable {
  /** What documents are valid against. */
  readonly apiSchema: GraphQLSchema;
  /** Puts other rules in force. Throws PolicyError when they do not pass the check. */
  readonly usePolicies: (policies: readonly RulePolicy[]) => Promise<void>;
  /** Forgets all that was prepared, decided and counted. */
  readonly restart: () => Promise<void>;
  readonly answer: (about: HarnessCase) => Promise<Answered>;
}

const MIGRATIONS = join(import.meta.dirname, '..', '..', 'gateway', 'migrations');

/** The whole pipeline in this process, registers made of the world, everything else as a gateway has it. */
export async function startHarness(): Promise<Harness> {
  await using resources = new AsyncDisposableStack();
  const supergraphSdl = compose();
  const graph = loadGraph(supergraphSdl, { ourScalars: true });
  // No case is too large.
  const limits = { ...LIMITS, errorsMax: 100_000, aliasesMax: 10_000, expandedSelectionsMax: 100_000, repeatedSelectionsMax: 10_000 };
  const log = createLog('oracle', 'silent');
  const documents = createDocumentCache(limits);
  const apollo = resources.use(await startApollo(supergraphSdl, (sha256) => documents.get(sha256), log));
  const plan = createPlanner(withPeopleRoots(supergraphSdl, graph.classification.subjects));
  const database = resources.use(await openDatabase({ statementTimeoutMs: 5_000 }));
  await migrate(database, MIGRATIONS);
  let policies: LoadedPolicies | undefined;
  let current: HarnessCase | undefined;
  let asked = new Set<string>();
  let counted: Counted[] = [];

  const now = (): HarnessCase => {
    if (current === undefined) throw new Error('No case is under way.');
    return current;
  };
  const clients = new Map(
    Object.entries(SUBGRAPHS).map(([name, sdl]) => [name, subgraphClient(name, sdl, now, (one) => void asked.add(one))]),
  );
  const clock = (): number => current?.nowMs ?? START_MS;
  const count = createTakeProbes(database, Buffer.alloc(32, 8), clock);
  const open = () =>
    createPipeline({
      graph,
      limits,
      log,
      documents,
      apollo,
      clients,
      metrics: createMetrics(),
      clock,
      policies: () => policies ?? OPEN_POLICIES,
      ledger: undefined,
      takeProbes: async (application, probes) => {
        if (now().consents === 'down') throw new Error('The database is down.');
        const given = await count(application, probes);
        for (const [index, { coordinate, question, max, idNumbers }] of probes.entries()) {
          const args = textOf(JSON.parse(question) as object);
          for (const person of idNumbers) {
            counted.push({ person, coordinate, args, probes: max, isGiven: given[index]?.has(person) === true });
          }
        }
        return given;
      },
      passMessages: false,
      pseudonymKey: Buffer.alloc(32, 7),
      sendBatched: createBatching({ representationsMax: limits.batchRepresentationsMax, waitMsMax: limits.batchWaitMsMax }),
      chooseOverrides: () => ({ overrides: [], key: '' }),
      grantIssuer: { issuer: 'oracle', privateKey: generateKeyPairSync('ed25519').privateKey, sealKeys: new Map(), clock },
      planner: {
        plan: async ({ document, overrides }) => ({ kind: 'planned', plan: plan(document, overrides) }),
        [Symbol.asyncDispose]: async () => undefined,
      },
      authenticate: async () => callerOf(now()),
      consents: {
        keyOf: (coordinate) => FIELDS.get(coordinate)?.group,
        find: async ({ agency, purpose, idNumbers }) => {
          const { consents, asker } = now();
          if (consents === 'down') throw new Error('The store is down.');
          if (agency !== asker.agency || purpose !== asker.purpose) throw new Error('Consent was looked up for somebody else.');
          return new Map(
            idNumbers.flatMap((id) => {
              const groups = consents.get(id);
              return groups === undefined ? [] : [[id, new Map([...groups].map((group) => [group, `${id}/${group}`]))] as const];
            }),
          );
        },
      },
    });
  let pipeline = open();
  const restart = async (): Promise<void> => {
    current = undefined;
    policies = policies?.withRegistry(policies.registry);
    pipeline = open();
    await database.query({ text: 'DELETE FROM probes' });
  };
  const owned = resources.move();
  return {
    apiSchema: graph.apiSchema,
    async usePolicies(rules) {
      const directory = await mkdtemp(join(tmpdir(), 'oracle-'));
      try {
        await writeFile(join(directory, 'registry.yaml'), REGISTRY);
        await writeFile(join(directory, 'rules.cedar'), rules.map(({ text }) => text).join('\n'));
        policies = await loadPolicies({ directory, supergraphSdl, clock, decisionCacheMax: limits.decisionCacheMax });
        await restart();
      } finally {
        await rm(directory, { recursive: true });
      }
    },
    restart,
    async answer(about) {
      current = about;
      asked = new Set();
      counted = [];
      const trace = { traceId: '0'.repeat(32), traceparent: '', tracestate: undefined };
      const body = { query: about.query, variables: about.variables, operationName: about.operationName };
      const { status, body: text } = await pipeline.answer(
        { headers: {}, body, trace, signal: new AbortController().signal },
        'application/graphql-response+json',
      );
      const reply = JSON.parse(text.toString()) as {
        data?: unknown;
        errors?: { path?: (string | number)[]; extensions: { code: string } }[];
      };
      const errors = (reply.errors ?? []).map(({ path, extensions }) => ({
        ...(path === undefined ? {} : { path }),
        code: extensions.code,
      }));
      return { status, data: reply.data, errors, asked, counted };
    },
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

function compose(): string {
  const head = readFileSync(new URL('../../schema/directives.graphql', import.meta.url), 'utf8');
  const services = Object.entries(SUBGRAPHS).map(([name, sdl]) => ({
    name,
    url: `http://${name}.invalid`,
    typeDefs: parse(`${head}\n${sdl}`),
  }));
  const { supergraphSdl, errors } = composeServices(services);
  if (supergraphSdl === undefined) throw new Error(errors.map(({ message }) => message).join('\n'));
  return supergraphSdl;
}

function callerOf({ asker, rejects }: HarnessCase): Caller {
  const { application, agency, role, purpose, assurance, emergency, citizen } = asker;
  return {
    action: 'read',
    application,
    agency,
    officer: 'officer',
    officerRole: role,
    purpose,
    assurance,
    emergency,
    emergencyReason: emergency ? 'reason' : undefined,
    caseReference: undefined,
    onRefusal: rejects ? 'reject' : 'prune',
    citizen,
    approvedOperationsOnly: false,
  };
}

/** A register that answers out of the world and notes of whom it was asked what, however deep in the operation that stands. */
function subgraphClient(name: string, sdl: string, now: () => HarnessCase, note: (asked: string) => void): SubgraphClient {
  const head = readFileSync(new URL('../../schema/directives.graphql', import.meta.url), 'utf8');
  const schema = buildSubgraphSchema([
    {
      typeDefs: parse(`${head}\n${sdl}`),
      resolvers: {
        Person: {
          // As the look-ups, which may be taken by this way; only the register of people knows who exists.
          __resolveReference: (given: { readonly id: string }, call: SubgraphRequest) =>
            name === 'people' && existenceIsGranted(call) && !now().world.people.has(given.id) ? null : { ...given, ...person(given.id) },
        },
      },
    },
  ]);
  const parsed = new Map<string, DocumentNode>();
  const resolve: GraphQLFieldResolver<Source | undefined, SubgraphRequest> = (source, args: Record<string, unknown>, call, info) => {
    const { world, asker } = now();
    note(asks({ ...(source ?? QUERY), __typename: info.parentType.name }, info.fieldName, args));
    if (source === undefined) return rootValue(info.fieldName, args, call, world, asker);
    if (info.fieldName !== 'score') return valueOf(world, source, info.fieldName, args);
    if (source.born === undefined) throw new Error('score was not handed what it requires.');
    return scoreOf(source.born);
  };
  return {
    async send(call): Promise<SubgraphOutcome> {
      if (now().down === name) return { kind: 'unavailable', why: 'it is down', fault: 'answer' };
      const document = parsed.get(call.query) ?? parse(call.query);
      parsed.set(call.query, document);
      const variableValues = JSON.parse(JSON.stringify(call.variables)) as Record<string, unknown>;
      const result = await execute({ schema, document, variableValues, contextValue: call, fieldResolver: resolve });
      const { data = null, errors = [] } = JSON.parse(JSON.stringify(result)) as {
        data?: Record<string, unknown> | null;
        errors?: { message: string }[];
      };
      return { kind: 'answered', data, errors };
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function rootValue(
  field: string,
  args: Readonly<Record<string, unknown>>,
  call: SubgraphRequest,
  world: World,
  { citizen }: Asker,
): unknown {
  const isShown = existenceIsGranted(call);
  const found = (id: unknown): Source | null => (isShown && !world.people.has(String(id)) ? null : person(String(id)));
  switch (field) {
    case 'person':
      return found(args['id']);
    case 'people':
      return (args['ids'] as readonly unknown[]).map(found);
    case 'search':
      return findBy(world, 'name', args['name']).map(person);
    case 'me':
      return citizen === undefined ? null : person(citizen);
    default:
      return matches(world, args['input']);
  }
}

/** As a register reads its grant: whether the number itself is released tells whether it may show that nobody has it. */
function existenceIsGranted({ grant }: SubgraphRequest): boolean {
  const [, payload = ''] = grant?.token.split('.') ?? [];
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  const coordinates = (claims['coordinates'] ?? claims['coord'] ?? {}) as Record<string, string>;
  return coordinates[`${PERSON}.id`] === 'released';
}
