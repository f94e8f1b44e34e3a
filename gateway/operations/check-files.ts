import { parse } from 'graphql';
import { loadGraph } from '../graph.ts';
import { LIMITS } from '../limits.ts';
import type { CheckReport } from '../policy/check.ts';
import { classifyByDirectory } from '../policy/classification-file.ts';
import { subgraphNames } from '../policy/decided-fields.ts';
import { usePolicies } from '../policy/load.ts';
import { policyGraphOf, readPolicySet } from '../policy/policy-set.ts';
import { error, FILE_START, type Problem } from '../policy/problems.ts';
import { CITIZEN_SUBGRAPH } from '../citizen/subgraph.ts';
import { createEstimateCost } from '../stages/admit-cost.ts';
import { readCosts } from '../stages/admit-cost-facts.ts';
import { readOperationFiles } from './files.ts';
import { readOperation, type CheckAnalysis } from './reading.ts';
import { reportOf } from './report.ts';

/**
 * Checks the operations and analyses of a policy directory against its rules and a supergraph, from the files alone: what a first start could
 * not have approved is an error. Rules that have errors themselves are told of by the check of the rules, and nothing is said of operations
 * then.
 */
export async function checkOperationFiles(
  directory: string,
  supergraphSdl: string,
  checkAnalysis: CheckAnalysis,
  clock: () => number = Date.now,
): Promise<Pick<CheckReport, 'problems'>> {
  const files = await readOperationFiles(directory);
  if (files.length === 0) return { problems: [] };
  const set = await readPolicySet(directory, supergraphSdl);
  const { registry } = set;
  if (registry === undefined || set.problems.some(({ severity }) => severity === 'error')) return { problems: [] };
  const policies = usePolicies({ ...set, registry }, { clock, decisionCacheMax: LIMITS.decisionCacheMax });
  const classified = await classifyByDirectory(supergraphSdl, directory);
  const { supergraphSdl: sdl, facts } = readCosts(supergraphSdl);
  const isOurs = subgraphNames(parse(sdl, { noLocation: true })).includes(CITIZEN_SUBGRAPH);
  const graph = loadGraph(sdl, { ourScalars: isOurs, classifiedSdl: classified.isForeign ? classified.sdl : undefined });
  const estimateCost = facts && createEstimateCost(facts, graph.apiSchema, LIMITS);
  const { fields } = policyGraphOf(classified.sdl);

  const problems = files.flatMap(({ file, content, problems: found }): readonly Problem[] => {
    if (content === undefined) return found;
    const reading = readOperation(content, { graph, limits: LIMITS, checkAnalysis });
    const parts = { graph, fields, estimateCost, operationCostMax: LIMITS.operationCostMax };
    const checked = reading.kind === 'wrong' ? reading.problems : reportOf(reading.tryable, reading.doubts, policies, parts);
    return 'report' in checked ? [] : checked.map((message) => error(file, FILE_START, message));
  });
  return { problems };
}
