import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isLeafType,
  isNonNullType,
  isObjectType,
  Kind,
  type DocumentNode,
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import type { Classification } from '../../platform/classification.ts';
import { concreteTypes } from '../../platform/coordinates.ts';
import { SUBJECT_KEY, type Shape, type ShapeField, type Site } from '../execution/shape.ts';
import { fragmentsOf } from './admit-measures.ts';
import type { Decided, Outcome, Released, Withheld } from './decide.ts';
import { dataKeyOf, inlineFragment, plainField, underOwnName, withSelections } from './prune-nodes.ts';
import type { FieldRefusal, PruneParts } from './prune.ts';

/** Where a selection set stands. */
interface Setting {
  /** The type as written: the field's type, or a fragment's condition. */
  readonly parent: GraphQLCompositeType;
  /** Concrete types that can stand here. */
  readonly types: readonly string[];
  /** The field that leads here has an object type, so that there is nothing to tell apart. */
  readonly concrete: boolean;
  readonly inherited: Released | undefined;
  readonly keyIsEchoed: boolean;
  readonly path: readonly string[];
  readonly site: MutableSite | undefined;
}

interface MutableSite extends Site {
  readonly released: Set<string>;
  readonly withheld: Set<string>;
  readonly transformed: Set<string>;
}

interface Result {
  readonly selections: readonly SelectionNode[];
  readonly fields: readonly ShapeField[];
  /** Released leaves below, `__typename` and introspection included when the client asked for them. */
  readonly leaves: number;
  /** How many selections a planner will see, were the same ones printed wherever they stand. */
  readonly size: number;
  /** Nothing below was refused or altered but for helper selections. */
  readonly whole: boolean;
}

type FieldResult = Result & { readonly outcome?: Released; readonly inner?: ObjectResult };
type ObjectResult = Result & { readonly shape: Shape };

/** A selection set that was pruned already, with everything that it depends on. */
interface KnownObject {
  readonly named: GraphQLCompositeType;
  readonly rung: Released['rung'];
  readonly keyIsEchoed: boolean;
  readonly outerSite: MutableSite | undefined;
  readonly path: readonly string[];
  readonly result: ObjectResult;
}

const NOTHING: Result = { selections: [], fields: [], leaves: 0, size: 0, whole: true };

/** One walk over a document: where it stands, what it has found. Lives as long as one call of `prune`. */
export class Pruner {
  readonly refusals = new Map<string, FieldRefusal>();
  readonly released = new Set<string>();
  readonly bases = new Map<string, string>();
  readonly #objects = new Map<SelectionSetNode, KnownObject[]>();
  readonly #decided: Decided;
  readonly #schema: GraphQLSchema;
  readonly #classification: Classification;
  readonly #fragments: ReturnType<typeof fragmentsOf>;
  readonly #withArguments: ReadonlySet<string>;

  constructor(decided: Decided, document: DocumentNode, parts: PruneParts) {
    this.#decided = decided;
    this.#schema = parts.apiSchema;
    this.#classification = parts.classification;
    this.#fragments = fragmentsOf(document);
    this.#withArguments = namesWithArguments(parts.apiSchema);
  }

