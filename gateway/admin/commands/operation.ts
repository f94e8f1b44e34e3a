import { parse } from 'yaml';
import { addressOf } from '../../operations/content.ts';
import { signOperationStatement, type OperationStatement } from '../../operations/statement.ts';
import { endOfDayMs } from '../../policy/annotations.ts';
import { hashOf, type SignedStatement } from '../../rules/signature.ts';
import { accountOf, callAdmin, signingKeyOf } from '../client.ts';
import { readGiven } from '../command-files.ts';
import type { CommandSettings } from '../command-settings.ts';
import { RefusedError } from '../refused.ts';
import { OPERATION, operationLine, operationText, parsedOperation, reportText, type ShownOperation } from './operation-show.ts';

export interface RegisterOptions {
  readonly from: string;
  readonly until?: string;
  readonly check?: true;
  readonly reason?: string;
  readonly json?: true;
}
export interface StepOptions {
  readonly operation: string;
  readonly reason?: string;
  readonly json?: true;
}
export interface ListOptions {
  readonly state?: string;
  readonly json?: true;
}

interface Step {
  readonly operation: ShownOperation | null;
  readonly refusal: { readonly code: string; readonly message: string } | null;
  readonly problems: readonly string[];
}
interface Check {
  readonly content: string | null;
  readonly address: string | null;
  readonly report: string | null;
  readonly reportHash: string | null;
  readonly problems: readonly string[];
  readonly daysDefault: number;
}

const STEP = `operation { ${OPERATION} } refusal { code message } problems`;
const DAY_MS = 86_400_000;

/** Checks the operation of a file and proposes it, signed with what the check said. Rejects with a sentence when it is refused. */
export async function operationRegister(
  settings: CommandSettings,
  { from, until, check, reason = '', json }: RegisterOptions,
): Promise<void> {
  const text = await readGiven(from, 'Name one that holds an operation.');
  const query = `query ($content: String!) { checked: operationCheck(content: $content) { content address report reportHash problems daysDefault } }`;
  const { checked } = await callAdmin<{ checked: Check }>(settings, query, { content: JSON.stringify(parseFile(from, text)) });
  const { content, address, report, reportHash, problems, daysDefault } = checked;
  if (content === null || address === null || report === null || reportHash === null) {
    return finish(settings, { operation: null, refusal: { code: 'OPERATION_INVALID', message: INVALID }, problems }, json);
  }
  // What is signed is what is shown here, whatever the gateway says its hash is.
  if (addressOf(content) !== address || hashOf(report) !== reportHash)
    throw new Error('The gateway names a content or report by another hash.');
  if (json !== true) settings.output.write(reportText(report));
  if (check === true) {
    if (json === true) settings.output.write(`${JSON.stringify({ ...checked, report: JSON.parse(report) as unknown })}\n`);
    return;
  }
  const nowMs = Date.now();
  const expiresAt = new Date(until === undefined ? nowMs + daysDefault * DAY_MS : endOfDayMs(until)).toISOString();
  const statement = await signed(settings, (common) => ({
    kind: 'propose',
    ...common,
    operation: address,
    report: reportHash,
    expiresAt,
    reason,
  }));
  const mutation = `mutation ($content: String!, $statement: SignedStatement!) { step: proposeOperation(content: $content, statement: $statement) { ${STEP} } }`;
  const { step } = await callAdmin<{ step: Step }>(settings, mutation, { content, statement });
  return finish(settings, step, json);
}

const INVALID = 'The operation cannot be registered. Correct what is listed.';

