import { rolesAt, type Actor } from '../admin/actor.ts';
import type { AdminRole } from '../policy/officers.ts';
import type { LoadedRegistry, RegistryFile } from '../policy/registry-load.ts';
import {
  administers,
  changeRegistry,
  NOT_YOURS,
  refused,
  type ChangeParts,
  type Edited,
  type RegistryChanged,
  type RegistryRefusal,
} from './change.ts';
import { readGrant, verifiesGrant, type GrantSignature, type GrantStatement } from './grants.ts';
import { decideProposal, insertProposal, readOpenProposals, readProposal } from './store.ts';

type Outcome = RegistryChanged | RegistryRefusal;

export interface Proposal {
  readonly statement: GrantStatement;
  /** The statement as it was signed, for the second signature. */
  readonly text: string;
  readonly proposedAt: Date;
  readonly proposedBy: string;
}

export interface OfficerService {
  /** An account without any rights. `person` says which human being is behind it; it never changes. */
  readonly add: (actor: Actor, account: string, person: string) => Promise<Outcome>;
  /** Nothing changes until somebody else confirms it. */
  readonly propose: (
    actor: Actor,
    statement: string,
    signed: GrantSignature,
  ) => Promise<(Outcome & { readonly proposal?: string }) | RegistryRefusal>;
  /** Gives what somebody else proposed, under a second signature of the same statement. */
  readonly confirm: (actor: Actor, id: string, signed: GrantSignature) => Promise<Outcome>;
  /** Takes a proposal back. */
  readonly withdraw: (actor: Actor, id: string) => Promise<Outcome>;
  /** Takes all rights away, at once and by one person. Keys stay known, so that what was signed can still be verified. */
  readonly revoke: (actor: Actor, account: string) => Promise<Outcome>;
  readonly open: () => Promise<readonly Proposal[]>;
}

const OPEN_MAX = 500;
/** Without two there is nobody to confirm what the other proposes. */
const NATIONAL_PERSONS_MIN = 2;
/** Role at work of an officer who has none that a policy knows. */
const PLAIN_ROLE = 'officer';

/**
 * Officers and what they may do. INVARIANT: a right is given by two natural persons, neither of whom is the one who gets it; accounts of one
 * person count as one. Taking away needs one.
 */
