import { checkSet } from '../policy/check.ts';
import { createDecide, decisionKey, type RunnablePolicy } from '../policy/decide.ts';
import type { Decision, DecisionContext } from '../policy/decision.ts';
import { argumentsReadBy } from '../policy/load.ts';
import { policyGraphOf, policySetOf, type PolicyGraph, type PolicySet } from '../policy/policy-set.ts';
import { loadRegistry, type LoadedRegistry } from '../policy/registry-load.ts';
import { changesOf } from './changes.ts';
import { explain } from './explain.ts';
import { impactOf } from './impact.ts';
import {
  filesOf,
  type PolicyTexts,
  type PreparedRules,
  type ThreadAnswers,
  type ThreadData,
  type ThreadQuestion,
} from './thread-protocol.ts';

/** Decisions made before rules are switched to: about as many as the largest cache keeps of one version. */
const DECIDED_MAX = 20_000;
const NO_FACTS = {};

/** What the thread does, as a function: one question, one answer. Throws when the rules that are asked about have errors. */
export function createThreadWork({
  supergraphSdl,
  defaultIssuer,
}: ThreadData): (question: ThreadQuestion) => ThreadAnswers[keyof ThreadAnswers] {
  const graph = policyGraphOf(supergraphSdl);
  return (question) => {
    const { registry, problems } = loadRegistry(question.registry, graph.subgraphs, defaultIssuer);
    const wrong = problems.find(({ severity }) => severity === 'error');
    if (registry === undefined || wrong) throw new Error(`The registry has an error: ${wrong?.message ?? 'it cannot be read'}`);
    const { nowMs } = question;
    switch (question.kind) {
      case 'prepare':
        return prepare(policySetOf({ files: filesOf(question.files), graph, registry }), registry, nowMs);
      case 'check': {
        const files = filesOf(question.files);
        return checkSet(policySetOf({ files, graph, registry }), files, () => nowMs);
      }
      case 'impact':
        return impactOf(checked(question.before, graph, registry), checked(question.after, graph, registry), nowMs);
      case 'changes': {
        const [before, after] = [question.before, question.after].map(filesOf);
        if (before === undefined || after === undefined) throw new Error('Two versions are compared.');
        const sets = [before, after].map((files) => ({ ...policySetOf({ files, graph, registry }), registry }));
        const [one, other] = sets;
        if (one === undefined || other === undefined) throw new Error('Two versions are compared.');
        return changesOf(one, other, { before, after });
      }
      case 'explain':
        return explain(checked(question.files, graph, registry), question.question, nowMs);
    }
  };
}

function checked(texts: PolicyTexts, graph: PolicyGraph, registry: LoadedRegistry): PolicySet & { readonly registry: LoadedRegistry } {
  const set = policySetOf({ files: filesOf(texts), graph, registry });
  const wrong = set.problems.find(({ severity }) => severity === 'error');
  if (wrong) throw new Error(`The rules have an error in ${wrong.file}, line ${wrong.line}: ${wrong.message}`);
  return { ...set, registry };
}

function prepare(set: PolicySet, registry: LoadedRegistry, nowMs: number): PreparedRules {
  const { version, problems } = set;
  // Only what can be sent and is needed: places in texts are functions.
  const policies = set.policies.map((policy): RunnablePolicy => {
    const { id, basis, reference, transform, endsAtMs, probesMax, hiddenDays, effect, source, reading } = policy;
    const text = { text: source.text };
    const read = { context: reading.context };
    return { id, basis, reference, transform, endsAtMs, probesMax, hiddenDays, effect, source: text, reading: read };
  });
  const isUsable = !problems.some(({ severity }) => severity === 'error');
  return { version, policies, problems, decided: isUsable ? decideAhead(set, registry, nowMs) : new Map() };
}

/** What each application will ask for first: every coordinate for its purposes, by officers of no role and of those its agency has. */
function decideAhead(set: PolicySet, registry: LoadedRegistry, nowMs: number): ReadonlyMap<string, Decision> {
  const argumentsRead = argumentsReadBy(set);
  const decide = createDecide({ ...set, registry }, argumentsRead, { clock: () => nowMs, cacheMax: DECIDED_MAX, onFailure: undefined });
  const readsRole = set.policies.some(({ reading }) => [...reading.context].some((path) => path.startsWith('officer')));
  const decided = new Map<string, Decision>();
  for (const application of registry.applications.values()) {
    const roles = [undefined, ...new Set(registry.officers.get(application.agency)?.values())];
    for (const purpose of application.purposes) {
      for (const coordinate of set.fields.keys()) {
        let last: Decision | undefined;
        for (const officerRole of roles) {
          const context: DecisionContext = {
            action: 'read',
            application: application.id,
            officerRole,
            purpose,
            assurance: 0,
            emergency: false,
          };
          // Where no rule reads the role, each has the answer of the first.
          last = last === undefined || readsRole ? decide(context, coordinate, NO_FACTS) : last;
          decided.set(decisionKey(set.version, context, coordinate, argumentsRead, NO_FACTS), last);
          if (decided.size >= DECIDED_MAX) return decided;
        }
      }
    }
  }
  return decided;
}
