import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type GraphQLCompositeType,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import {
  completeAbstract,
  completeConcrete,
  completeList,
  type AnswerField,
  type AnswerObject,
  type Complete,
  type ConsentWanted,
} from './complete.ts';
import { keyOf } from './data.ts';
import { leafOf } from './leaves.ts';
import { transformOf } from '../policy/transforms.ts';
import { SUBJECT_KEY, type LeafTransform, type Shape, type ShapeField } from './shape.ts';
import type { TypeNames } from './type-names.ts';

/** What answers are compiled from. */
export interface AnswerParts {
  readonly apiSchema: GraphQLSchema;
  readonly types: TypeNames;
  /** Makes pseudonyms; undefined where nothing is transformed. */
  readonly pseudonymKey: Buffer | undefined;
}

/**
 * Compiles what the client's document says of the answer: at each place and for each type that can stand there, which fields in which
 * order, from where, and of what type. `planned` is the selection that was fetched, which tells the names of fields behind aliases.
 */
export function compileAnswer(shape: Shape, planned: SelectionSetNode, root: GraphQLObjectType, parts: AnswerParts): AnswerObject {
  return new AnswerCompiler(parts).object([shape], [planned], root);
}

interface Planned {
  readonly name: string;
  readonly sets: SelectionSetNode[];
}

/** Objects that were compiled already, with everything that they depend on. */
interface KnownObjects {
  readonly named: GraphQLCompositeType;
  readonly shapes: readonly Shape[];
  readonly selections: readonly (readonly SelectionNode[])[];
  readonly objects: readonly AnswerObject[];
}

class AnswerCompiler {
  readonly #parts: AnswerParts;
  readonly #known = new Map<Shape | undefined, KnownObjects[]>();

  constructor(parts: AnswerParts) {
    this.#parts = parts;
  }

  object(shapes: readonly Shape[], sets: readonly SelectionSetNode[], type: GraphQLObjectType): AnswerObject {
    const planned = new Map<string, Planned>();
    for (const set of sets) this.#collect(set, type.name, planned);
    const chosen = new Map<string, ShapeField[]>();
    for (const field of shapes.flatMap((shape) => shape.fields)) {
      if (field.types !== undefined && !field.types.has(type.name)) continue;
      chosen.set(field.responseKey, [...(chosen.get(field.responseKey) ?? []), field]);
    }
    const fields = [...chosen].map(([responseKey, same]) => this.#field(responseKey, same, planned, type));
    return {
      type: type.name,
      fields,
      sites: [...new Set(shapes.flatMap(({ site }) => (site === undefined ? [] : [site])))],
      isSubject: planned.has(SUBJECT_KEY),
      isNull: fields.some(({ complete, constant, nonNull }) => nonNull && complete === undefined && constant === undefined),
    };
  }

  /** What was fetched of objects of one type, fragments for other types left out. */
  #collect(set: SelectionSetNode, type: string, planned: Map<string, Planned>): void {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        const dataKey = selection.alias?.value ?? selection.name.value;
        const known = planned.get(dataKey) ?? { name: selection.name.value, sets: [] };
        planned.set(dataKey, known);
        if (selection.selectionSet) known.sets.push(selection.selectionSet);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        const condition = selection.typeCondition?.name.value;
        if (condition === undefined || this.#parts.types.under(condition).has(type)) this.#collect(selection.selectionSet, type, planned);
      }
    }
  }

  #field(responseKey: string, same: readonly ShapeField[], planned: ReadonlyMap<string, Planned>, type: GraphQLObjectType): AnswerField {
    const released = same.filter((field) => field.released);
    const [first] = released.length > 0 ? released : same;
    const source = first && planned.get(first.dataKey);
    const field = source && type.getFields()[source.name];
    const about = {
      responseKey: keyOf(responseKey).name,
      key: keyOf(first?.dataKey ?? responseKey),
      nonNull: same.some(({ nonNull }) => nonNull),
      coordinate: `${type.name}.${source?.name ?? responseKey}`,
      consent: same.find(({ consent }) => consent !== undefined)?.consent,
      constant: undefined,
      inner: [],
    };
    if (released.length === 0) return { ...about, complete: undefined };
    if (!source) throw new Error(`What is released at ${about.coordinate} was not planned.`);
    if (source.name === '__typename') return { ...about, complete: undefined, constant: type.name };
    // Introspection: made by graphql-js itself, so that there is nothing to complete.
    if (!field) return { ...about, complete: (value) => value };
    const named = getNamedType(field.type);
    const inner = isCompositeType(named) ? this.#objects(released, source, named) : [];
    return { ...about, inner, complete: this.#complete(field.type, inner, { ...about, transform: first?.transform }) };
  }

  /** Compiled once for all types through which the place is reached alike, or it would take time exponential in the document's depth. */
  #objects(fields: readonly ShapeField[], source: Planned, named: GraphQLCompositeType): readonly AnswerObject[] {
    const shapes = fields.flatMap(({ inner }) => (inner === undefined ? [] : [inner]));
    const selections = source.sets.map((set) => set.selections);
    const known = this.#known.get(shapes[0]) ?? [];
    this.#known.set(shapes[0], known);
    const same = known.find((entry) => entry.named === named && sameItems(entry.shapes, shapes) && sameItems(entry.selections, selections));
    if (same) return same.objects;
    const types = isAbstractType(named) ? this.#parts.apiSchema.getPossibleTypes(named) : [named];
    const objects = types.map((type) => this.object(shapes, source.sets, type));
    known.push({ named, shapes, selections, objects });
    return objects;
  }

  #complete(type: GraphQLOutputType, inner: readonly AnswerObject[], about: CompleteAbout): Complete {
    if (isNonNullType(type)) return this.#complete(type.ofType, inner, about);
    if (isListType(type)) {
      return completeList(this.#complete(type.ofType, inner, about), isNonNullType(type.ofType), about.coordinate, about.consent);
    }
    if (isLeafType(type)) return this.#completeLeaf(type, about);
    const [only] = inner;
    if (isObjectType(type) && only) return completeConcrete(only, this.#parts.types.objects);
    return completeAbstract(type.name, inner, this.#parts.types.interfaces);
  }

  #completeLeaf(type: GraphQLLeafType, { coordinate, transform }: CompleteAbout): Complete {
    const leaf = leafOf(type);
    const what = `Expected a value of type ${type.name} for field ${coordinate}.`;
    if (transform === undefined) return (value, walk) => leaf(value) ?? walk.tell('invalid', what);
    const { unlessConsent } = transform;
    const change = transformOf(transform.name, type.name, this.#parts.pseudonymKey);
    if (change === undefined) throw new Error(`There is no transform "${transform.name}" for ${coordinate}.`);
    return (value, walk) => {
      const whole = leaf(value);
      if (whole === undefined) return walk.tell('invalid', what);
      return unlessConsent !== undefined && walk.hasConsent(unlessConsent) ? whole : change(whole, walk.reader.agency);
    };
  }
}

interface CompleteAbout {
  readonly coordinate: string;
  readonly consent: ConsentWanted | undefined;
  readonly transform: LeafTransform | undefined;
}

function sameItems<Item>(one: readonly Item[], other: readonly Item[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}