  selections(sets: readonly SelectionSetNode[], setting: Setting): Result {
    const results = sets.flatMap((set) => set.selections.map((selection) => this.#selection(selection, setting)));
    return combine(results);
  }

  #selection(selection: SelectionNode, setting: Setting): Result {
    if (selection.kind === Kind.FIELD) return this.#field(selection, setting);
    const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : this.#fragments.get(selection.name.value);
    if (!fragment) throw new Error('A valid document spreads only fragments that it defines.');
    const condition = fragment.typeCondition?.name.value;
    const parent = condition === undefined ? setting.parent : this.#schema.getType(condition);
    if (!isCompositeType(parent)) throw new Error('A valid fragment is on a composite type.');
    const possible = concreteTypes(this.#schema, parent);
    const types = setting.types.filter((type) => possible.includes(type));
    if (types.length === 0) return NOTHING;
    const inner = this.selections([fragment.selectionSet], {
      ...setting,
      parent,
      types,
    });
    if (inner.selections.length === 0) return inner;
    return { ...inner, selections: [inlineFragment(condition, inner.selections)] };
  }

  #field(node: FieldNode, setting: Setting): Result {
    const name = node.name.value;
    const responseKey = node.alias?.value ?? name;
    const fetched = underOwnName(node, this.#withArguments.has(name));
    if (name === '__typename' || name === '__schema' || name === '__type') {
      const field = shapeField({ responseKey, dataKey: dataKeyOf(fetched), nonNull: name !== '__type' }, setting);
      const refused = name === '__typename' ? this.#decided.typenameRefused(setting.parent) : undefined;
      if (refused) {
        this.#refuse(refused, [...setting.path, responseKey], setting.site);
        return { ...NOTHING, fields: [{ ...field, released: false }], whole: false };
      }
      return { selections: [fetched], fields: [field], leaves: 1, size: 1, whole: true };
    }
    const byType = setting.types.map((type) => this.#fieldOnType(fetched, type, responseKey, setting));
    const [first] = byType;
    if (first === undefined) return NOTHING;
    if (byType.length === 1) return first;
    if (byType.every((result) => result.outcome && (result.whole || (result.inner && result.inner === first.inner)))) {
      // Nothing to tell apart between the types: one selection for all. Their shapes may differ, so each is kept.
      const { selections, size } = this.#forAllTypes(fetched, [...setting.path, responseKey], first, setting);
      return { ...combine(byType), selections, size, leaves: first.leaves };
    }
    const split = byType.map((result, index): Result => {
      if (result.selections.length === 0) return result;
      return { ...result, selections: [inlineFragment(setting.types[index], result.selections)] };
    });
    return { ...combine(split), whole: false };
  }

  #fieldOnType(node: FieldNode, type: string, responseKey: string, setting: Setting): FieldResult {
    const field = this.#fieldDefinition(type, node.name.value);
    const { parent, inherited, keyIsEchoed } = setting;
    const outcome = this.#decided.outcomeOf({ type, parent, node, field, inherited, keyIsEchoed });
    const named = getNamedType(field.type);
    const path = [...setting.path, responseKey];
    const nonNull = isNonNullType(field.type);
    const about = { responseKey, dataKey: dataKeyOf(node), nonNull, type };

    const decision = this.#canBeDone(outcome, named, setting) ? outcome : notPermitted(outcome);
    if (decision.kind === 'withheld') {
      this.#refuse(decision, path, setting.site);
      return { ...NOTHING, fields: [{ ...shapeField(about, setting), released: false }], whole: false };
    }
    this.#release(decision, setting);
    if (!node.selectionSet || !isCompositeType(named)) {
      return { selections: [node], fields: [shapeField(about, setting)], leaves: 1, size: 1, whole: true, outcome: decision };
    }
    const inner = this.#object(node.selectionSet, named, decision, { ...setting, path });
    return {
      selections: [withSelections(node, inner.selections)],
      fields: [{ ...shapeField(about, setting), inner: inner.shape }],
      leaves: inner.leaves,
      size: inner.size + 1,
      whole: inner.whole,
      outcome: decision,
      inner,
    };
  }

  /** One selection for all types of an abstract place, its inner selections those of every type that the field can lead to. */
  #forAllTypes(node: FieldNode, path: readonly string[], first: FieldResult, setting: Setting): Pick<Result, 'selections' | 'size'> {
    const { parent } = setting;
    const named = 'getFields' in parent ? getNamedType(parent.getFields()[node.name.value]?.type) : undefined;
    if (!node.selectionSet || !first.outcome || !isCompositeType(named)) return first;
    const inner = this.#object(node.selectionSet, named, first.outcome, { ...setting, path });
    return { selections: [withSelections(node, inner.selections)], size: inner.size + 1 };
  }

  /**
   * The selection set of a released composite field, with what must be fetched beside it. Done once for all implementors through which the
   * field is reached alike: were it done for each, a document nested through an interface would take time exponential in its depth.
   */
  #object(set: SelectionSetNode, named: GraphQLCompositeType, decision: Released, setting: Setting): ObjectResult {
    const known = this.#objects.get(set) ?? [];
    this.#objects.set(set, known);
    const keyIsEchoed = this.#classification.lookups.has(decision.coordinate);
    const same = known.find(
      (entry) =>
        entry.named === named &&
        sameRung(entry.rung, decision.rung) &&
        entry.keyIsEchoed === keyIsEchoed &&
        entry.outerSite === setting.site &&
        sameList(entry.path, setting.path),
    );
    if (same) return same.result;
    const result = this.#makeObject(set, named, decision, setting, keyIsEchoed);
    known.push({
      named,
      rung: decision.rung,
      keyIsEchoed,
      outerSite: setting.site,
      path: setting.path,
      result,
    });
    return result;
  }

