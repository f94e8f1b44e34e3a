import { isInterfaceType, isObjectType, type GraphQLSchema } from 'graphql';
import type { BilingualText } from '../policy/registry.ts';

/** What people call a field; one that says nothing of it goes by its coordinate. */
export type LabelOf = (coordinate: string) => BilingualText;

/** A description begins with the English term and has the Vietnamese one in brackets behind it: `Phone number (số điện thoại).` */
const TERMS = /^([^()]+?)\s*\(([^()]+)\)/;

/** Labels of a graph's fields, by their descriptions. */
export function fieldLabels(schema: GraphQLSchema): LabelOf {
  return (coordinate) => {
    const [typeName = '', fieldName = ''] = coordinate.split('.');
    const type = schema.getType(typeName);
    const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[fieldName] : undefined;
    const [, en, vi] = TERMS.exec(field?.description?.replaceAll(/\s+/g, ' ') ?? '') ?? [];
    return en === undefined || vi === undefined ? byCoordinate(coordinate) : { vi, en: withinSentence(en) };
  };
}

/** Where no graph is at hand that could say more. */
export function byCoordinate(coordinate: string): BilingualText {
  return { vi: coordinate, en: coordinate };
}

/** "Phone number" begins small in a list, "ID card" does not. */
function withinSentence(term: string): string {
  return /^[A-Z][a-z]/.test(term) ? `${term.slice(0, 1).toLowerCase()}${term.slice(1)}` : term;
}
