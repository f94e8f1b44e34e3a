import type { CedarValueJson, EntityJson } from '@cedar-policy/cedar-wasm/nodejs';
import type { GrantAction } from '../../platform/grant.ts';
import type { Question } from './cedar.ts';
import type { DecidedField } from './decided-fields.ts';
import type { Application, Registry } from './registry.ts';

/**
 * Puts "may this application do this to this field" in Cedar's terms, with the four entities the question needs and no more: the
 * application in its agency in its kind, the field in its group in its register. The context comes from the caller: the whole of it, or
 * partly unknown when conflicts are looked for.
 */
export function questionOf(
  registry: Registry,
  application: Application,
  action: GrantAction,
  field: DecidedField,
  context: Record<string, CedarValueJson>,
): Question {
  const registers = field.subgraphs.flatMap((name) => registry.registers.get(name) ?? []);
  const [owner, ...otherOwners] = new Set(registers.map((register) => register.owner));
  const inRegisters = registers.map((register) => ({ type: 'Register', id: register.id }));
  const group = field.group === undefined ? [] : [{ type: 'Group', id: field.group }];
  const kind = registry.agencies.get(application.agency)?.kind;

  const principal = { type: 'Application', id: application.id };
  const agency = { type: 'Agency', id: application.agency };
  const resource = { type: 'Field', id: field.coordinate };
  const entities: EntityJson[] = [
    { uid: principal, attrs: {}, parents: [agency] },
    { uid: agency, attrs: {}, parents: kind === undefined ? [] : [{ type: 'AgencyKind', id: kind }] },
    // A field that several owners share has none: a rule by owner then does not match it.
    {
      uid: resource,
      attrs: { class: field.class, owner: otherOwners.length === 0 ? (owner ?? '') : '' },
      parents: [...group, ...inRegisters],
    },
    // The group stands in the register of this field only, so that a group over two registers lends no field to the other one.
    ...group.map((uid) => ({ uid, attrs: {}, parents: inRegisters })),
  ];
  return { principal, action, resource, context, entities };
}
