import type { FoundOperation } from './approved.ts';
import { refuseOperation, type OperationRefusal } from './refusals.ts';
import type { OperationsService } from './service.ts';

/**
 * The operation that a text means: its name, or its address or document id, or enough of the beginning of one. Of several proposals it is the
 * one that waits where somebody wants to decide, else the one that runs, else the newest.
 */
export function operationMeant(
  text: string,
  isWaiting: boolean,
  { list, find }: Pick<OperationsService, 'list' | 'find'>,
): FoundOperation | OperationRefusal {
  const digits = text.replace(/^sha256:/, '');
  const isHex = /^[0-9a-f]{8,64}$/.test(digits);
  const beginsSo = (address: string): boolean => isHex && address.startsWith(`sha256:${digits}`);
  const all = list();
  const named = all.filter(({ content }) => content.name === text);
  const candidates = named.length > 0 ? named : all.filter(({ address, documentId }) => beginsSo(address) || beginsSo(documentId));
  const [first] = candidates;
  if (first === undefined) return refuseOperation('OPERATION_UNKNOWN');
  const { name, kind } = first.content;
  if (candidates.some(({ content }) => content.name !== name || content.kind !== kind)) return refuseOperation('OPERATION_NOT_CLEAR');
  const waiting = isWaiting ? candidates.find(({ state }) => state === 'proposed') : undefined;
  const running = candidates.find(({ proposal }) => proposal === find(name, kind)?.proposal);
  return waiting ?? running ?? first;
}
