import { setImmediate as nextTurn } from 'node:timers/promises';
import { BREAK, isObjectType, visit, type DocumentNode, type GraphQLField, type GraphQLSchema } from 'graphql';
import { LRUCache } from 'lru-cache';
import { governedBy, type Classification } from '../../platform/classification.ts';
import type { GrantAction } from '../../platform/grant.ts';
import type { ArgumentFacts, AssuranceLevel, Decision, DecisionContext, Policies, Rung } from './decision.ts';
import { filterSchema, type Visible } from './schema-filter.ts';

/** The part of the graph that an application may use for a purpose, in whatever circumstances. */
export interface OwnSchema {
  readonly schema: GraphQLSchema;
  /** When a permit that took part ends. */
  readonly expiresAtMs: number;
}

export type FindOwnSchema = (
  policies: Policies,
  caller: Pick<DecisionContext, 'application' | 'purpose'> & { readonly agency: string },
) => Promise<OwnSchema>;

/** Schemas kept at once: one for each application and purpose that asks. */
const KEPT_MAX = 200;
/** Fields decided before others get a turn. */
const FIELDS_PER_TURN = 20;
/** Combinations of argument values tried for one field. */
const FACTS_MAX = 128;
const LEVELS: readonly AssuranceLevel[] = [0, 1, 2];

/**
 * Makes the finder of schemas: what is left of the API schema when every field is taken out that no rule gives to the application for the
 * purpose, by law or consent, with any officer, login or emergency. A convenience for whoever writes documents, no secret and no protection:
 * documents are validated against the whole schema, so that a field which is refused is refused by name. Made off the way of requests that
 * ask for data, and kept until the rules or the registry change.
 */
export function createFindOwnSchema(apiSchema: GraphQLSchema, classification: Classification, clock: () => number): FindOwnSchema {
  const kept = new LRUCache<string, Promise<OwnSchema>>({ max: KEPT_MAX });
  return async (policies, caller) => {
    const { application, purpose, agency } = caller;
    const key = JSON.stringify([policies.key, application, purpose]);
    const known = await kept.get(key);
    if (known !== undefined && known.expiresAtMs > clock()) return known;
    const making = make(apiSchema, classification, policies, { application, purpose, agency });
    kept.set(key, making);
    making.catch(() => kept.delete(key));
    return making;
  };
}

async function make(
  apiSchema: GraphQLSchema,
  classification: Classification,
  policies: Policies,
  caller: Parameters<FindOwnSchema>[1],
): Promise<OwnSchema> {
  const given = new Map<string, readonly Rung[]>();
  let expiresAtMs = Number.POSITIVE_INFINITY;
  const decide = (coordinate: string, action: GrantAction, facts: readonly ArgumentFacts[]): readonly Rung[] => {
    const decisions = contextsOf(policies, caller, action).flatMap((context) =>
      facts.map((one) => policies.decide(context, coordinate, one)),
    );
    for (const decision of decisions) expiresAtMs = Math.min(expiresAtMs, decision.expiresAtMs);
    return decisions.flatMap(rungsOf);
  };
  let decided = 0;
  const mutation = apiSchema.getMutationType()?.name;
  for (const type of Object.values(apiSchema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      const coordinate = `${type.name}.${field.name}`;
      if (governedBy(classification, type.name, field.name) !== 'itself') continue;
      const facts = factsOf(field, policies);
      const actions: readonly GrantAction[] = type.name === mutation ? ['write'] : mutation === undefined ? ['read'] : ['read', 'write'];
      given.set(
        coordinate,
        actions.flatMap((action) => decide(coordinate, action, facts)),
      );
      if ((decided += 1) % FIELDS_PER_TURN === 0) await nextTurn();
    }
  }
  const schema = filterSchema(apiSchema, visibleIn(given, apiSchema, classification));
  return { schema, expiresAtMs };
}

