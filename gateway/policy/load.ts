import { createDecide, type RunnableSet } from './decide.ts';
import type { Decision, Policies } from './decision.ts';
import { literalsOf } from './own-schema.ts';
import { PolicyError, error, FILE_START, type Problem } from './problems.ts';
import { readPolicySet, type PolicySet } from './policy-set.ts';
import { REGISTRY_FILE } from './registry-load.ts';
import type { Registry } from './registry.ts';

/** The rules in force with the registry they were checked against. */
export interface LoadedPolicies extends Policies {
  readonly registry: Registry;
  /** The same rules on another registry: decisions are made anew. */
  readonly withRegistry: (registry: Registry) => LoadedPolicies;
  /** What is doubtful in the files and stops nothing; for the log. */
  readonly warnings: readonly Problem[];
}

export interface LoadPoliciesOptions {
  readonly directory: string;
  readonly supergraphSdl: string;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly decisionCacheMax: number;
  /** Issuer of applications for which the registry names none; see `loadRegistry`. */
  readonly defaultIssuer?: string;
  /** Told the ids of policies that failed to evaluate (the field is refused in any case). */
  readonly onFailure?: (policyIds: readonly string[]) => void;
}

/**
 * Loads a policy directory for deciding. Throws PolicyError with every problem when anything is wrong, so that a broken policy stops the
 * start. Cases and the schema snapshot are not looked at: they are about the files' authors (`checkPolicies`), and a permit whose `@until`
 * passed must not keep a gateway from starting.
 */
export async function loadPolicies(options: LoadPoliciesOptions): Promise<LoadedPolicies> {
  const set = await readSet(options);
  const { registry, problems } = set;
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (!registry || errors.length > 0) throw new PolicyError(options.directory, errors);
  const policies = usePolicies({ ...set, registry }, options);
  warmUp(policies, set);
  return policies;
}

/** Cedar's code is compiled when it first answers, which takes tens of milliseconds: now, and not in somebody's request. */
function warmUp({ registry, decide }: LoadedPolicies, set: PolicySet): void {
  const [coordinate = ''] = set.fields.keys();
  for (const { id, purposes } of registry.applications.values()) {
    const [purpose = ''] = purposes;
    decide({ action: 'read', application: id, officerRole: undefined, purpose, assurance: 0, emergency: false }, coordinate, {});
  }
}

/** Policies from a set that has no errors. `decided` are decisions that were made already. */
export function usePolicies(
  set: RunnableSet & { readonly problems: readonly Problem[] },
  options: Pick<LoadPoliciesOptions, 'clock' | 'decisionCacheMax' | 'onFailure'>,
  decided?: ReadonlyMap<string, Decision>,
): LoadedPolicies {
  const argumentsRead = argumentsReadBy(set);
  return {
    version: set.version,
    key: `${set.version} ${set.registry.version}`,
    registry: set.registry,
    withRegistry: (registry) => usePolicies({ ...set, registry }, options),
    argumentsRead,
    contextRead: new Set(set.policies.flatMap(({ reading }) => [...reading.context])),
    literals: literalsOf(
      set.policies
        .filter(({ reading }) => [...reading.context].some((path) => path.startsWith('arguments.')))
        .map(({ source }) => source.text),
    ),
    warnings: set.problems.filter(({ severity }) => severity === 'warning'),
    decide: createDecide(set, argumentsRead, {
      clock: options.clock,
      cacheMax: options.decisionCacheMax,
      onFailure: options.onFailure,
      decided,
    }),
  };
}

/** Names of the arguments that some policy reads, in order of names. */
export function argumentsReadBy(set: Pick<RunnableSet, 'policies'>): ReadonlySet<string> {
  const prefix = 'arguments.';
  const paths = set.policies.flatMap((policy) => [...policy.reading.context]);
  return new Set(
    paths
      .filter((path) => path.startsWith(prefix))
      .map((path) => path.slice(prefix.length))
      .sort(),
  );
}

async function readSet(options: LoadPoliciesOptions): Promise<PolicySet> {
  try {
    return await readPolicySet(options.directory, options.supergraphSdl, options.defaultIssuer);
  } catch (cause) {
    throw new PolicyError(options.directory, [error(REGISTRY_FILE, FILE_START, unreadable(cause))]);
  }
}

/** What stopped the reading of the directory as a whole, as a sentence. */
export function unreadable(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'The directory does not exist. Name the one that holds registry.yaml.';
  return `The directory or the supergraph cannot be read (${code ?? (cause instanceof Error ? cause.message : String(cause))}).`;
}
