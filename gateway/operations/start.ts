import type { Database } from '../../platform/database.ts';
import type { Logger } from '../../platform/log.ts';
import type { Graph } from '../graph.ts';
import type { EventLedger } from '../ledger/recording.ts';
import type { Limits } from '../limits.ts';
import type { LoadedPolicies } from '../policy/load.ts';
import { policyGraphOf } from '../policy/policy-set.ts';
import { problemLine } from '../policy/problems.ts';
import type { RulesContext } from '../rules/service.ts';
import type { EstimateCost } from '../stages/admit-cost.ts';
import { createApproved } from './approved.ts';
import { readOperationFiles } from './files.ts';
import { importApproved, type DemoSigners } from './import.ts';
import { startNotingLapses } from './lapses.ts';
import { followOperations } from './live.ts';
import type { CheckAnalysis } from './reading.ts';
import { createOperationsService, type OperationsService } from './service.ts';
import { readLastStep } from './store.ts';

export interface OperationsParts {
  readonly database: Database;
  /** Holds `operations/` and `analyses/`, which the first start of a demo installation imports. */
  readonly directory: string;
  readonly graph: Graph;
  /** As the rules read it. */
  readonly supergraphSdl: string;
  readonly rules: () => LoadedPolicies;
  readonly context: Pick<RulesContext, 'findSigner' | 'registry'>;
  readonly estimateCost: EstimateCost | undefined;
  readonly checkAnalysis: CheckAnalysis | undefined;
  /** Who proposes and approves at the first start; undefined in production. */
  readonly signers: DemoSigners | undefined;
  readonly events: EventLedger;
  readonly limits: Limits;
  readonly log: Logger;
  readonly clock: () => number;
  /** Let go of with the gateway. */
  readonly resources: AsyncDisposableStack;
}

/** Starts to follow the operations of the database, after the first start has imported those of the directory. */
export async function startOperations(parts: OperationsParts): Promise<OperationsService> {
  const { database, directory, graph, supergraphSdl, rules, context, limits, log, clock, resources, signers } = parts;
  const { findSigner, registry } = context;
  const reading = { graph, limits, checkAnalysis: parts.checkAnalysis };
  const live = resources.use(await followOperations({ ...reading, database, registry, findSigner, log }));
  const approved = createApproved({ known: live.known, rules, graph, clock });
  const policyGraph = policyGraphOf(supergraphSdl);
  const { estimateCost } = parts;
  const service = createOperationsService({ ...reading, database, live, approved, rules, findSigner, policyGraph, estimateCost, clock });
  if (signers !== undefined && (await readLastStep(database)) === 0) {
    const files = await readOperationFiles(directory);
    for (const problem of files.flatMap(({ problems }) => problems))
      log.error({ problem: problemLine(problem) }, 'an operation cannot be read');
    const contents = files.flatMap(({ content }) => (content === undefined ? [] : [content]));
    await importApproved(contents, { service, registry: registry.current, signers, log, clock });
  }
  resources.use(startNotingLapses({ ...parts, known: live.known, approved, pollMs: limits.operationsPollMs }));
  return service;
}
