import { createHash } from 'node:crypto';
import { addressOf, type Graph } from './graph.ts';
import type { AnalysisSources } from './admin/analysis-schema.ts';
import type { GatewayPlan, Governance, Governing } from './assemble-plan.ts';
import { createApprovedAnalyses, type Definitions } from './analysis/approved.ts';
import { createSnapshotRegister, type SnapshotRegister } from './analysis/register.ts';
import { createControl } from './analysis/run/control.ts';
import { createPopulations } from './analysis/run/populations.ts';
import { startAnalyses, type Analyses } from './analysis/start.ts';
import type { EventLedger } from './ledger/recording.ts';
import type { Pipeline } from './pipeline.ts';

export interface AnalysisAssembly {
  readonly plan: Pick<GatewayPlan, 'limits' | 'log' | 'clock' | 'supergraphSdl'>;
  readonly governance: Pick<Governance, 'database' | 'grants' | 'pseudonymKey'>;
  readonly governing: Pick<Governing, 'rules' | 'operations'> & { readonly events: EventLedger; readonly definitions: Definitions };
  readonly graph: Graph;
  /** Addresses of registers that are not those of the supergraph. */
  readonly urls: Readonly<Record<string, string>>;
  readonly ask: Pipeline['ask'];
}

/** Puts together what runs analyses in a gateway, and what its administration asks of it. */
export async function assembleAnalyses(assembly: AnalysisAssembly): Promise<Analyses & { readonly sources: AnalysisSources }> {
  const { plan, governance, governing, graph, urls, ask } = assembly;
  const { operations, definitions, events, rules } = governing;
  if (operations === undefined) throw new Error('Without approved operations there are no analyses.');
  const approved = createApprovedAnalyses(operations, definitions, governance.pseudonymKey);
  const registers = new Map<string, SnapshotRegister>();
  for (const [name, key] of governance.grants.sealKeys) {
    const subgraph = graph.subgraphs.get(name);
    if (subgraph) registers.set(name, createSnapshotRegister(addressOf(subgraph, urls), key, plan.clock));
  }
  const { database, pseudonymKey: secret } = governance;
  const { trees, schema } = definitions;
  const control = createControl({ database, secret, trees, schema, clock: plan.clock });
  const analyses = await startAnalyses({
    ...plan,
    database,
    events,
    ask,
    findAnalysis: approved.find,
    populations: createPopulations(registers, plan.clock),
    control,
    registry: () => rules().registry,
    policyVersion: () => rules().version,
    schemaVersion: createHash('sha256').update(plan.supergraphSdl).digest('hex'),
    secret,
  });
  return {
    ...analyses,
    sources: { runs: analyses.runs, list: approved.list, labels: approved.labels },
    [Symbol.asyncDispose]: async () => analyses[Symbol.asyncDispose](),
  };
}
