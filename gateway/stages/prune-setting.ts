import type { FieldNode, GraphQLCompositeType, GraphQLNamedType } from 'graphql';
import type { ShapeField } from '../execution/shape.ts';
import type { Released } from './decide.ts';
import type { MutableSite } from './prune-findings.ts';
import type { ObjectResult } from './prune-result.ts';

/** Where a selection set stands. */
export interface Setting {
  /** The type as written: the field's type, or a fragment's condition. */
  readonly parent: GraphQLCompositeType;
  /** Concrete types that can stand here. */
  readonly types: readonly string[];
  /** The field that leads here has an object type, so that there is nothing to tell apart. */
  readonly concrete: boolean;
  readonly inherited: Released | undefined;
  readonly keyIsEchoed: boolean;
  readonly self: boolean;
  readonly path: readonly string[];
  readonly site: MutableSite | undefined;
  /** Consents of the nearest person without which nothing here is asked. */
  readonly gate: readonly string[];
  /** Rounds of fetching after which the nearest person is known, and the round in which what stands here without a gate is fetched. */
  readonly knownAfter: number;
  readonly round: number;
}

/** A selected field on one type, where it stands. */
export interface FieldPlace {
  readonly node: FieldNode;
  readonly named: GraphQLNamedType;
  readonly path: readonly string[];
  readonly shape: ShapeField;
  readonly setting: Setting;
}

/** A selection set that was pruned already, with everything that it depends on. */
export interface KnownObject {
  readonly named: GraphQLCompositeType;
  readonly decision: Released;
  readonly keyIsEchoed: boolean;
  /** The field that leads here names persons: then it matters which of several alike it is. */
  readonly namesPersons: boolean;
  readonly setting: Setting;
  readonly result: ObjectResult;
}

/** Whether an object that is reached again, by this decision and in this setting, comes out as it did the first time. */
export function isSameObject(entry: KnownObject, wanted: Omit<KnownObject, 'result'>): boolean {
  return (
    entry.named === wanted.named &&
    sameRung(entry.decision.rung, wanted.decision.rung) &&
    entry.decision.more?.key === wanted.decision.more?.key &&
    (entry.decision.coordinate === wanted.decision.coordinate || !(entry.namesPersons || wanted.namesPersons)) &&
    entry.keyIsEchoed === wanted.keyIsEchoed &&
    sameStanding(entry.setting, wanted.setting)
  );
}

/** What depends on consent is the same wherever the same consents are asked for in the same round. */
function sameStanding(one: Setting, other: Setting): boolean {
  return (
    one.site === other.site &&
    one.round === other.round &&
    one.knownAfter === other.knownAfter &&
    one.self === other.self &&
    sameList(one.gate, other.gate) &&
    sameList(one.path, other.path)
  );
}

function sameRung(one: Released['rung'], other: Released['rung']): boolean {
  return one === other || (one?.policyId === other?.policyId && one?.transform === other?.transform);
}

function sameList<Item>(one: readonly Item[], other: readonly Item[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}
