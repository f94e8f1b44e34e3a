import { OperationTypeNode } from 'graphql';
import { canonicalJson } from '../admin/canonical.ts';
import type { Graph } from '../graph.ts';
import type { DecidedField } from '../policy/decided-fields.ts';
import type { Policies } from '../policy/decision.ts';
import { fieldInputs } from '../policy/field-inputs.ts';
import type { Registry } from '../policy/registry.ts';
import { hashOf } from '../rules/signature.ts';
import type { EstimateCost } from '../stages/admit-cost.ts';
import { CIRCUMSTANCES_MAX, triedIn, type Tried, type Tryable } from './circumstances.ts';
import { documentIdOf, type OperationContent } from './content.ts';
import { discloseIn, type Disclosure } from './disclosure.ts';
import { dearestCost } from './report-cost.ts';

/** What the check says of an operation: its author signs it, and whoever approves it. */
export interface OperationReport {
  readonly kind: OperationContent['kind'];
  readonly name: string;
  readonly application: string;
  readonly agency: string;
  readonly purpose: string;
  readonly action: 'read' | 'write' | 'aggregate';
  readonly documentId: string;
  /** By `@cost` and `@listSize`, with the longest lists that the schema of the variables allows; null where the graph says nothing of costs. */
  readonly cost: number | null;
  /** Registers whose data it touches, by their id in the registry: the owners of each have to approve. */
  readonly registers: readonly string[];
  readonly tried: Tried;
  readonly disclosures: readonly Disclosure[];
  /** What those who approve should look at twice. */
  readonly doubts: readonly string[];
}

/** A report with its canonical text, and the hash that is signed. */
export interface CheckedOperation {
  readonly report: OperationReport;
  readonly text: string;
  readonly hash: string;
}

/** A report is shown to people. */
const REPORT_LENGTH_MAX = 500_000;

export interface ReportParts {
  readonly graph: Graph;
  /** Fields that rules decide, with the subgraphs that give them. */
  readonly fields: ReadonlyMap<string, DecidedField>;
  readonly estimateCost: EstimateCost | undefined;
  readonly operationCostMax: number;
}

/**
 * Reports what an operation would disclose under rules, or says why it cannot be registered under them. Pure: the same for the same content, rules,
 * registry and graph, so that an approver's own look gives the same hash. The version of the rules is no part of it: only what they give is.
 */
export function reportOf(
  tryable: Tryable,
  doubts: readonly string[],
  policies: Policies & { readonly registry: Registry },
  parts: ReportParts,
): CheckedOperation | readonly string[] {
  const { content, operation } = tryable;
  const problems = applicationProblems(content, policies.registry);
  const application = policies.registry.applications.get(content.application);
  if (application === undefined || problems.length > 0) return problems;
  const tried = triedIn(tryable, policies);
  if (tried === undefined) return [`Rules ask for so many circumstances here that there are more than ${CIRCUMSTANCES_MAX} to look at.`];
  const { disclosures, touched } = discloseIn(tried, tryable, policies, parts.graph);
  const refused = refusedAlways(disclosures);
  if (refused.length > 0) {
    return refused.map(
      (coordinate) => `"${coordinate}" is given to this application for this purpose by no rule. Leave it out, or have a rule first.`,
    );
  }
  const cost = dearestCost(tryable, parts.estimateCost);
  if (typeof cost === 'string') return [cost];
  if (cost !== null && cost > parts.operationCostMax)
    return [`The operation may cost ${cost}; it may cost ${parts.operationCostMax}. Bound its lists.`];
  const report: OperationReport = {
    kind: content.kind,
    name: content.name,
    application: content.application,
    agency: application.agency,
    purpose: content.purpose,
    action: content.kind === 'analysis' ? 'aggregate' : operation.operation === OperationTypeNode.MUTATION ? 'write' : 'read',
    documentId: documentIdOf(content.document),
    cost,
    registers: registersOf(touched, policies.registry, parts),
    tried,
    disclosures,
    doubts,
  };
  const text = canonicalJson(report);
  if (text.length > REPORT_LENGTH_MAX) return ['What it discloses is too much for anybody to read. Split the operation.'];
  return { report, text, hash: hashOf(text) };
}

function applicationProblems({ kind, application, purpose }: OperationContent, { applications, purposes }: Registry): readonly string[] {
  const known = applications.get(application);
  if (known === undefined) return [`There is no application "${application}".`];
  if (known.login === 'officer' || known.login === 'administrator' || known.login === 'gateway') {
    return [`The application "${application}" asks for no data. Name one that does.`];
  }
  if (kind === 'analysis' && known.login !== 'application')
    return [`Nobody logs in to an analysis. Name an application that asks for itself.`];
  if (!purposes.has(purpose) || !known.purposes.has(purpose))
    return [`The application "${application}" may not ask for the purpose "${purpose}".`];
  return [];
}

/** Coordinates that are taken out wherever the operation was tried: it would never give them. */
function refusedAlways(disclosures: readonly Disclosure[]): readonly string[] {
  const [first, ...others] = disclosures;
  const everywhere = (first?.withheld ?? []).filter(({ path }) =>
    others.every(({ withheld }) => withheld.some((one) => one.path === path)),
  );
  return [...new Set(everywhere.map(({ coordinate }) => coordinate))].toSorted();
}

/** The registers that give what is touched, what it is computed from included. Keys are every register's and nobody's own. */
function registersOf(touched: ReadonlySet<string>, { registers }: Registry, { graph, fields }: ReportParts): readonly string[] {
  const { classification, supergraph } = graph;
  const inputs = fieldInputs(supergraph.supergraphSchema, supergraph.directiveNames.context);
  const isKey = (coordinate: string): boolean => classification.keys.get(coordinate.split('.')[0] ?? '')?.has(coordinate) === true;
  const all = [...touched].flatMap((coordinate) => [
    coordinate,
    ...(inputs.get(coordinate) ?? []),
    ...(classification.personal.get(coordinate)?.sources ?? []),
  ]);
  const ids = all
    .filter((coordinate) => !isKey(coordinate))
    .flatMap((coordinate) => (fields.get(coordinate)?.subgraphs ?? []).flatMap((subgraph) => registers.get(subgraph)?.id ?? []));
  return [...new Set(ids)].toSorted();
}
