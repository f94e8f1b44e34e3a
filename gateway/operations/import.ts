import type { JWK } from 'jose';
import { actorOf, rolesAt } from '../admin/actor.ts';
import type { Logger } from '../../platform/log.ts';
import type { Registry } from '../policy/registry.ts';
import { ownerOf } from '../rules/round.ts';
import { addressOf, textOfContent, type OperationContent } from './content.ts';
import { DAY_MS } from './round.ts';
import type { OperationOutcome, OperationsService } from './service.ts';
import { signOperationStatement } from './statement.ts';

/** Private keys by which an installation signs for its own people: under `--demo` alone. */
export interface DemoSigners {
  /** Who proposes. */
  readonly author: { readonly account: string; readonly key: JWK };
  /** By account. */
  readonly officers: ReadonlyMap<string, JWK>;
}

export interface ImportParts {
  readonly service: OperationsService;
  readonly registry: () => Registry;
  readonly signers: DemoSigners;
  readonly log: Logger;
  readonly clock: () => number;
}

/**
 * Proposes and approves contents as an installation's own people, by the same steps as anybody: proposed by the author, approved by a data
 * owner of each register that they touch, none of them the author's person. What cannot be approved is told in the log and left out; what is
 * known already is left as it is.
 */
export async function importApproved(contents: readonly OperationContent[], parts: ImportParts): Promise<void> {
  for (const content of contents) {
    const problem = await importOne(content, parts);
    if (problem !== undefined)
      parts.log.error({ operation: content.name, problem }, 'an operation of the policy directory is not approved');
  }
}

async function importOne(content: OperationContent, { service, registry, signers, clock }: ImportParts): Promise<string | undefined> {
  const text = textOfContent(content);
  const operation = addressOf(text);
  const checked = service.check(content);
  if (!('report' in checked)) return checked.join(' ');
  const nowMs = clock();
  const common = { operation, at: new Date(nowMs).toISOString(), reason: 'First start.', report: checked.hash };
  const { account, key } = signers.author;
  const expiresAt = new Date(nowMs + service.days.default * DAY_MS).toISOString();
  const author = actorBy(account);
  if (author === undefined) return `The registry has no account "${account}".`;
  const proposed = await service.propose(signOperationStatement({ kind: 'propose', ...common, account, expiresAt }, key), author, text);
  if (proposed.kind === 'refused') return proposed.refusal.code === 'ALREADY_PROPOSED' ? undefined : sentenceOf(proposed);
  for (const register of checked.report.registers) {
    const owner = approverOf(ownerOf(register, registry()), author.person);
    const signer = owner === undefined ? undefined : { owner, key: signers.officers.get(owner.account) };
    if (signer?.key === undefined) return `No data owner of "${register}" has a key here.`;
    const approval = { kind: 'approve', ...common, account: signer.owner.account, proposal: proposed.operation.proposal } as const;
    const approved = await service.approve(signOperationStatement(approval, signer.key), signer.owner);
    if (approved.kind === 'refused' && approved.refusal.code !== 'ALREADY_APPROVED') return sentenceOf(approved);
  }
  return undefined;

  function actorBy(name: string) {
    return actorOf(registry(), name, { kind: 'key', keyId: '', chosen: true }, nowMs);
  }

  function approverOf(agency: string, butNot: string) {
    const owner = registry()
      .accounts.values()
      .find(
        (one) =>
          one.agency === agency && one.person !== butNot && rolesAt(one, nowMs).has('data-owner') && signers.officers.has(one.account),
      );
    return owner && actorBy(owner.account);
  }
}

function sentenceOf(outcome: Extract<OperationOutcome, { kind: 'refused' }>): string {
  return [outcome.refusal.message, ...outcome.problems].join(' ');
}
