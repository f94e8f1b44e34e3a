import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isNonNullType,
  isObjectType,
  Kind,
  type DocumentNode,
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import type { Classification } from '../../platform/classification.ts';
import { concreteTypes } from '../../platform/coordinates.ts';
import { SUBJECT_KEY, type ShapeField, type Site } from '../execution/shape.ts';
import { fragmentsOf } from './admit-measures.ts';
import type { Consented, Decided, Released, Withheld } from './decide.ts';
import { consentedLeaf, consentedObject, consentedRoot, knownByLookup, stepOf } from './prune-consented.ts';
import { PruneFindings, type MutableSite } from './prune-findings.ts';
import { namesWithArguments } from './prune-names.ts';
import { byLawOnly, feasible } from './prune-leaf.ts';
import { dataKeyOf, inlineFragment, OwnNames, plainField, withSelections } from '../execution/nodes.ts';
import { namedSelection, namedWays, placesOf } from './prune-people.ts';
import {
  behind,
  combine,
  gatedAs,
  inFragment,
  NOTHING,
  type ConsentResult,
  type FieldResult,
  type ObjectResult,
  type Result,
} from './prune-result.ts';
import { isSameObject, type FieldPlace, type KnownObject, type Setting } from './prune-setting.ts';
import type { PruneParts } from './prune.ts';

/** One walk over a document: where it stands, what it has found. Lives as long as one call of `prune`. */
export class Pruner {
  readonly found = new PruneFindings();
  readonly #objects = new Map<SelectionSetNode, KnownObject[]>();
  readonly #decided: Decided;
  readonly #parts: PruneParts;
  readonly #schema: GraphQLSchema;
  readonly #classification: Classification;
  readonly #fragments: ReturnType<typeof fragmentsOf>;
  readonly #withArguments: ReadonlySet<string>;
  readonly #names = new OwnNames();

  constructor(decided: Decided, document: DocumentNode, parts: PruneParts) {
    this.#decided = decided;
    this.#parts = parts;
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
    return inFragment(condition, inner);
  }

  #field(node: FieldNode, setting: Setting): Result {
    const name = node.name.value;
    const responseKey = node.alias?.value ?? name;
    const fetched = this.#names.under(node, this.#withArguments.has(name));
    if (name === '__typename' || name === '__schema' || name === '__type') {
      const field = shapeField({ responseKey, dataKey: dataKeyOf(fetched), nonNull: name !== '__type' }, setting);
      const refused = name === '__typename' ? this.#decided.typenameRefused(setting.parent) : undefined;
      if (refused) {
        this.found.refuse(refused, [...setting.path, responseKey], setting.site);
        return { ...NOTHING, fields: [{ ...field, released: false }], whole: false };
      }
      return { ...NOTHING, selections: [fetched], all: [fetched], fields: [field], leaves: 1, size: 1 };
    }
    const byType = setting.types.map((type) => this.#fieldOnType(fetched, type, responseKey, setting));
    const [first] = byType;
    if (first === undefined) return NOTHING;
    if (byType.length === 1) return first;
    if (byType.every((result) => result.outcome && (result.whole || (result.inner && result.inner === first.inner)))) {
      // Nothing to tell apart between the types: one selection for all. Their shapes may differ, so each is kept.
      const { selections, all, size } = this.#forAllTypes(fetched, [...setting.path, responseKey], first, setting);
      return { ...combine(byType), selections, all, size, leaves: first.leaves };
    }
    const split = byType.map((result, index) => inFragment(setting.types[index], result));
    return { ...combine(split), whole: false };
  }

  #fieldOnType(node: FieldNode, type: string, responseKey: string, setting: Setting): FieldResult {
    const field = this.#fieldDefinition(type, node.name.value);
    const { parent, inherited, keyIsEchoed, self } = setting;
    const outcome = this.#decided.outcomeOf({ type, parent, node, field, inherited, keyIsEchoed, self });
    const named = getNamedType(field.type);
    const path = [...setting.path, responseKey];
    const nonNull = isNonNullType(field.type);
    const about = { responseKey, dataKey: dataKeyOf(node), nonNull, type };
    const place: FieldPlace = { node, named, path, shape: shapeField(about, setting), setting };

    const possible = feasible(outcome, named, inherited, this.#parts);
    const decision = possible.kind === 'consented' ? this.#consentIn(possible, place) : possible;
    if (decision.kind === 'withheld') {
      this.found.refuse(decision, path, setting.site);
      return { ...NOTHING, fields: [{ ...place.shape, released: false }], whole: false };
    }
    if (decision.kind === 'released') {
      this.found.release(decision, setting);
      return this.#releasedField(decision, place);
    }
    this.found.releaseByConsent(decision, setting);
    const { key, probesMax } = decision.consent;
    if (probesMax !== undefined) this.found.probes.set(key, { key, coordinate: decision.coordinate, max: probesMax, node, field });
    return this.#consentedField(decision, place);
  }