/** Approves, rejects or suspends, signed with the key of who acts. Rejects with a sentence when it is refused. */
export async function operationStep(
  settings: CommandSettings,
  kind: 'approve' | 'reject' | 'suspend',
  { operation: named, reason = '', json }: StepOptions,
): Promise<void> {
  const { operation, refusal } = await find(settings, named, kind !== 'suspend');
  if (operation === null) return finish(settings, { operation: null, refusal, problems: [] }, json);
  const { address, proposal, report, reportHash, content } = operation;
  if (addressOf(content) !== address || hashOf(report) !== reportHash)
    throw new Error('The gateway names a content or report by another hash.');
  const specific = kind === 'approve' ? ({ kind, report: reportHash } as const) : ({ kind } as const);
  const statement = await signed(settings, (common) => ({ ...specific, ...common, operation: address, proposal, reason }));
  const mutation = `mutation ($statement: SignedStatement!) { step: ${kind}Operation(statement: $statement) { ${STEP} } }`;
  const { step } = await callAdmin<{ step: Step }>(settings, mutation, { statement });
  return finish(settings, step, json);
}

/** Lists operations and analyses. */
export async function operationList(settings: CommandSettings, { state, json }: ListOptions): Promise<void> {
  const query = `query ($after: String, $state: OperationState) { operations(after: $after, state: $state) { nodes { ${OPERATION} } pageInfo { hasNextPage endCursor } } }`;
  const found: ShownOperation[] = [];
  for (let after: string | null = null; ;) {
    const { operations }: { operations: { nodes: ShownOperation[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } } } =
      await callAdmin(settings, query, { after, state });
    found.push(...operations.nodes);
    if (!operations.pageInfo.hasNextPage) break;
    after = operations.pageInfo.endCursor;
  }
  settings.output.write(
    json === true ? `${JSON.stringify(found.map(parsedOperation))}\n` : found.map((one) => `${operationLine(one)}\n`).join(''),
  );
}

/** Shows one operation in full. */
export async function operationShow(settings: CommandSettings, { operation: named, json }: StepOptions): Promise<void> {
  const { operation, refusal } = await find(settings, named, false);
  if (operation === null) return finish(settings, { operation: null, refusal, problems: [] }, json);
  settings.output.write(json === true ? `${JSON.stringify(parsedOperation(operation))}\n` : operationText(operation));
}

async function find(settings: CommandSettings, operation: string, waiting: boolean): Promise<Pick<Step, 'operation' | 'refusal'>> {
  const query = `query ($operation: String!, $waiting: Boolean) { found: operation(operation: $operation, waiting: $waiting) { operation { ${OPERATION} } refusal { code message } } }`;
  return (await callAdmin<{ found: Pick<Step, 'operation' | 'refusal'> }>(settings, query, { operation, waiting })).found;
}

/** Prints what became of a step, and fails with the sentence that says why it was refused. */
function finish(settings: CommandSettings, { operation, refusal, problems }: Step, json: true | undefined): void {
  const { write } = settings.output;
  if (json === true) {
    const shown = operation === null ? {} : parsedOperation(operation);
    write(`${JSON.stringify({ ...shown, ...(refusal === null ? {} : { refusal, problems }) })}\n`);
  } else {
    for (const problem of problems) write(`${problem}\n`);
    if (operation !== null) write(`${operationLine(operation)}\n`);
  }
  if (refusal !== null) throw new RefusedError(refusal);
}

/** YAML is a superset of JSON. */
function parseFile(file: string, text: string): unknown {
  try {
    return parse(text) as unknown;
  } catch (cause) {
    throw new Error(`The file ${file} is neither YAML nor JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** Signs with the key of whoever acts: in `DATA_DIR`, or in the file that `SIGNING_KEY_FILE` names. */
async function signed(
  settings: CommandSettings,
  statementOf: (common: Pick<OperationStatement, 'account' | 'at'>) => OperationStatement,
): Promise<SignedStatement> {
  const { whoami } = await callAdmin<{ whoami: { account: string } }>(settings, '{ whoami { account } }');
  const named = settings.as === undefined ? undefined : await accountOf(settings, settings.as);
  const key = await signingKeyOf(settings, named);
  return signOperationStatement(statementOf({ account: whoami.account, at: new Date().toISOString() }), key);
}
