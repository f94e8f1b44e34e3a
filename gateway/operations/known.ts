import type { Queryable } from '../../platform/database.ts';
import { hashOf } from '../rules/signature.ts';
import { addressOf, documentIdOf, readContent, type OperationContent } from './content.ts';
import { readOperation, type OperationReading, type ReadingParts } from './reading.ts';
import type { OperationReport } from './report.ts';
import type { OperationRound, Standing } from './round.ts';
import { readContentText, readReportText } from './store.ts';

/** A believed proposal with what it is about. */
export interface KnownOperation extends Proposed {
  /** Hash of the proposal's statement. */
  readonly proposal: string;
  readonly round: OperationRound;
  readonly standing: Standing;
  readonly expiresAtMs: number;
}

/** What a proposal is about: content and report, each under the hash that was signed. */
export interface Proposed {
  readonly address: string;
  readonly documentId: string;
  readonly content: OperationContent;
  readonly reportHash: string;
  readonly report: OperationReport;
  /** The content read against the graph of this gateway. */
  readonly reading: OperationReading;
}

/**
 * Finds what a proposal is about in the database. Undefined when it is not there under the hashes that were signed: then the proposal is not
 * believed, whoever signed it.
 */
export async function readProposed(
  database: Queryable,
  { proposed: { statement } }: Pick<OperationRound, 'proposed'>,
  parts: ReadingParts,
): Promise<Proposed | undefined> {
  const { operation: address, report: reportHash } = statement;
  const contentText = await readContentText(database, address);
  const reportText = await readReportText(database, reportHash);
  if (contentText === undefined || reportText === undefined) return undefined;
  if (addressOf(contentText) !== address || hashOf(reportText) !== reportHash) return undefined;
  const content = readContent(contentText);
  if (content === undefined) return undefined;
  // INVARIANT: what the hash of a report covers was made by `reportOf` when its author and approvers signed it.
  const report = JSON.parse(reportText) as OperationReport;
  const isAbout = report.kind === content.kind && report.name === content.name && report.documentId === documentIdOf(content.document);
  if (!isAbout) return undefined;
  return { address, documentId: report.documentId, content, reportHash, report, reading: readOperation(content, parts) };
}