/** What may be shown, from what some rule gives. */
function visibleIn(given: ReadonlyMap<string, readonly Rung[]>, apiSchema: GraphQLSchema, classification: Classification): Visible {
  const isGiven = (coordinate: string): boolean => (given.get(coordinate)?.length ?? 0) > 0;
  return {
    field: (type, field, ways) => {
      const coordinate = `${type}.${field}`;
      if (isGiven(coordinate)) return true;
      // The key that a person was found by is the caller's own.
      if (classification.subjects.get(type)?.key === field)
        return ways.some((way) => classification.lookups.has(way) || classification.selves.has(way));
      if (governedBy(classification, type, field) !== 'parent') return false;
      return ways.some((way) => {
        const rungs = given.get(way);
        // Inside a value type the way is governed like the field itself.
        if (rungs === undefined) return true;
        const retained = classification.retained.get(coordinate);
        return rungs.some(({ transform }) => transform === undefined || retained?.has(transform) === true);
      });
    },
    argument: (type, field, argument) => (classification.reads.get(`${type}.${field}(${argument}:)`) ?? []).every(isGiven),
    query: apiSchema.getQueryType()?.name ?? 'Query',
  };
}

function rungsOf(decision: Decision): readonly Rung[] {
  if (decision.kind === 'refused') return [];
  return [decision.law, decision.consent].filter((rung) => rung !== undefined);
}

/** Every circumstance that some rule looks at. */
function contextsOf(
  policies: Policies,
  { application, purpose, agency }: Parameters<FindOwnSchema>[1],
  action: GrantAction,
): readonly DecisionContext[] {
  const reads = (name: string): boolean => [...(policies.contextRead ?? [])].some((path) => path === name || path.startsWith(`${name}.`));
  const roles = reads('officer') ? [undefined, ...new Set(policies.registry?.officers.get(agency)?.values() ?? [])] : [undefined];
  const levels = reads('assurance') ? LEVELS : LEVELS.slice(0, 1);
  const emergencies = reads('emergency') ? [false, true] : [false];
  const selves = reads('self') && policies.registry?.applications.get(application)?.login === 'citizen' ? [false, true] : [false];
  return roles.flatMap((officerRole) =>
    levels.flatMap((assurance) =>
      emergencies.flatMap((emergency) =>
        selves.map((self) => ({ action, application, purpose, officerRole, assurance, emergency, ...(self ? { self } : {}) })),
      ),
    ),
  );
}

/** Values of the arguments that rules compare with, tried together; without them a field that is given for one value only would be missing. */
function factsOf(field: GraphQLField<unknown, unknown>, policies: Policies): readonly ArgumentFacts[] {
  const read = field.args.filter(({ name }) => policies.argumentsRead.has(name));
  return read.reduce<ArgumentFacts[]>(
    (all, { name }) =>
      [...all, ...(policies.literals ?? []).flatMap((value) => all.map((facts) => ({ ...facts, [name]: value })))].slice(0, FACTS_MAX),
    [{}],
  );
}

/** Texts, whole numbers and truths that stand in policies, each number with its neighbours. */
export function literalsOf(texts: Iterable<string>): readonly (string | number | boolean)[] {
  const values = new Set<string | number | boolean>([true, false]);
  for (const text of texts) {
    for (const [, quoted, digits] of text.matchAll(/"((?:[^"\\]|\\.)*)"|(?<![\w".-])(-?\d{1,15})(?![\w".-])/g)) {
      if (quoted !== undefined) values.add(quoted);
      else for (const near of [-1, 0, 1]) values.add(Number(digits) + near);
    }
  }
  return [...values];
}

/** Whether a document asks for the schema itself. */
export function asksForSchema(document: DocumentNode): boolean {
  let found = false;
  visit(document, {
    Field: ({ name }) => {
      found ||= name.value === '__schema' || name.value === '__type';
      return found ? BREAK : undefined;
    },
  });
  return found;
}
