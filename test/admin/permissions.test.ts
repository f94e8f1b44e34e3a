import { readFileSync } from 'node:fs';
import { graphql, isEnumType, isInputObjectType, isListType, isNonNullType, type GraphQLInputType, type GraphQLSchema } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Actor, ActorRole } from '../../gateway/admin/actor.ts';
import { PERMISSIONS, type Permission } from '../../gateway/admin/permissions.ts';
import { permissionsText } from '../../gateway/admin/permissions-text.ts';
import { createAdminSchema } from '../../gateway/admin/schema.ts';
import { readEvents } from '../../gateway/admin/store.ts';
import { ADMIN_ROLES } from '../../gateway/policy/officers.ts';
import { migrate, openDatabase, type Database } from '../../platform/database.ts';
import { MIGRATIONS } from '../identity/demo-gateway.ts';

let database: Database;
let schema: GraphQLSchema;
beforeAll(async () => {
  database = await openDatabase({ statementTimeoutMs: 5_000 });
  await migrate(database, MIGRATIONS);
  schema = createAdminSchema({ database, clock: Date.now });
});
afterAll(async () => database[Symbol.asyncDispose]());

const CALLERS: readonly [string, Actor][] = [
  ...ADMIN_ROLES.map((role): [string, Actor] => [role, actor(['officer', role], true)]),
  ['officer', actor(['officer'], true)],
  ['demo', actor([], false)],
];

function actor(roles: readonly ActorRole[], chosen: boolean): Actor {
  return { account: 'a/b', agency: 'a', person: 'p', roles: new Set(roles), login: { kind: 'key', keyId: 'k', chosen } };
}

/** A value of an input type, to have something to send. */
function some(type: GraphQLInputType): string {
  if (isNonNullType(type)) return some(type.ofType);
  if (isListType(type)) return `[${some(type.ofType)}]`;
  if (isEnumType(type)) return type.getValues()[0]?.name ?? '';
  if (isInputObjectType(type)) {
    const needed = Object.values(type.getFields()).filter((field) => isNonNullType(field.type));
    return `{ ${needed.map((field) => `${field.name}: ${some(field.type)}`).join(', ')} }`;
  }
  return type.name === 'Int' ? '1' : type.name === 'Boolean' ? 'true' : '"001099000001"';
}

/** Whether the resolver of a root field is reached. */
async function reaches(type: 'Query' | 'Mutation', name: string, caller: Actor): Promise<boolean> {
  const field = schema.getType(type);
  if (field === undefined || !('getFields' in field)) throw new Error(`There is no ${type}.`);
  const definition = field.getFields()[name];
  if (definition === undefined || !('args' in definition)) throw new Error(`There is no ${type}.${name}.`);
  const needed = definition.args.filter((argument) => isNonNullType(argument.type));
  const given = needed.length === 0 ? '' : `(${needed.map((one) => `${one.name}: ${some(one.type)}`).join(', ')})`;
  const isLeaf = /^\[?(String|Boolean|IdNumber|ID|Int)!?\]?!?$/.test(String(definition.type));
  let reached = false;
  const rootValue = { [name]: () => void (reached = true) };
  const source = `${type.toLowerCase()} { ${name}${given}${isLeaf ? '' : ' { __typename }'} }`;
  const { errors = [] } = await graphql({ schema, source, rootValue, contextValue: { actor: caller } });
  // The document itself must have nothing wrong, or nothing was tried.
  expect(errors.filter(({ path }) => path === undefined)).toEqual([]);
  expect(errors.some(({ extensions }) => extensions['code'] === 'FIELD_NOT_PERMITTED')).toBe(!reached);
  return reached;
}

describe('the table of permissions', () => {
  it('has every root field of the schema, and none that is not there', () => {
    for (const [type, fields] of Object.entries(PERMISSIONS)) {
      const known = schema.getType(type);
      expect(known && 'getFields' in known && Object.keys(known.getFields()).toSorted()).toEqual(Object.keys(fields).toSorted());
    }
  });

  it.each(CALLERS)('opens to %s what it says, and nothing else', async (name, caller) => {
    for (const [type, fields] of Object.entries(PERMISSIONS) as ['Query' | 'Mutation', Record<string, Permission>][]) {
      for (const [field, permission] of Object.entries(fields)) {
        const may = permission.some((role) => role === name || (role === 'officer' && name !== 'demo'));
        expect([type, field, await reaches(type, field, caller)]).toEqual([type, field, may]);
      }
    }
  });

  it('is the documentation', () => {
    expect(readFileSync(new URL('../../gateway/admin/permissions.md', import.meta.url), 'utf8')).toBe(permissionsText());
  });

  it('has every mutation that was denied written down', async () => {
    const before = (await readEvents(database, Number.MAX_SAFE_INTEGER, 500)).length;
    for (const field of Object.keys(PERMISSIONS.Mutation)) await reaches('Mutation', field, actor(['officer'], true));
    expect((await readEvents(database, Number.MAX_SAFE_INTEGER, 500)).length).toBe(before + Object.keys(PERMISSIONS.Mutation).length);
  });
});
