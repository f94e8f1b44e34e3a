import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT, text } from './markdown.ts';

const FILE_LINES_MAX = 350;

const files = ['gateway', 'subgraphs', 'platform', 'schema', 'deploy', 'bench'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.generated.ts') && !file.includes('node_modules'))
    .map((file) => join(folder, file).replaceAll(sep, '/')),
);
const isIn = (folder: string) => (file: string) => file.startsWith(`${folder}/`);

/** What a file imports: packages by name, files of ours by their path from the root. */
function importsOf(file: string): readonly string[] {
  return [...text(file).matchAll(/(?:\bfrom |^import |\bimport\()'([^']+)'/gm)].map(([, target = '']) =>
    target.startsWith('.') ? relative(ROOT, resolve(ROOT, dirname(file), target)).replaceAll(sep, '/') : target,
  );
}

/** `file imports target` for every import of the files that is against a rule. */
function breaches(among: readonly string[], isAgainst: (target: string, file: string) => boolean): readonly string[] {
  return among.flatMap((file) =>
    importsOf(file)
      .filter((target) => isAgainst(target, file))
      .map((target) => `${file} imports ${target}`),
  );
}

test('gateway and registers know each other by grants only, and what they share knows neither', () => {
  const forbidden: Readonly<Record<string, readonly string[]>> = {
    gateway: ['subgraphs', 'schema', 'test', 'deploy', 'bench'],
    subgraphs: ['gateway', 'schema', 'test', 'deploy', 'bench'],
    platform: ['gateway', 'subgraphs', 'schema', 'test', 'deploy', 'bench'],
    schema: ['subgraphs', 'test', 'deploy'],
  };
  for (const [folder, others] of Object.entries(forbidden)) {
    expect(breaches(files.filter(isIn(folder)), (target) => others.some((other) => isIn(other)(target)))).toEqual([]);
  }
});

test('composition takes nothing of the gateway but what writes the Cedar schema', () => {
  expect(
    breaches(files.filter(isIn('schema')), (target) => isIn('gateway')(target) && target !== 'gateway/policy/cedar-schema.ts'),
  ).toEqual([]);
});

test('no register knows another', () => {
  const registers = ['residents', 'civil-status', 'health-insurance', 'education'].map((name) => `subgraphs/${name}`);
  for (const own of registers) {
    const others = registers.filter((register) => register !== own);
    expect(breaches(files.filter(isIn(own)), (target) => others.some((other) => isIn(other)(target)))).toEqual([]);
  }
});

test('only apollo.ts and apollo-server.ts know Apollo in the gateway, besides the server of the admin API and the subgraph of its own', () => {
  const allowed = new Set(['gateway/apollo.ts', 'gateway/apollo-server.ts', 'gateway/admin/server.ts', 'gateway/citizen/subgraph.ts']);
  expect(breaches(files.filter(isIn('gateway')), (target, file) => target.startsWith('@apollo/') && !allowed.has(file))).toEqual([]);
});

test('stages are given stores and settings, and open neither', () => {
  const opens = (target: string): boolean => /\/(?:store|database[a-z-]*|start|main|assemble)\.ts$/.test(target) || target === 'pg';
  expect(breaches(files.filter(isIn('gateway/stages')), opens)).toEqual([]);
});

test('SQL stands in store.ts files and in what drives databases', () => {
  const statement = /['"`]\s*(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH|CREATE|ALTER|DROP|TRUNCATE|COPY|SHOW|SET)\s/;
  const elsewhere = files.filter(
    (file) => !/(?:^(?:platform|bench\/run)\/database[^/]*|\/store|^deploy\/[^/]*)\.ts$/.test(file) && statement.test(text(file)),
  );
  expect(elsewhere).toEqual([]);
});

test('no file has outgrown one idea', () => {
  const long = files.map((file) => ({ file, lines: text(file).split('\n').length - 1 })).filter(({ lines }) => lines > FILE_LINES_MAX);
  expect(long).toEqual([]);
});

test('comments name no document that the tree has not', () => {
  const named = files.flatMap((file) => [...text(file).matchAll(/\b[A-Z]{3,}(?:\.vi)?\.md\b/g)].map(([name]) => ({ file, name })));
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter(({ name }) => !existsSync(join(ROOT, name)))).toEqual([]);
});
