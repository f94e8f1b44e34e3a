import type { AssuranceLevel, ArgumentFacts } from './decision.ts';
import { hasCedarType, type CedarArgumentType, type DecidedField } from './decided-fields.ts';
import type { PolicyReading } from './policy-reading.ts';
import type { LoadedRegistry } from './registry-load.ts';
import type { Application } from './registry.ts';

/** What rules may ask besides application, purpose, action and coordinate. Null where none of them asks. */
export interface Circumstances {
  /** A role of the registry; empty for an officer without one. */
  readonly officerRole: string | null;
  readonly assurance: AssuranceLevel | null;
  readonly emergency: boolean | null;
  readonly self: boolean | null;
  readonly arguments: ArgumentFacts | null;
}

/** Combinations of argument values for one question. Beyond it each argument is varied by itself. */
const ARGUMENT_COMBINATIONS_MAX = 512;
const LEVELS: readonly AssuranceLevel[] = [0, 1, 2];

type Reads = { readonly reading: Pick<PolicyReading, 'context' | 'literals'> };

/**
 * Every circumstance that can make a difference to some of the rules: values of what they read, and for arguments the values that they
 * compare with, each with its neighbours, one that is none of them, and none at all. Only values that a request can carry: one of another
 * type than the argument's is refused before anything is decided.
 */
export function circumstancesOf(
  policies: readonly Reads[],
  registry: LoadedRegistry,
  application: Application,
  { argumentTypes }: DecidedField,
): readonly Circumstances[] {
  const reads = (name: string): boolean =>
    policies.some(({ reading }) => [...reading.context].some((path) => path === name || path.startsWith(`${name}.`)));
  const roles = reads('officer') ? ['', ...registry.roles] : [null];
  const levels = reads('assurance') ? LEVELS : [null];
  const emergencies = reads('emergency') ? [false, true] : [null];
  const selves = reads('self') ? (application.login === 'citizen' ? [false, true] : [false]) : [null];
  const facts = argumentFacts(policies, argumentTypes);
  return roles.flatMap((officerRole) =>
    levels.flatMap((assurance) =>
      emergencies.flatMap((emergency) =>
        selves.flatMap((self) => facts.map((given) => ({ officerRole, assurance, emergency, self, arguments: given }))),
      ),
    ),
  );
}

function argumentFacts(policies: readonly Reads[], types: DecidedField['argumentTypes']): readonly (ArgumentFacts | null)[] {
  const names = new Set(policies.flatMap(({ reading }) => [...reading.context].filter((path) => types.has(nameIn(path)))));
  if (names.size === 0) return [null];
  const values = [...names].toSorted().map((path) => {
    const readers = policies.filter(({ reading }) => reading.context.has(path));
    const literals = new Set(readers.flatMap(({ reading }) => [...reading.literals]));
    return [nameIn(path), valuesOf(literals, types.get(nameIn(path)))] as const;
  });
  const combinations = values.reduce((count, [, some]) => count * (some.length + 1), 1);
  if (combinations > ARGUMENT_COMBINATIONS_MAX) {
    return [{}, ...values.flatMap(([name, some]) => some.map((value) => ({ [name]: value })))];
  }
  return values.reduce<ArgumentFacts[]>(
    (all, [name, some]) => all.flatMap((facts) => [facts, ...some.map((value) => ({ ...facts, [name]: value }))]),
    [{}],
  );
}

const PREFIX = 'arguments.';

/** The argument that a path of the context names; empty for another path. */
function nameIn(path: string): string {
  return path.startsWith(PREFIX) ? path.slice(PREFIX.length) : '';
}

type Value = string | number | boolean;

/** Values worth trying, of the argument's type where it has one that Cedar compares. */
function valuesOf(literals: ReadonlySet<Value>, type: CedarArgumentType | undefined): readonly Value[] {
  const values = new Set<Value>();
  const fits = (value: Value): boolean => type === undefined || hasCedarType(type, value);
  for (const literal of [...literals].filter(fits)) {
    if (typeof literal === 'number') for (const near of [literal - 1, literal, literal + 1]) values.add(near);
    else if (typeof literal === 'string') for (const text of [literal, `${literal}~`]) values.add(text);
    else for (const truth of [true, false]) values.add(truth);
  }
  // A policy that only asks whether an argument is there.
  if (values.size === 0) for (const value of [0, '~', true].filter(fits)) values.add(value);
  return [...values];
}
