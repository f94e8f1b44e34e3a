import {
  getArgumentValues,
  getNamedType,
  getOperationAST,
  isAbstractType,
  print,
  visit,
  type DocumentNode,
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLField,
} from 'graphql';
import { governedBy, type Classification } from '../../platform/classification.ts';
import { conditionVariables, decideConditions, hasConditions } from '../execution/conditions.ts';
import type { ArgumentFacts, Decision, DecisionContext, Policies, Rung } from '../policy/decision.ts';
import type { Admitted } from './admit.ts';

/** An admitted request with everything that the rules say about it, asked coordinate by coordinate as pruning meets them. */
export interface Decided {
  readonly kind: 'decided';
  readonly admitted: Admitted;
  readonly policyVersion: string;
  readonly outcomeOf: (place: Place) => Outcome;
  /** Undefined when `__typename` may be selected on the type as written. */
  readonly typenameRefused: (parent: GraphQLCompositeType) => Withheld | undefined;
  /** Whether the caller may know, by law, that a person of this type exists: the key itself is given. */
  readonly existenceOf: (type: string) => boolean;
  /** Keys of the consents that decisions taken so far depend on. */
  readonly consentKeys: ReadonlySet<string>;
  /** The earliest moment at which one of the decisions taken so far ends. */
  readonly expiresAtMs: () => number;
}

/** One selected field on one concrete type. */
export interface Place {
  readonly type: string;
  /** The type that the field is written on: the concrete type, or an interface of it. */
  readonly parent: GraphQLCompositeType;
  readonly node: FieldNode;
  readonly field: GraphQLField<unknown, unknown>;
  /** What was decided for the field that led here; undefined at the root. */
  readonly inherited: Released | undefined;
  /** The object was found by the key that the caller sent, so that key is no news to the caller. */
  readonly keyIsEchoed: boolean;
  /** The nearest person is the one who is logged in. */
  readonly self: boolean;
}

export type Outcome = Released | Consented | Withheld;

export interface Released {
  readonly kind: 'released';
  readonly coordinate: string;
  /** Undefined for what is no personal data of its own: echoed keys, and everything under `--open`. */
  readonly rung: Rung | undefined;
  /** What consent adds to the parts of a value that `rung` leaves out. */
  readonly more?: ByConsent | undefined;
}

/** Released to whom the person consents; to everybody else what `law` leaves, if anything. */
export interface Consented {
  readonly kind: 'consented';
  readonly coordinate: string;
  readonly law: Rung | undefined;
  readonly consent: ByConsent;
}

export interface ByConsent {
  readonly rung: Rung;
  /** Under which the consents of people are found (consent/consents.ts). */
  readonly key: string;
  readonly group: string;
  /** Not consent but a bound on questions decides: so many distinct ones to a person in a day. */
  readonly probesMax?: number | undefined;
}

export interface Withheld {
  readonly kind: 'withheld';
  readonly coordinate: string;
  readonly code: 'FIELD_NOT_PERMITTED' | 'ASSURANCE_TOO_LOW' | 'CONSENT_REQUIRED' | 'UNAUTHORIZED_FIELD_OR_TYPE';
  /** Group of the consent that is missing. */
  readonly group: string | undefined;
}

export interface DecideParts {
  readonly classification: Classification;
  readonly policies: Policies;
  readonly consentKey: (coordinate: string) => string | undefined;
  /**
   * Everybody whom the arguments name has given every consent that the document can use: then consent releases like law. Only what leads to
   * nobody else is released so.
   */
  readonly everybodyGave?: boolean;
}

/**
 * What separates one decision on this document from another: every part of the context, the policy version, and the values of those
 * variables that policies read. Never a person.
 */
export function decisionKey(admitted: Admitted, policies: Policies): string {
  const { action, application, officerRole, purpose, assurance, emergency, credentials, snapshot } = admitted.caller;
  // A variable left out takes the default of its argument, and null does not.
  const facts = variablesRead(admitted.document, policies).map((name) =>
    Object.hasOwn(admitted.variables, name) ? [admitted.variables[name]] : [],
  );
  return JSON.stringify([
    admitted.hash,
    admitted.operationName ?? null,
    action,
    application,
    officerRole ?? null,
    purpose,
    assurance,
    emergency,
    // INVARIANT: nobody gets what was prepared for somebody with other scopes (ATTACKS 17, 27).
    credentials?.key ?? null,
    // INVARIANT: grants and calls are shared within one snapshot only, since a prepared execution keeps its grants.
    snapshot ?? null,
    policies.key,
    facts,
    conditionVariables(admitted.document).map((name) => admitted.variables[name] === true),
  ]);
}