export function createOfficerService(parts: ChangeParts): OfficerService {
  return {
    add: async (actor, account, person) =>
      changeRegistry(parts, actor, async ({ file, actor: present }) => {
        const [agency = '', officer = '', ...rest] = account.split('/');
        if (rest.length > 0 || officer === '') return refused('INVALID', 'An account is agency/officer. Correct it.');
        if (!administers(present, agency)) return NOT_YOURS;
        const officers = officersOf(file, agency);
        if (officers === undefined) return refused('UNKNOWN', `There is no agency "${agency}".`);
        if (Object.hasOwn(officers, officer)) return refused('EXISTS', `There is an account "${account}" already.`);
        officers[officer] = { role: PLAIN_ROLE, administers: [], person, keys: [] };
        return { kind: 'edited', event: 'registry.officer.add', subject: account, body: { person } };
      }),

    propose: async (actor, text, signed) => {
      const statement = readGrant(text);
      if (statement === undefined) return refused('INVALID', 'This is no statement that gives a right. Correct it.');
      const { id, account } = statement;
      const outcome = await changeRegistry(parts, actor, async ({ tx, file, registry, actor: present, at }) => {
        const fault =
          signatureFault(registry, present, text, signed, parts) ??
          mayGrant(registry, present, statement) ??
          apply(file, statement) ??
          ((await readProposal(tx, id)) === undefined ? undefined : refused('EXISTS', 'There is a proposal of this id already.'));
        if (fault !== undefined) return fault;
        const by = { proposed_at: at, proposed_by: present.account, proposed_by_person: present.person };
        await insertProposal(tx, { id, subject: account, statement: text, signatures: [signed], ...by });
        const body = { proposal: id, ...grantOf(statement) };
        // What was proposed is checked as if it were in force.
        return { kind: 'edited', event: 'registry.officer.propose', subject: account, body, isTrial: true };
      });
      return outcome.kind === 'changed' ? { ...outcome, proposal: id } : outcome;
    },

    confirm: async (actor, id, signed) =>
      changeRegistry(parts, actor, async ({ tx, file, registry, actor: present, at }): Promise<Edited | RegistryRefusal> => {
        const proposal = await readProposal(tx, id);
        const statement = proposal && readGrant(proposal.statement);
        if (proposal === undefined || statement === undefined) return NO_PROPOSAL;
        if (proposal.state !== 'open') return refused('ALREADY_DECIDED', `This was ${proposal.state} already.`);
        const { account } = statement;
        if (proposal.proposed_by_person === present.person) {
          return refused('SAME_PERSON', 'Whoever proposed it does not confirm it, under no account. Ask somebody else.');
        }
        // Who proposed it must still be somebody who may.
        if (!mayStillGrant(registry, proposal.proposed_by, statement, at.getTime())) {
          return refused('ROLE_REVOKED', 'Whoever proposed it may do so no more. Propose it anew.');
        }
        const fault =
          mayGrant(registry, present, statement) ??
          signatureFault(registry, present, proposal.statement, signed, parts) ??
          apply(file, statement);
        if (fault !== undefined) return fault;
        await decideProposal(tx, id, 'confirmed', present.account, at, [signed]);
        const body = { proposal: id, proposedBy: proposal.proposed_by, ...grantOf(statement) };
        return { kind: 'edited', event: 'registry.officer.confirm', subject: account, body };
      }),

    withdraw: async (actor, id) =>
      changeRegistry(parts, actor, async ({ tx, registry, actor: present, at }) => {
        const proposal = await readProposal(tx, id);
        if (proposal === undefined) return NO_PROPOSAL;
        if (proposal.state !== 'open') return refused('ALREADY_DECIDED', `This was ${proposal.state} already.`);
        const agency = registry.accounts.get(proposal.subject)?.agency ?? '';
        if (proposal.proposed_by_person !== present.person && !administers(present, agency)) return NOT_YOURS;
        await decideProposal(tx, id, 'withdrawn', present.account, at);
        return { kind: 'edited', event: 'registry.officer.withdraw', subject: proposal.subject, body: { proposal: id } };
      }),

    revoke: async (actor, account) =>
      changeRegistry(parts, actor, async ({ file, registry, actor: present, at }) => {
        const officer = registry.accounts.get(account);
        if (officer === undefined) return NO_ACCOUNT(account);
        if (!administers(present, officer.agency)) return NOT_YOURS;
        if (officer.administers.has('national-administrator') && !present.roles.has('national-administrator')) return NOT_YOURS;
        if (rolesAt(officer, at.getTime()).size === 0 && officer.role === PLAIN_ROLE)
          return refused('NO_CHANGE', `The account "${account}" has no rights.`);
        // What the account administered stays written, with its end, so that what was signed before it stays good.
        setOfficer(file, account, { ...wholeEntry(file, account), role: PLAIN_ROLE, ended: at.toISOString() });
        if (
          officer.administers.has('national-administrator') &&
          nationalPersons(registry, at.getTime(), account).size < NATIONAL_PERSONS_MIN
        ) {
          return refused('LAST_ADMINISTRATORS', 'Two people must remain national administrators. Appoint another one first.');
        }
        return { kind: 'edited', event: 'registry.officer.revoke', subject: account, body: {} };
      }),

    open: async () =>
      (await readOpenProposals(parts.database, OPEN_MAX)).flatMap(({ statement: text, proposed_at, proposed_by }) => {
        const statement = readGrant(text);
        return statement === undefined ? [] : [{ statement, text, proposedAt: proposed_at, proposedBy: proposed_by }];
      }),
  };
}

const NO_PROPOSAL = refused('UNKNOWN', 'There is no proposal with this id. "registry officer proposals" shows those that are open.');
const NO_ACCOUNT = (account: string): RegistryRefusal => refused('UNKNOWN', `There is no account "${account}". Add it first.`);

