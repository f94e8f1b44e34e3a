import { loadGraph } from '../../gateway/graph.ts';
import { LIMITS } from '../../gateway/limits.ts';
import { addressOf, textOfContent, type OperationContent } from '../../gateway/operations/content.ts';
import type { OperationOutcome, OperationsService } from '../../gateway/operations/service.ts';
import { startOperations } from '../../gateway/operations/start.ts';
import { signOperationStatement, type OperationStatement } from '../../gateway/operations/statement.ts';
import type { SignedStatement } from '../../gateway/rules/signature.ts';
import { createLog } from '../../platform/log.ts';
import { testLedger } from '../ledger/event-ledger.ts';
import { SMALL_SUPERGRAPH } from '../policy/small-graph.ts';
import { deskMay, FIRST, startRulesUnderTest, type Account, type RulesUnderTest } from '../rules/harness.ts';

const BY_LAW = '@basis("ART_19_1_C")\n@reference("a law")';

/** The desk finds people by law, reads names and visits by consent. */
export const RULES = { ...FIRST, ...deskMay('Query.person', 'look-up', BY_LAW) };

export const DOCUMENT = 'query ($id: IdNumber!) { person(idNumber: $id) { name } }';
export const NAMES: OperationContent = {
  kind: 'operation',
  name: 'names',
  application: 'desk',
  purpose: 'care',
  document: DOCUMENT,
  why: 'Say hello.',
  variables: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'], additionalProperties: false },
};
/** Touches both registers, of which the clinic owns one and the office the other. */
export const VISITS: OperationContent = {
  ...NAMES,
  name: 'visits',
  document: 'query ($id: IdNumber!) { person(idNumber: $id) { name visits { clinic } } }',
};

export interface OperationsUnderTest extends AsyncDisposable {
  readonly rules: RulesUnderTest;
  readonly service: OperationsService;
  readonly log: readonly string[];
  /** Another gateway's view of the same database. */
  readonly another: () => Promise<OperationsService>;
  readonly propose: (account: Account, content: OperationContent, change?: Partial<OperationStatement>) => Promise<OperationOutcome>;
  readonly step: (account: Account, kind: 'approve' | 'reject' | 'suspend', content: OperationContent) => Promise<OperationOutcome>;
  readonly sign: (account: Account, statement: object) => SignedStatement;
}

/** Operations over the rules' test installation, with everything but requests. */
export async function startOperationsUnderTest(clock: () => number): Promise<OperationsUnderTest> {
  await using resources = new AsyncDisposableStack();
  const rules = resources.use(await startRulesUnderTest({ clock, first: RULES }));
  const { database, context, active } = rules;
  const lines: string[] = [];
  const log = createLog('gateway', 'debug', { write: (line: string) => void lines.push(line) });
  const { events } = testLedger(database, clock);
  const start = async (): Promise<OperationsService> =>
    startOperations({
      database,
      directory: '',
      graph: loadGraph(SMALL_SUPERGRAPH, { ourScalars: true }),
      supergraphSdl: SMALL_SUPERGRAPH,
      rules: active.current,
      context,
      estimateCost: undefined,
      checkAnalysis: ({ analysis }) => (analysis?.['population'] === 'people' ? [] : ['The population is not known.']),
      signers: undefined,
      events,
      limits: LIMITS,
      log,
      clock,
      resources: others,
    });
  // What a test starts later is let go of first.
  const others = resources.use(new AsyncDisposableStack());
  const service = await start();
  const sign = (account: Account, statement: object): SignedStatement => {
    const whole = { reason: '', at: new Date(clock()).toISOString(), ...statement, account } as OperationStatement;
    return signOperationStatement(whole, rules.keys.get(account) ?? {});
  };
  const owned = resources.move();
  return {
    rules,
    service,
    log: lines,
    another: start,
    sign,
    async propose(account, content, change = {}) {
      const text = textOfContent(content);
      const checked = service.check(content);
      const report = 'report' in checked ? checked.hash : '0'.repeat(64);
      const expiresAt = new Date(clock() + 86_400_000).toISOString();
      const signed = sign(account, { kind: 'propose', operation: addressOf(text), report, expiresAt, ...change });
      return service.propose(signed, rules.actor(account), text);
    },
    async step(account, kind, content) {
      const operation = addressOf(textOfContent(content));
      const found = service.list().find(({ address }) => address === operation);
      const about = { kind, operation, proposal: found?.proposal ?? '0'.repeat(64) };
      const signed = sign(account, kind === 'approve' ? { ...about, report: found?.reportHash ?? '0'.repeat(64) } : about);
      return service[kind](signed, rules.actor(account));
    },
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

/** Code of the refusal, or the state that the operation has. */
export function outcomeOf(outcome: OperationOutcome): string {
  return outcome.kind === 'done' ? outcome.operation.state : outcome.refusal.code;
}