/** The request as its variables make it: what `@skip` and `@include` take out is neither decided nor planned. */
export function withConditionsDecided(admitted: Admitted): Admitted {
  if (!hasConditions(admitted.document)) return admitted;
  const document = decideConditions(admitted.document, admitted.variables);
  const operation = getOperationAST(document, admitted.operationName);
  if (!operation) throw new Error('The operation that was admitted is there.');
  return { ...admitted, document, operation };
}

/** Prepares the decisions of a request. Pure: the same question under the same policies has the same answer for everybody. */
export function decide(admitted: Admitted, { classification, policies, consentKey, everybodyGave = false }: DecideParts): Decided {
  const context: DecisionContext = admitted.caller;
  const ownContext: DecisionContext = { ...admitted.caller, self: true };
  const consentKeys = new Set<string>();
  let expiresAtMs = Number.POSITIVE_INFINITY;
  const ask = (coordinate: string, facts: ArgumentFacts, self = false): Decision => {
    const decision = policies.decide(self ? ownContext : context, coordinate, facts);
    expiresAtMs = Math.min(expiresAtMs, decision.expiresAtMs);
    return decision;
  };

  const rules = policies.places?.(context, admitted.document);
  const outcomeOf = (place: Place): Outcome => {
    const coordinate = `${place.type}.${place.field.name}`;
    if (rules?.permits(place) === false) return withheld(coordinate, 'UNAUTHORIZED_FIELD_OR_TYPE');
    if (place.keyIsEchoed && classification.subjects.get(place.type)?.key === place.field.name) {
      return { kind: 'released', coordinate, rung: undefined };
    }
    const own = governed(place, coordinate);
    if (own.kind === 'withheld') return own;
    // Selecting by a field reads it: without the permit to read, neither the argument nor its field is to be had.
    for (const argument of place.node.arguments ?? []) {
      for (const read of classification.reads.get(`${coordinate}(${argument.name.value}:)`) ?? []) {
        const decision = ask(read, {}, place.self);
        if (decision.kind === 'refused') return withheld(coordinate, decision.code);
        // What an argument would find has no one place in the answer where consent could be looked at.
        if (decision.consent !== undefined) return consentRequired(coordinate, classification);
        const { transform, probesMax } = decision.law ?? {};
        // Nor is one place where questions could be counted: whom it finds is known only by asking.
        if (transform !== undefined || probesMax !== undefined) return withheld(coordinate, 'FIELD_NOT_PERMITTED');
      }
    }
    if (own.kind === 'released') return own;
    consentKeys.add(own.consent.key);
    return everybodyGave && isOfTheirOwn(own, place, classification) ? { kind: 'released', coordinate, rung: own.consent.rung } : own;
  };

  const governed = (place: Place, coordinate: string): Outcome => {
    switch (governedBy(classification, place.type, place.field.name)) {
      case 'itself': {
        const decision = ask(coordinate, factsOf(place, admitted, policies), place.self);
        return bounded(outcomeFrom(decision, coordinate, classification, consentKey), place, classification);
      }
      case 'parent': {
        const { inherited } = place;
        if (inherited === undefined) return withheld(coordinate, 'FIELD_NOT_PERMITTED');
        const transform = inherited.rung?.transform;
        const remains = transform === undefined || classification.retained.get(coordinate)?.has(transform) === true;
        if (remains) return { kind: 'released', coordinate, rung: inherited.rung, more: inherited.more };
        if (inherited.more) return { kind: 'consented', coordinate, law: undefined, consent: inherited.more };
        return withheld(coordinate, 'FIELD_NOT_PERMITTED');
      }
      case 'nothing':
        return withheld(coordinate, 'FIELD_NOT_PERMITTED');
    }
  };

  return {
    kind: 'decided',
    admitted,
    policyVersion: policies.version,
    outcomeOf,
    typenameRefused: (parent) =>
      rules?.permitsTypename(parent) === false ? withheld(`${parent.name}.__typename`, 'UNAUTHORIZED_FIELD_OR_TYPE') : undefined,
    existenceOf: (type) => {
      const key = classification.subjects.get(type)?.key;
      if (key === undefined) return false;
      const decision = ask(`${type}.${key}`, {});
      return decision.kind === 'permitted' && decision.law !== undefined;
    },
    consentKeys,
    expiresAtMs: () => expiresAtMs,
  };
}

