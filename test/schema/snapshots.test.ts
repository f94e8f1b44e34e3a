import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compareApi } from '../../schema/breaking.ts';
import { checkSnapshots, writeSnapshots, type SchemaDirectories } from '../../schema/snapshots.ts';
import { register } from './sdl.ts';

describe('the reviewed snapshots', () => {
  test('are written once and then compared byte for byte', () => {
    using directories = temporary(register());
    expect(checkSnapshots(directories)).toMatchObject({ failed: true });
    expect(writeSnapshots(directories, false).lines).toHaveLength(3);
    expect(checkSnapshots(directories)).toMatchObject({ failed: false });
    expect(writeSnapshots(directories, false)).toEqual({ failed: false, lines: ['The snapshots are up to date.'] });
  });

  test('are stale by one blank at the end, and the message says what to run', () => {
    using directories = temporary(register());
    writeSnapshots(directories, false);
    const file = join(directories.snapshots, 'api.graphql');
    writeFileSync(file, `${readFileSync(file, 'utf8')} `);
    const { failed, lines } = checkSnapshots(directories);
    expect(failed).toBe(true);
    expect(lines.join('\n')).toMatch(/api\.graphql is not what the subgraphs compose to, from line \d+ on\.\nRun "npm run generate"/);
  });

  test('do not pass while a registered document asks for what is gone', () => {
    using directories = temporary(register('email: String @personal(class: BASIC, group: "a.contact")'));
    writeSnapshots(directories, false);
    mkdirSync(join(directories.policies, 'operations'), { recursive: true });
    writeFileSync(join(directories.policies, 'operations', 'mail.yaml'), 'document: "{ resident(idNumber: \\"1\\") { email } }"\n');
    expect(checkSnapshots(directories)).toMatchObject({ failed: false });
    writeFileSync(join(directories.subgraphs[0] ?? '', 'a', 'schema.graphql'), register());
    expect(writeSnapshots(directories, false).lines.join('\n')).toMatch(/Breaks operations\/mail\.yaml: Cannot query field "email"/);
    writeSnapshots(directories, true);
    const { failed, lines } = checkSnapshots(directories);
    expect([failed, lines[0]]).toEqual([true, expect.stringMatching(/^Breaks operations\/mail\.yaml: /)]);
  });

  test('stay as they are when a field that clients use would go, until that is accepted', () => {
    using directories = temporary(register('email: String @personal(class: BASIC, group: "a.contact")'));
    writeSnapshots(directories, false);
    const file = join(directories.snapshots, 'api.graphql');
    const before = readFileSync(file, 'utf8');
    writeFileSync(join(directories.subgraphs[0] ?? '', 'a', 'schema.graphql'), register());

    const refused = writeSnapshots(directories, false);
    expect(refused.failed).toBe(true);
    expect(refused.lines.join('\n')).toContain('Resident.email was removed');
    expect(readFileSync(file, 'utf8')).toBe(before);

    expect(writeSnapshots(directories, true).failed).toBe(false);
    expect(readFileSync(file, 'utf8')).not.toContain('email');
  });

  test('stay as they are when the rules are not kept', () => {
    using directories = temporary(register('email: String'));
    expect(() => writeSnapshots(directories, true)).toThrow(/Resident\.email .*no @personal/);
    expect(() => readFileSync(join(directories.snapshots, 'api.graphql'))).toThrow('ENOENT');
  });
});

describe('what breaks clients', () => {
  test('is a removed field, a stricter argument and another type', () => {
    const changes = compareApi('type Query { a(x: Int): Int b: Int }', 'type Query { a(x: Int!): String }');
    expect(changes.breaking).toHaveLength(3);
  });

  test('is not a new field, and a new enum value is only worth a warning', () => {
    const changes = compareApi('type Query { a: E } enum E { X }', 'type Query { a: E b: Int } enum E { X Y }');
    expect(changes.breaking).toEqual([]);
    expect(changes.dangerous).toHaveLength(1);
  });
});

/** A directory with one register `a`, removed at the end of the test. */
function temporary(sdl: string): SchemaDirectories & Disposable {
  const root = mkdtempSync(join(tmpdir(), 'schema-'));
  const subgraphs = join(root, 'subgraphs');
  const directories = {
    subgraphs: [subgraphs],
    snapshots: join(root, 'schema'),
    cedarSchema: join(root, 'schema', 'cedar.cedarschema'),
    policies: join(root, 'policies'),
  };
  mkdirSync(join(subgraphs, 'a'), { recursive: true });
  mkdirSync(directories.snapshots);
  writeFileSync(join(subgraphs, 'a', 'schema.graphql'), sdl);
  return { ...directories, [Symbol.dispose]: () => rmSync(root, { recursive: true }) };
}