  #releasedField(decision: Released, { node, named, path, shape, setting }: FieldPlace): FieldResult {
    if (!node.selectionSet || !isCompositeType(named)) {
      const name = decision.rung === setting.inherited?.rung ? undefined : decision.rung?.transform;
      const transform = name === undefined ? undefined : { name, unlessConsent: decision.more?.key };
      const field = transform === undefined ? shape : { ...shape, transform };
      return { ...NOTHING, selections: [node], all: [node], fields: [field], leaves: 1, size: 1, outcome: decision };
    }
    const inner = this.#object(node.selectionSet, named, decision, { ...setting, path });
    const consent = gatedAs(inner.consent, (selections) => (selections.length === 0 ? [] : [withSelections(node, selections)]));
    return {
      selections: [withSelections(node, inner.selections)],
      all: [withSelections(node, inner.all)],
      fields: [{ ...shape, inner: inner.shape }],
      leaves: inner.leaves,
      size: inner.size + 1,
      whole: inner.whole,
      consent: behind(stepOf(shape), this.#classification.lookups.has(decision.coordinate) ? knownByLookup(consent, node) : consent),
      outcome: decision,
      inner,
    };
  }

  /** Whether consent can be looked at where the field stands; law alone counts where no person is around it, and no argument names one. */
  #consentIn(decision: Consented, { setting }: FieldPlace): Consented | Released | Withheld {
    // What law leaves of a value is fetched in any case; consent lets the rest of it through.
    const { coordinate, law, consent } = decision;
    if (setting.site !== undefined) return law === undefined ? decision : { kind: 'released', coordinate, rung: law, more: consent };
    const namesPersons = this.#classification.subjectsOf.get(coordinate)?.some((path) => path.startsWith('$')) === true;
    const isQuery = setting.parent === this.#schema.getQueryType();
    const isWhole = law === undefined && consent.rung.transform === undefined;
    return isQuery && namesPersons && isWhole ? decision : byLawOnly(decision);
  }

  #consentedField(decision: Consented, { node, named, path, shape, setting }: FieldPlace): FieldResult {
    const { coordinate, consent } = decision;
    const released: Released = { kind: 'released', coordinate, rung: consent.rung };
    if (setting.site === undefined) {
      const at = { ...setting, path, round: 1, knownAfter: 1 };
      const inner = node.selectionSet && isCompositeType(named) ? this.#object(node.selectionSet, named, released, at) : undefined;
      return consentedRoot(decision, { node, shape, keys: [] }, inner, this.#classification.subjectsOf.get(coordinate) ?? []);
    }
    const keys = setting.gate.includes(consent.key) ? setting.gate : [...setting.gate, consent.key].toSorted();
    if (!node.selectionSet || !isCompositeType(named)) {
      const isInherited = consent.rung === setting.inherited?.more?.rung;
      return consentedLeaf(decision, { node, shape, keys }, isInherited ? undefined : consent.rung.transform);
    }
    const inner = this.#object(node.selectionSet, named, released, { ...setting, path, gate: keys });
    const isEdge = concreteTypes(this.#schema, named).some((type) => this.#classification.subjects.has(type));
    // Where law gives what is counted, nobody else need consent to it, and nobody else is asked.
    const isCounted = consent.probesMax !== undefined;
    const others = isCounted ? [] : isEdge ? [[]] : namedWays(this.#classification, coordinate);
    return consentedObject(decision, { node, shape, keys }, inner, others);
  }

  /** One selection for all types of an abstract place, its inner selections those of every type that the field can lead to. */
  #forAllTypes(
    node: FieldNode,
    path: readonly string[],
    first: FieldResult,
    setting: Setting,
  ): Pick<Result, 'selections' | 'all' | 'size'> {
    const { parent } = setting;
    const named = 'getFields' in parent ? getNamedType(parent.getFields()[node.name.value]?.type) : undefined;
    if (!node.selectionSet || !first.outcome || !isCompositeType(named)) return first;
    const inner = this.#object(node.selectionSet, named, first.outcome, { ...setting, path });
    return { selections: [withSelections(node, inner.selections)], all: [withSelections(node, inner.all)], size: inner.size + 1 };
  }

  /**
   * The selection set of a released composite field, with what must be fetched beside it. Done once for all implementors through which the
   * field is reached alike: were it done for each, a document nested through an interface would take time exponential in its depth.
   */
  #object(set: SelectionSetNode, named: GraphQLCompositeType, decision: Released, setting: Setting): ObjectResult {
    const known = this.#objects.get(set) ?? [];
    this.#objects.set(set, known);
    const { lookups, selves, subjectsOf } = this.#classification;
    const { coordinate } = decision;
    const keyIsEchoed = lookups.has(coordinate) || selves.has(coordinate);
    const wanted = { named, decision, keyIsEchoed, namesPersons: subjectsOf.has(coordinate), setting };
    const same = known.find((entry) => isSameObject(entry, wanted));
    if (same) return same.result;
    const result = this.#makeObject(set, named, decision, setting, keyIsEchoed);
    known.push({ ...wanted, result });
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
    const isPerson = person !== undefined;
    const site: MutableSite | undefined = isPerson
      ? { type: person, released: new Set(), withheld: new Set(), transformed: new Set(), gated: [] }
      : undefined;
    const isGated = setting.gate.length > 0;
    const knownAfter = isGated ? setting.knownAfter + 1 : setting.round;
    const own = {
      gate: [],
      knownAfter,
      round: isGated ? knownAfter + 1 : setting.round,
      self: this.#classification.selves.has(decision.coordinate),
    };
    const inner = this.selections([set], {
      ...setting,
      ...(isPerson ? own : {}),
      parent: named,
      types,
      concrete: isObjectType(named),
      inherited: decision,
      keyIsEchoed,
      site: site ?? setting.site,
    });
    const helpers = [...this.#helpers(named, persons, inner), ...this.#named(decision.coordinate, named)];
    const shape = { fields: inner.fields, site };
    const size = inner.size + helpers.length;
    const all = [...helpers, ...inner.all];
    const consent = this.#withNamed(decision, setting, inner.consent);
    const selections = isPerson && isGated ? helpers : [...helpers, ...inner.selections];
    const plain = isPerson && isGated ? inner.selections : [];
    const isTouched = site !== undefined && (plain.length > 0 || site.gated.length > 0 || consent.gated.length > 0);
    if (!isTouched) return { ...inner, selections, all, size, shape, consent };
    const places = placesOf({ consent, persons, concrete: isObjectType(named), knownAfter, plain }, this.#parts);
    return { ...inner, selections, all, size, shape, consent: places };
  }

  /** What is fetched beside the client's selections: what an object is, and who it is. */
  #helpers(named: GraphQLCompositeType, persons: readonly string[], inner: Result): readonly SelectionNode[] {
    const helpers: SelectionNode[] = [];
    if (isAbstractType(named) || inner.selections.length === 0) helpers.push(plainField('__typename'));
    for (const type of persons) {
      const keyField = plainField(this.#classification.subjects.get(type)?.key ?? '', SUBJECT_KEY);
      helpers.push(isObjectType(named) ? keyField : inlineFragment(type, [keyField]));
    }
    return helpers;
  }

  /** Keys of the persons whom a record names, wherever the client looks: they are asked for consent, and told. */
  #named(coordinate: string, named: GraphQLCompositeType): readonly SelectionNode[] {
    const paths = (this.#classification.subjectsOf.get(coordinate) ?? []).filter((path) => !path.startsWith('$'));
    return paths.map((path) => {
      const { selection, inputs } = namedSelection(path.split('.'), named, this.#parts);
      for (const input of inputs) this.found.inputs.add(input);
      return selection;
    });
  }

  /** Whom a record names is told of it too. */
  #withNamed({ coordinate }: Released, { site: outer }: Setting, consent: ConsentResult): ConsentResult {
    const ways = namedWays(this.#classification, coordinate);
    if (ways.length === 0 || outer === undefined) return consent;
    const site: Site = { type: outer.type, released: new Set([coordinate]), withheld: new Set(), transformed: new Set(), gated: [] };
    return { ...consent, named: [...consent.named, ...ways.map((way) => ({ way, site }))] };
  }

  #fieldDefinition(type: string, name: string): GraphQLField<unknown, unknown> {
    const definition = this.#schema.getType(type);
    const field = isObjectType(definition) ? definition.getFields()[name] : undefined;
    if (!field) throw new Error('A valid document selects only fields that exist.');
    return field;
  }
}

function shapeField(about: { responseKey: string; dataKey: string; nonNull: boolean; type?: string }, setting: Setting): ShapeField {
  const types = setting.concrete ? undefined : new Set(about.type === undefined ? setting.types : [about.type]);
  const { responseKey, dataKey, nonNull } = about;
  return { responseKey, dataKey, types, released: true, nonNull, inner: undefined };
}