/** Why the signature does not count: not by a key of the actor's, or not of this statement. */
function signatureFault(
  registry: LoadedRegistry,
  { account }: Actor,
  text: string,
  signed: GrantSignature,
  { officerKeys }: ChangeParts,
): RegistryRefusal | undefined {
  const keys = [...(registry.accounts.get(account)?.keys.map(({ x }) => x) ?? []), ...(officerKeys.get(account) ?? [])];
  if (!keys.includes(signed.key))
    return refused('SIGNATURE_INVALID', 'The registry does not name this key for your account. Sign with one that it names.');
  return verifiesGrant(text, signed) ? undefined : refused('SIGNATURE_INVALID', 'The signature does not verify. Sign the statement again.');
}

/** Why this actor may not take part in giving this; undefined when the actor may. */
function mayGrant(registry: LoadedRegistry, actor: Actor, statement: GrantStatement): RegistryRefusal | undefined {
  const { account } = statement;
  const officer = registry.accounts.get(account);
  if (officer === undefined) return NO_ACCOUNT(account);
  if (officer.person !== statement.person) return refused('INVALID', 'The registry names another person behind this account.');
  if (officer.person === actor.person) return refused('SAME_PERSON', 'Nobody gives rights to themselves, under no account. Ask others.');
  if (!administers(actor, officer.agency)) return NOT_YOURS;
  return needsNational(statement, officer.administers) && !actor.roles.has('national-administrator') ? NOT_YOURS : undefined;
}

function mayStillGrant(registry: LoadedRegistry, by: string, statement: GrantStatement, nowMs: number): boolean {
  const [proposer, officer] = [registry.accounts.get(by), registry.accounts.get(statement.account)];
  if (proposer === undefined || officer === undefined) return false;
  const roles = rolesAt(proposer, nowMs);
  if (needsNational(statement, officer.administers)) return roles.has('national-administrator');
  return roles.has('national-administrator') || (roles.has('registry-administrator') && proposer.agency === officer.agency);
}

/** National administrators make national administrators, and give those that there are a key or another right. */
function needsNational({ administers: wanted }: GrantStatement, has: ReadonlySet<AdminRole>): boolean {
  return wanted.includes('national-administrator') || has.has('national-administrator');
}

/** Writes a grant. Rights that were taken away do not come back with another one. */
function apply(file: RegistryFile, { account, administers: wanted, role, key }: GrantStatement): RegistryRefusal | undefined {
  const { ended, ...whole } = wholeEntry(file, account);
  if (wanted.length === 0 && role === null && key === null) return refused('NO_CHANGE', 'Name a right, a role at work or a key.');
  const kept = ended === undefined ? whole.administers : [];
  setOfficer(file, account, {
    ...whole,
    role: role ?? whole.role,
    administers: [...new Set([...kept, ...wanted])],
    keys: [...new Set([...whole.keys, ...(key === null ? [] : [key])])],
  });
  return undefined;
}

/** What is recorded of a grant. */
function grantOf({ administers, role, key }: GrantStatement): Readonly<Record<string, unknown>> {
  return { administers, role, key };
}

function wholeEntry(file: RegistryFile, account: string): Exclude<OfficerEntry, string> {
  const [agency = '', officer = ''] = account.split('/');
  const entry = officersOf(file, agency)?.[officer] ?? PLAIN_ROLE;
  return typeof entry === 'string' ? { role: entry, administers: [], keys: [] } : entry;
}

type OfficerEntry = NonNullable<RegistryFile['agencies'][string]['officers'][string]>;

function setOfficer(file: RegistryFile, account: string, entry: OfficerEntry): void {
  const [agency = '', officer = ''] = account.split('/');
  const officers = officersOf(file, agency);
  if (officers !== undefined) officers[officer] = entry;
}

function officersOf(file: RegistryFile, agency: string): Record<string, OfficerEntry> | undefined {
  return Object.hasOwn(file.agencies, agency) ? file.agencies[agency]?.officers : undefined;
}

/** The people who are national administrators, without this account. */
function nationalPersons(registry: LoadedRegistry, nowMs: number, without: string): ReadonlySet<string> {
  const others = registry.accounts.values().filter(({ account }) => account !== without);
  return new Set(others.filter((one) => rolesAt(one, nowMs).has('national-administrator')).map(({ person }) => person));
}
