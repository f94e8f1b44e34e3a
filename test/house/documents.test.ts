import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ERRORS } from '../../gateway/errors.ts';
import { loadRegistry, REGISTRY_FILE } from '../../gateway/policy/registry-load.ts';
import { CITIZEN_SUBGRAPH } from '../../gateway/citizen/subgraph.ts';
import { SUBGRAPH_NAMES } from '../../gateway/config.ts';
import { anchors, codeBlocks, DOCUMENTS, localLinks, ROOT, tableRows, text } from './markdown.ts';

const README = text('README.md');
const README_VI = text('README.vi.md');

/** `` `A`, `B` (`--b`) `` to A and B. */
function namesIn(cell: string): readonly string[] {
  return [...cell.matchAll(/`([A-Z][A-Z_]*)`/g)].map(([, name = '']) => name);
}

describe.each([
  ['README.md', README],
  ['README.vi.md', README_VI],
])('%s', (_file, document) => {
  const rows = tableRows(document);

  test('lists every error with its code and status, and no other', () => {
    const listed = rows.filter(isOfError).map(([code = '', status]) => [code.replaceAll('`', ''), Number(status)]);
    expect(listed).toEqual(Object.entries(ERRORS).map(([code, { status }]) => [code, status]));
  });

  test('lists every setting, and none that nothing reads', () => {
    const listed = rows.filter((row) => !isOfError(row)).flatMap(([cell = '']) => namesIn(cell));
    expect(new Set(listed)).toEqual(settings());
  });

  test('lists the demo applications with their purposes', () => {
    const { registry } = loadRegistry(text(join('policies', REGISTRY_FILE)), [...SUBGRAPH_NAMES, CITIZEN_SUBGRAPH]);
    for (const { id, purposes } of registry?.applications.values() ?? []) {
      expect(document).toContain(id);
      for (const purpose of purposes) expect(document).toContain(`\`${purpose}\``);
    }
    expect(registry?.applications.size).toBe(9);
  });
});

test("README.md repeats the errors' messages as clients see them", () => {
  const listed = tableRows(README).filter(isOfError);
  expect(listed.map(([, , message]) => message)).toEqual(Object.values(ERRORS).map(({ message }) => message));
});

test('README.vi.md has the same commands, answers and disclosure table as README.md', () => {
  expect(codeBlocks(README).length).toBeGreaterThan(4);
  expect(codeBlocks(README_VI)).toEqual(codeBlocks(README));
  const disclosure = (document: string): readonly string[] =>
    tableRows(document)
      .filter((row) => row.length === 6 && !row.join().includes('`'))
      .map((row) =>
        row
          .join('|')
          .replace(/cấp cứu|emergency/, 'emergency')
          .replace(/chỉ tỉnh|province only/, 'province only'),
      );
  expect(disclosure(README).length).toBe(8);
  expect(disclosure(README_VI)).toEqual(disclosure(README));
});

test.each(DOCUMENTS)('%s links to what there is', (file) => {
  const broken = localLinks(text(file)).filter((link) => {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? file : join(dirname(file), path);
    return !existsSync(join(ROOT, target)) || (anchor !== undefined && !anchors(text(target)).has(anchor));
  });
  expect(broken).toEqual([]);
});

test('ARCHITECTURE.md gives a reason for every dependency, and for none that is gone', () => {
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(text('package.json')) as Record<
    string,
    Record<string, string>
  >;
  const [, table = ''] = text('ARCHITECTURE.md').split('## Why each dependency');
  const listed = tableRows(table).flatMap(([cell = '']) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
  expect(new Set(listed)).toEqual(new Set(Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies })));
});

/** A row of the table of errors: a code and a status. */
function isOfError([code = '', status = '']: readonly string[]): boolean {
  return /^`[A-Z_]+`$/.test(code) && /^\d{3}$/.test(status);
}

/** The names in the schemas that settings are read by, and those of databases, tests and command line, which are made or read elsewhere. */
function settings(): ReadonlySet<string> {
  const read = [
    'gateway/config.ts',
    'gateway/config-ledger.ts',
    'gateway/config-operation.ts',
    'gateway/oversight/settings.ts',
    'subgraphs/settings.ts',
  ].flatMap((file) => [...text(file).matchAll(/^ {2}([A-Z][A-Z_]+): /gm)].map(([, name = '']) => name));
  const databases = SUBGRAPH_NAMES.map((name) => `${name.toUpperCase().replaceAll('-', '_')}_DATABASE_URL`);
  return new Set([...read, ...databases, 'ADMIN_TOKEN_FILE', 'SIGNING_KEY_FILE', 'GATEWAY_URL', 'TEST_DATABASE_URL', 'REQUIRE_POSTGRES']);
}
