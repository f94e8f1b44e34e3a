import type { Trees } from './trees.ts';
import type { ApprovedOperations, FoundOperation } from '../operations/approved.ts';
import type { OperationContent } from '../operations/content.ts';
import type { CheckAnalysis } from '../operations/reading.ts';
import type { GraphQLSchema } from 'graphql';
import { CITIZEN_SUBGRAPH } from '../citizen/subgraph.ts';
import type { Graph } from '../graph.ts';
import { checkAnalysis } from './check.ts';
import { AnalysisDefinition, type CheckedAnalysis } from './definition.ts';
import { loadTrees } from './load-trees.ts';
import { labelsOf } from './results/labels.ts';
import type { Labels } from './results/model.ts';
import { createCounting } from './run/counting.ts';
import { refused, type AnalysisQuestion, type ApprovedAnalysis, type ListedAnalysis, type RunRefusal } from './run/model.ts';

/** Definitions of analyses, held against their documents, the graph and the trees of the policy directory. */
export interface Definitions {
  readonly trees: Trees;
  readonly schema: GraphQLSchema;
  /** The same content under the same graph is always the same, and is looked at once. */
  readonly check: (content: OperationContent) => CheckedAnalysis;
  /** What is wrong with one that somebody proposes. */
  readonly problemsOf: CheckAnalysis;
}

/** Reads the trees of a policy directory. Rejects with sentences when they are wrong. */
export async function loadDefinitions(graph: Graph, directory: string): Promise<Definitions> {
  const trees = await loadTrees(directory);
  // The gateway's own subgraph holds nobody's data but consents, and keeps no snapshots.
  const populations = new Set([...graph.subgraphs.keys()].filter((name) => name !== CITIZEN_SUBGRAPH));
  const known = new WeakMap<OperationContent, CheckedAnalysis>();
  const check = (content: OperationContent): CheckedAnalysis => {
    const checked = known.get(content) ?? checkAnalysis(content.analysis, content.document, { graph, trees, populations });
    known.set(content, checked);
    return checked;
  };
  return {
    trees,
    schema: graph.apiSchema,
    check,
    problemsOf(content) {
      const checked = check(content);
      return checked.kind === 'refused' ? checked.problems : [];
    },
  };
}

export interface ApprovedAnalyses {
  /** An analysis that may be run now; with a question, whose variables were approved. */
  readonly find: (name: string, question?: AnalysisQuestion) => Promise<ApprovedAnalysis | RunRefusal>;
  readonly list: () => Promise<readonly ListedAnalysis[]>;
  /** Words for what the tables of an analysis call by names, by its address; undefined when it is not known. */
  readonly labels: (address: string) => Labels | undefined;
}

/** Analyses as the registry of approved things has them at each moment. `secret` is key material that only gateways hold. */
export function createApprovedAnalyses(
  approved: Pick<ApprovedOperations, 'find' | 'list'>,
  { trees, schema, check }: Definitions,
  secret: Buffer,
): ApprovedAnalyses {
  return {
    async find(name, question) {
      const found = approved.find(name, 'analysis');
      if (found === undefined) return refused('UNKNOWN', 'There is no such analysis. "analysis list" shows those there are.');
      if (found.state !== 'approved' || found.reading.kind === 'wrong') {
        return refused(
          'ANALYSIS_NOT_APPROVED',
          `This analysis is ${found.state}. ${found.why ?? ''} Have it approved anew.`.replace('  ', ' '),
        );
      }
      const unfit = question && found.reading.tryable.variables.unfit(question.variables);
      if (unfit !== undefined) return refused('VARIABLES_INVALID', unfit);
      const checked = check(found.content);
      if (checked.kind === 'refused') return refused('ANALYSIS_INVALID', checked.problems.join(' '));
      const { application, purpose, document } = found.content;
      const counting = createCounting(checked.analysis, trees, secret);
      return { kind: 'approved', address: found.address, name, application, purpose, document, analysis: checked.analysis, counting };
    },
    list: async () => approved.list().filter(isNewest).map(listed),
    labels(address) {
      const found = approved.list().find((one) => one.address === address);
      const checked = found && check(found.content);
      return checked?.kind === 'checked' ? labelsOf(checked.analysis, trees, schema) : undefined;
    },
  };
}

/** Of several proposals of one name the one that `find` would take comes first in the list. */
function isNewest({ content }: FoundOperation, index: number, all: readonly FoundOperation[]): boolean {
  if (content.kind !== 'analysis') return false;
  const of = all.filter((one) => one.content.kind === 'analysis' && one.content.name === content.name);
  return (of.find(({ state }) => state === 'approved') ?? of[0]) === all[index];
}

function listed({ content, address, state, expiresAtMs }: FoundOperation): ListedAnalysis {
  const { name, application, purpose, why, variables } = content;
  const read = AnalysisDefinition.safeParse(content.analysis);
  const names = (of: readonly { readonly name: string }[] = []): readonly string[] => of.map((one) => one.name);
  return {
    name,
    address,
    application,
    purpose,
    why,
    state,
    register: read.data?.population ?? '',
    dimensions: names(read.data?.dimensions),
    measures: names(read.data?.measures),
    filters: names(read.data?.filters),
    secondChecker: read.data?.secondChecker ?? false,
    variables,
    expiresAt: new Date(expiresAtMs),
  };
}