function outcomeFrom(
  decision: Decision,
  coordinate: string,
  classification: Classification,
  consentKey: DecideParts['consentKey'],
): Outcome {
  if (decision.kind === 'refused') return withheld(coordinate, decision.code);
  const { law, consent } = decision;
  if (consent === undefined) return { kind: 'released', coordinate, rung: law };
  const key = consentKey(coordinate);
  const group = classification.personal.get(coordinate)?.group;
  if (key !== undefined && group !== undefined) return { kind: 'consented', coordinate, law, consent: { rung: consent, key, group } };
  return law === undefined ? consentRequired(coordinate, classification) : { kind: 'released', coordinate, rung: law };
}

/** Whether consent alone decides, of the person asked for alone: no bound on questions, and nobody is reached or named. */
function isOfTheirOwn({ coordinate, consent }: Consented, { field }: Place, { subjects, subjectsOf }: Classification): boolean {
  const type = getNamedType(field.type);
  return consent.probesMax === undefined && !subjectsOf.has(coordinate) && !isAbstractType(type) && !subjects.has(type.name);
}

/** A permit that bounds questions gives its field to those people only of whom not too much was asked already. */
function bounded(outcome: Outcome, { node }: Place, { personal }: Classification): Outcome {
  // What law gives by counted questions only is not given uncounted because consent would give more.
  if (outcome.kind === 'consented' && outcome.law?.probesMax !== undefined) return { ...outcome, law: undefined };
  if (outcome.kind !== 'released' || outcome.rung?.probesMax === undefined) return outcome;
  const { coordinate, rung } = outcome;
  const { probesMax } = rung;
  const { alias: _, directives: __, selectionSet: ___, ...plain } = node;
  const question = print(plain);
  const group = personal.get(coordinate)?.group ?? '';
  return {
    kind: 'consented',
    coordinate,
    law: undefined,
    // Of the person who is logged in more may be asked than of others: each bound is a key of its own.
    consent: { rung, key: `probe ${coordinate} ${probesMax} ${question}`, group, probesMax },
  };
}

/** Consent would be needed, and none can be given where this stands. */
function consentRequired(coordinate: string, classification: Classification): Withheld {
  return { kind: 'withheld', coordinate, code: 'CONSENT_REQUIRED', group: classification.personal.get(coordinate)?.group };
}

function withheld(coordinate: string, code: Withheld['code']): Withheld {
  return { kind: 'withheld', coordinate, code, group: undefined };
}

function factsOf(place: Place, admitted: Admitted, policies: Policies): ArgumentFacts {
  if (!place.field.args.some((argument) => policies.argumentsRead.has(argument.name))) return NO_FACTS;
  const facts: Record<string, string | number | boolean> = {};
  const values = getArgumentValues(place.field, place.node, { ...admitted.variables });
  for (const [name, value] of Object.entries(values)) {
    if (!policies.argumentsRead.has(name)) continue;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') facts[name] = value;
  }
  return facts;
}

const NO_FACTS: ArgumentFacts = {};

/** Names of the variables that stand in arguments which some policy reads, found once per document and policy version. */
export function variablesRead(document: DocumentNode, policies: Policies): readonly string[] {
  const known = VARIABLES_READ.get(document);
  if (known?.version === policies.version) return known.names;
  const names = new Set<string>();
  visit(document, {
    Argument(argument) {
      if (!policies.argumentsRead.has(argument.name.value)) return;
      visit(argument, { Variable: (variable) => void names.add(variable.name.value) });
    },
  });
  const found = { version: policies.version, names: [...names] };
  VARIABLES_READ.set(document, found);
  return found.names;
}

const VARIABLES_READ = new WeakMap<DocumentNode, { readonly version: string; readonly names: readonly string[] }>();
