import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkCases } from './cases.ts';
import { unreadable } from './load.ts';
import { readPolicyFiles, type PolicyFiles } from './policy-files.ts';
import { readPolicySet, type PolicySet } from './policy-set.ts';
import { error, FILE_START, warning, type Problem } from './problems.ts';
import { reachProblems } from './reach.ts';
import { REGISTRY_FILE } from './registry-load.ts';

const SCHEMA_FILE = 'schema.cedarschema';

/** What `policy check` reports. The directory may be used when no problem is an error. */
export interface CheckReport {
  readonly problems: readonly Problem[];
  /** Policies read. */
  readonly policies: number;
  /** Cases that passed. */
  readonly cases: number;
}

/**
 * Checks a policy directory against a supergraph, from the files alone: registry, policies, the snapshot of the Cedar schema, and the
 * cases. Never throws for what is wrong in the files.
 */
export async function checkPolicies(directory: string, supergraphSdl: string, clock: () => number = Date.now): Promise<CheckReport> {
  let set: PolicySet;
  let files: PolicyFiles;
  try {
    set = await readPolicySet(directory, supergraphSdl);
    files = await readPolicyFiles(directory);
  } catch (cause) {
    return { problems: [error(REGISTRY_FILE, FILE_START, unreadable(cause))], policies: 0, cases: 0 };
  }
  return checkSet(set, files, clock, await snapshotProblems(directory, set.cedarSchema));
}

/** The rest of the check of rules that were read: whether they are over, whether their cases pass and show each of them. */
export function checkSet(set: PolicySet, files: PolicyFiles, clock: () => number, more: readonly Problem[] = []): CheckReport {
  const problems = [...set.problems, ...more, ...expired(set, clock())];
  const { registry } = set;
  if (!registry || problems.some(({ severity }) => severity === 'error')) return { problems, policies: set.policies.length, cases: 0 };
  const texts = new Map([...files].filter(([name]) => name.startsWith('cases/')).map(([name, bytes]) => [name, bytes.toString('utf8')]));
  const cases = checkCases({ ...set, registry }, texts, clock);
  return {
    problems: [...problems, ...reachProblems({ ...set, registry }, clock()), ...cases.problems],
    policies: set.policies.length,
    cases: cases.passed,
  };
}

/** The snapshot is what people review policies by, so it must be the schema that they are checked against. */
async function snapshotProblems(directory: string, expected: string): Promise<readonly Problem[]> {
  let snapshot: string;
  try {
    snapshot = await readFile(join(directory, SCHEMA_FILE), 'utf8');
  } catch {
    return [warning(SCHEMA_FILE, FILE_START, 'There is no snapshot of the Cedar schema to read the policies by.')];
  }
  if (snapshot === expected) return [];
  const lines = snapshot.split('\n');
  const line = expected.split('\n').findIndex((text, index) => text !== lines[index]) + 1;
  return [error(SCHEMA_FILE, { line: Math.max(line, 1), column: 1 }, 'This is not the Cedar schema of the graph. Run npm run generate.')];
}

function expired(set: PolicySet, nowMs: number): readonly Problem[] {
  return set.policies
    .filter((policy) => policy.endsAtMs <= nowMs)
    .map((policy) =>
      warning(policy.source.file, policy.source.annotation('until'), `The permit "${policy.id}" is over. Remove or renew it.`),
    );
}
