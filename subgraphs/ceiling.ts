import { parse } from 'yaml';
import { z } from 'zod';
import {
  CeilingFile,
  ceilingOf,
  foreignGroup,
  readCeilingStatement,
  signersNeeded,
  signersOf,
  SignedCeilingShape,
  type Ceiling,
  type CeilingRules,
  type OwnerKey,
  type SignedCeiling,
} from '../platform/ceiling.ts';
import type { Database } from '../platform/database.ts';
import { findCeiling, insertCeiling } from './store.ts';

/** Reads a ceiling file for the register of this name. Throws a sentence when it is not one, or names groups of another register. */
export function readCeiling(text: string, register: string): CeilingRules {
  const read = CeilingFile.safeParse(parse(text));
  if (!read.success) throw new Error(`The ceiling of ${register} cannot be read. ${z.prettifyError(read.error)}`);
  const group = foreignGroup(read.data.agencies, register);
  if (group !== undefined) throw new Error(`The ceiling of ${register} names "${group}", a group of another register.`);
  return read.data.agencies;
}

/** The ceiling in force, and how another one comes into force. */
export interface LiveCeiling {
  readonly allows: Ceiling;
  /** 0: the register's own file. */
  readonly version: () => number;
  /** Takes a ceiling that the owner's people signed, and keeps it; or says why not, for the log. */
  readonly take: (body: unknown) => Promise<TakenCeiling>;
}

export type TakenCeiling = { readonly kind: 'taken'; readonly version: number } | { readonly kind: 'refused'; readonly reason: string };

export interface LiveCeilingParts {
  readonly register: string;
  /** The register's own, with which it begins. */
  readonly rules: CeilingRules;
  /** Whose signatures count: told by the register's own configuration, never by the gateway. */
  readonly owners: readonly OwnerKey[];
  readonly database: Database;
}

/**
 * Begins with the last ceiling that was taken, else with the register's own file, so that a register starts without a gateway. INVARIANT: it
 * takes no ceiling but by signatures of its owner's people, two of them where it widens, and never an older one again.
 */
export async function startCeiling({ register, rules: own, owners, database }: LiveCeilingParts): Promise<LiveCeiling> {
  let version = 0;
  let rules = own;
  let allows = ceilingOf(own);
  const use = (next: CeilingRules, number: number): void => {
    [rules, version, allows] = [next, number, ceilingOf(next)];
  };
  const kept = await findCeiling(database);
  if (kept !== undefined) {
    const statement = readCeilingStatement(kept.statement);
    // What was taken under signatures is verified again: whoever writes to the database is not the owner.
    if (statement?.register !== register || signersOf(kept, owners).size === 0) {
      throw new Error(`The ceiling of ${register} in its database is not signed by its owner. Remove it, or give the owner's keys.`);
    }
    use(statement.agencies, statement.version);
  }

  return {
    allows: (agency, purpose, group, action) => allows(agency, purpose, group, action),
    version: () => version,
    async take(body) {
      const read = SignedCeilingShape.safeParse(body);
      if (!read.success) return refused('no signed ceiling');
      const signed: SignedCeiling = read.data;
      const statement = readCeilingStatement(signed.statement);
      if (statement?.register !== register) return refused('no ceiling of this register');
      if (statement.version === version) return { kind: 'taken', version };
      if (statement.version < version) return refused('older than the ceiling in force');
      const signers = signersOf(signed, owners).size;
      if (signers < signersNeeded(rules, statement.agencies)) return refused(`signed by ${signers} of the owner's people, too few`);
      await insertCeiling(database, statement.version, signed);
      // Another call may have been quicker with a newer one.
      if (statement.version > version) use(statement.agencies, statement.version);
      return { kind: 'taken', version };
    },
  };
}

function refused(reason: string): TakenCeiling {
  return { kind: 'refused', reason };
}
