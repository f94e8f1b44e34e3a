import { isLeafType, isScalarType, type GraphQLNamedType, type GraphQLSchema } from 'graphql';
import type { Classification } from '../../platform/classification.ts';
import { concreteTypes } from '../../platform/coordinates.ts';
import type { Rung } from '../policy/decision.ts';
import type { Consented, Outcome, Released, Withheld } from './decide.ts';

/** Scalars whose values are no texts: no transform of a single value is made for them. */
const NO_TEXTS: ReadonlySet<string> = new Set(['Int', 'Float', 'Boolean']);

/**
 * What of an outcome can be done for a field of this type. A transform of a value type prunes its selection; one of a text is done while the
 * answer is shaped. A permit whose transform fits neither opens nothing: on an object that is no value type, its fields would not know of it.
 */
export function feasible(
  outcome: Outcome,
  named: GraphQLNamedType,
  inherited: Released | undefined,
  { apiSchema, classification }: { readonly apiSchema: GraphQLSchema; readonly classification: Classification },
): Outcome {
  if (outcome.kind === 'withheld') return outcome;
  const fits = (rung: Rung | undefined): boolean => {
    if (rung?.transform === undefined || rung === inherited?.rung) return true;
    if (isLeafType(named)) return isScalarType(named) && !NO_TEXTS.has(named.name) && rung.transform !== 'province';
    return concreteTypes(apiSchema, named).every((type) => classification.valueTypes.has(type));
  };
  if (outcome.kind === 'released') return fits(outcome.rung) ? outcome : notPermitted(outcome);
  const law = fits(outcome.law) ? outcome.law : undefined;
  if (fits(outcome.consent.rung)) return { ...outcome, law };
  return law === undefined ? notPermitted(outcome) : { kind: 'released', coordinate: outcome.coordinate, rung: law };
}

/** What law alone gives of it. */
export function byLawOnly(consented: Consented): Released | Withheld {
  const { coordinate, law, consent } = consented;
  if (law !== undefined) return { kind: 'released', coordinate, rung: law };
  // Nobody's consent would help where there is nobody of whom questions could be counted.
  if (consent.probesMax !== undefined) return notPermitted(consented);
  return { kind: 'withheld', coordinate, code: 'CONSENT_REQUIRED', group: consent.group };
}

function notPermitted({ coordinate }: Outcome): Withheld {
  return { kind: 'withheld', coordinate, code: 'FIELD_NOT_PERMITTED', group: undefined };
}