  #makeObject(
    set: SelectionSetNode,
    named: GraphQLCompositeType,
    decision: Released,
    setting: Setting,
    keyIsEchoed: boolean,
  ): ObjectResult {
    const types = concreteTypes(this.#schema, named);
    const persons = types.filter((type) => this.#classification.subjects.has(type));
    const [person] = persons;
    const site: MutableSite | undefined =
      person === undefined ? undefined : { type: person, released: new Set(), withheld: new Set(), transformed: new Set() };
    const inner = this.selections([set], {
      parent: named,
      types,
      concrete: isObjectType(named),
      inherited: decision,
      keyIsEchoed,
      path: setting.path,
      site: site ?? setting.site,
    });
    const helpers: SelectionNode[] = [];
    if (isAbstractType(named) || inner.selections.length === 0) helpers.push(plainField('__typename'));
    for (const type of persons) {
      const key = this.#classification.subjects.get(type)?.key ?? '';
      const keyField = plainField(key, SUBJECT_KEY);
      helpers.push(isObjectType(named) ? keyField : inlineFragment(type, [keyField]));
    }
    const selections = [...helpers, ...inner.selections];
    return { ...inner, selections, size: inner.size + helpers.length, shape: { fields: inner.fields, site } };
  }

  /**
   * A transform of a value type prunes its selection. Transforms of leaves belong to the shaping pass of a later release; until then a
   * permit that asks for one opens nothing, and neither does one on an object that is no value type, whose fields would not know of it.
   */
  #canBeDone(outcome: Outcome, named: GraphQLNamedType, setting: Setting): boolean {
    if (outcome.kind === 'withheld' || outcome.rung?.transform === undefined) return true;
    if (outcome.rung === setting.inherited?.rung) return true;
    return !isLeafType(named) && concreteTypes(this.#schema, named).every((type) => this.#classification.valueTypes.has(type));
  }

  #fieldDefinition(type: string, name: string): GraphQLField<unknown, unknown> {
    const definition = this.#schema.getType(type);
    const field = isObjectType(definition) ? definition.getFields()[name] : undefined;
    if (!field) throw new Error('A valid document selects only fields that exist.');
    return field;
  }

  #release(outcome: Released, setting: Setting): void {
    this.released.add(outcome.coordinate);
    if (outcome.rung) this.bases.set(outcome.coordinate, outcome.rung.basis);
    if (outcome.rung?.transform === undefined) setting.site?.released.add(outcome.coordinate);
    else setting.site?.transformed.add(outcome.coordinate);
  }

  #refuse(outcome: Withheld, path: readonly string[], site: MutableSite | undefined): void {
    site?.withheld.add(outcome.coordinate);
    const key = JSON.stringify([path, outcome.code]);
    const { coordinate, code, group } = outcome;
    // The first of several implementors' names it.
    if (!this.refusals.has(key)) this.refusals.set(key, { path, coordinate, code, group });
  }
}

/**
 * Names of fields that take arguments on some type. By name alone: implementors may add arguments, and a field that merges with itself
 * across fragments must be fetched under one name whatever types each fragment is for.
 */
function namesWithArguments(schema: GraphQLSchema): ReadonlySet<string> {
  const known = WITH_ARGUMENTS.get(schema);
  if (known) return known;
  const names = new Set<string>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) if (field.args.length > 0) names.add(field.name);
  }
  WITH_ARGUMENTS.set(schema, names);
  return names;
}

const WITH_ARGUMENTS = new WeakMap<GraphQLSchema, ReadonlySet<string>>();

function notPermitted({ coordinate }: Outcome): Withheld {
  return { kind: 'withheld', coordinate, code: 'FIELD_NOT_PERMITTED', group: undefined };
}

function sameRung(one: Released['rung'], other: Released['rung']): boolean {
  return one === other || (one?.policyId === other?.policyId && one?.transform === other?.transform);
}

function sameList<Item>(one: readonly Item[], other: readonly Item[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}

function combine(results: readonly Result[]): Result {
  return {
    selections: results.flatMap((result) => result.selections),
    fields: results.flatMap((result) => result.fields),
    leaves: results.reduce((sum, result) => sum + result.leaves, 0),
    size: results.reduce((sum, result) => sum + result.size, 0),
    whole: results.every((result) => result.whole),
  };
}

function shapeField(about: { responseKey: string; dataKey: string; nonNull: boolean; type?: string }, setting: Setting): ShapeField {
  const types = setting.concrete ? undefined : new Set(about.type === undefined ? setting.types : [about.type]);
  const { responseKey, dataKey, nonNull } = about;
  return { responseKey, dataKey, types, released: true, nonNull, inner: undefined };
}
