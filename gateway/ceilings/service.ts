import { readCeilingStatement, signersNeeded, signersOf, widening, type CeilingStatement, type OwnerKey } from '../../platform/ceiling.ts';
import type { Database } from '../../platform/database.ts';
import { rolesAt, type Actor } from '../admin/actor.ts';
import { recordEvent } from '../admin/events.ts';
import type { Registry } from '../policy/registry.ts';
import { refused, type RegistryRefusal } from '../registry/change.ts';
import { lockCeiling, readLastCeilings, writeCeiling, type CeilingRow } from './store.ts';

export interface CeilingParts {
  readonly database: Database;
  readonly registry: () => Registry;
  /** Keys that accounts sign with besides those in the registry: made under `--demo`. */
  readonly madeKeys: ReadonlyMap<string, readonly string[]>;
  readonly clock: () => number;
  /** Brings what is in force to the registers. */
  readonly push: () => Promise<void>;
}

export interface CeilingChanged {
  readonly kind: 'changed';
  readonly version: number;
  /** False while another of the owner's people has to sign it too. */
  readonly isInForce: boolean;
  /** `agency purpose action group` that it lets through and the one before did not. */
  readonly widens: readonly string[];
}

export interface CeilingService {
  /** The newest ceiling of the register here, and whether it waits; undefined while the register has its own alone. */
  readonly show: (register: string) => Promise<CeilingRow | undefined>;
  /** Takes a statement that the actor signed: a new one, or the one that waits for a second signature. */
  readonly sign: (actor: Actor, statement: string, key: string, signature: string) => Promise<CeilingChanged | RegistryRefusal>;
}

/**
 * Ceilings of registers, set by their owner's people alone. What widens is in force when two natural persons have signed the same statement.
 * The gateway keeps and brings it; the register believes the signatures and nothing else.
 */
export function createCeilingService(parts: CeilingParts): CeilingService {
  const { database, registry, clock } = parts;
  return {
    show: async (register) => (await readLastCeilings(database, register))[0],

    async sign(actor, text, key, signature) {
      const statement = readCeilingStatement(text);
      if (statement === undefined) return refused('INVALID', 'This is no ceiling, or it names groups of another register. Correct it.');
      const owner = ownerOf(registry(), statement.register);
      if (owner === undefined) return refused('UNKNOWN', `There is no register "${statement.register}".`);
      const nowMs = clock();
      const owners = ownerKeys(registry(), owner, parts.madeKeys, nowMs);
      if (actor.agency !== owner || !actor.roles.has('data-owner')) {
        return refused('NOT_YOURS', "A ceiling is set by data owners of the register's own agency, and by nobody else.");
      }
      if (!owners.some((one) => one.key === key && one.person === actor.person)) {
        return refused('SIGNATURE_INVALID', 'The registry does not name this key for your account. Sign with one that it names.');
      }
      const signed = { key, signature };
      if (signersOf({ statement: text, signatures: [signed] }, owners).size === 0) {
        return refused('SIGNATURE_INVALID', 'The signature does not verify. Sign the statement again.');
      }
      const outcome = await database.transaction(async (tx) => {
        await lockCeiling(tx, statement.register);
        const last = await readLastCeilings(tx, statement.register);
        const row = next(last, statement, text, { account: actor.account, person: actor.person }, signed, owners);
        if ('kind' in row) return row;
        await writeCeiling(tx, row.row);
        const body = { version: statement.version, state: row.row.state, widens: row.widens };
        const kind = row.row.signed_by.length > 1 ? 'registry.ceiling.confirm' : 'registry.ceiling.set';
        await recordEvent(tx, { kind, actor, atMs: nowMs, subject: statement.register, body });
        const isInForce = row.row.state === 'in force';
        return { kind: 'changed', version: statement.version, isInForce, widens: row.widens } as const;
      });
      if (outcome.kind === 'changed' && outcome.isInForce) await parts.push();
      return outcome;
    },
  };
}

/** The row that a signature makes: a new version, or the second name under the one that waits. */
function next(
  [newest, older]: readonly CeilingRow[],
  statement: CeilingStatement,
  text: string,
  by: CeilingRow['signed_by'][number],
  signed: CeilingRow['signatures'][number],
  owners: readonly OwnerKey[],
): { readonly row: CeilingRow; readonly widens: readonly string[] } | RegistryRefusal {
  const isSecond = newest?.state === 'open' && newest.statement === text;
  const inForce = newest?.state === 'in force' ? newest : older;
  const expected = (inForce?.version ?? 0) + 1;
  if (statement.version !== expected)
    return refused('STALE', `The next version is ${expected}. Look at the ceiling in force and begin anew.`);
  if (isSecond && newest.signed_by.some(({ person }) => person === by.person)) {
    return refused('SAME_PERSON', 'You have signed it already, under this or another account. Somebody else of the owner signs it too.');
  }
  // What the register began with is not known here, so that a first ceiling counts as wider in all that it gives.
  const before = inForce === undefined ? {} : (readCeilingStatement(inForce.statement)?.agencies ?? {});
  const signatures = [...(isSecond ? newest.signatures : []), signed];
  const signers = signersOf({ statement: text, signatures }, owners);
  const { register, version } = statement;
  const isInForce = signers.size >= signersNeeded(before, statement.agencies);
  const signed_by = [...(isSecond ? newest.signed_by : []), by];
  return {
    row: { register, version, statement: text, signatures, state: isInForce ? 'in force' : 'open', signed_by },
    widens: widening(before, statement.agencies),
  };
}

export function ownerOf({ registers }: Registry, register: string): string | undefined {
  return registers.get(register)?.owner;
}

/** Keys by which people of an agency may sign for its registers now. */
export function ownerKeys(registry: Registry, owner: string, made: CeilingParts['madeKeys'], nowMs: number): readonly OwnerKey[] {
  return [...registry.accounts.values()]
    .filter((officer) => officer.agency === owner && rolesAt(officer, nowMs).has('data-owner'))
    .flatMap((officer) =>
      [...officer.keys.map(({ x }) => x), ...(made.get(officer.account) ?? [])].map((key) => ({ key, person: officer.person })),
    );
}
