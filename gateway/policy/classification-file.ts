import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  Kind,
  parse,
  print,
  type ConstArgumentNode,
  type ConstDirectiveNode,
  type ConstValueNode,
  type DocumentNode,
  type FieldDefinitionNode,
} from 'graphql';
import { z } from 'zod';
import { classify, DATA_CLASSES } from '../../platform/classification.ts';
import { classificationProblems } from './classification-checks.ts';
import type { ClassificationEntries, ClassificationEntry } from './classification-model.ts';
import { warning, FILE_START, type Problem } from './problems.ts';
import { readYaml } from './yaml-source.ts';

const CLASSIFICATION_FILE = 'classification.yaml';

const Coordinates = z.array(z.string().trim().min(1));

const FieldEntry = z
  .strictObject({
    class: z.enum(DATA_CLASSES as [string, ...string[]]).optional(),
    group: z.string().trim().min(1).optional(),
    sources: Coordinates.optional(),
    /** Ways to the persons concerned, `author` or `$input.userId`, where that is not the nearest enclosing person. */
    subjectOf: Coordinates.min(1).optional(),
    lookup: z.literal(true).optional(),
    self: z.literal(true).optional(),
    retained: z.array(z.string()).min(1).optional(),
    arguments: z.record(z.string(), z.strictObject({ reads: Coordinates })).optional(),
  })
  .refine((entry) => Object.keys(entry).length > 0, 'says nothing. Give a class and group, or leave the field out')
  .refine((entry) => (entry.class === undefined) === (entry.group === undefined), 'has a class and a group, or neither')
  .refine((entry) => entry.sources === undefined || entry.class !== undefined, 'has sources and therefore needs a class and a group');

const ClassificationYaml = z.strictObject({
  /** Types whose values are persons, with the key that tells them apart. */
  persons: z.record(z.string(), z.strictObject({ key: z.string().trim().min(1) })).default({}),
  /** By coordinate `Type.field`. */
  fields: z.record(z.string(), FieldEntry).default({}),
});

/** A supergraph as the rules read it: its own text, or with a directory's classification written into it. */
export interface ClassifiedSupergraph {
  readonly sdl: string;
  /** The classification comes from the file, so the graph is somebody else's. */
  readonly isForeign: boolean;
  readonly problems: readonly Problem[];
}

/**
 * Classifies a supergraph by the text of a `classification.yaml`: what `@personal` and its companions would say stands in the file. The
 * text that comes back has these directives and is for the rules alone; composition's machinery keeps the supergraph as it was, which may
 * use directives of the same names for something else. A supergraph with `@personal` keeps its own, and the file is not used.
 */
export function classifySupergraph(supergraphSdl: string, text: string | undefined): ClassifiedSupergraph {
  const supergraph = parse(supergraphSdl, { noLocation: true });
  const hasOwn = classify(supergraph).personal.size > 0;
  if (hasOwn || text === undefined) {
    const unused = 'The supergraph carries @personal and keeps its own classification. This file is not used; remove it.';
    const problems = hasOwn && text !== undefined ? [warning(CLASSIFICATION_FILE, FILE_START, unused)] : [];
    return { sdl: supergraphSdl, isForeign: !hasOwn, problems };
  }
  const source = readYaml(CLASSIFICATION_FILE, text, ClassificationYaml);
  if (source.value === undefined) return { sdl: supergraphSdl, isForeign: true, problems: source.problems };
  const classified = withEntries(supergraph, source.value);
  return { sdl: print(classified), isForeign: true, problems: classificationProblems(classified, source.value, source.at) };
}

/** The same with the file of a policy directory, where there is one. */
export async function classifyByDirectory(supergraphSdl: string, directory: string): Promise<ClassifiedSupergraph> {
  return classifySupergraph(supergraphSdl, await readIfThere(join(directory, CLASSIFICATION_FILE)));
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

const OURS: ReadonlySet<string> = new Set(['personal', 'subject', 'reads', 'lookup', 'self', 'retained']);

/** INVARIANT: only the file classifies: directives that happen to have our names are taken out first. */
function withEntries(supergraph: DocumentNode, { persons, fields }: ClassificationEntries): DocumentNode {
  return {
    ...supergraph,
    definitions: supergraph.definitions.map((definition) => {
      if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION) return definition;
      const type = definition.name.value;
      const person = own(persons, type);
      return {
        ...definition,
        directives: [...foreign(definition.directives), ...(person === undefined ? [] : [directive('subject', { key: person.key })])],
        fields: (definition.fields ?? []).map((field) => classifiedField(field, own(fields, `${type}.${field.name.value}`))),
      };
    }),
  };
}

function classifiedField(field: FieldDefinitionNode, entry: ClassificationEntry | undefined): FieldDefinitionNode {
  return {
    ...field,
    directives: [...foreign(field.directives), ...(entry === undefined ? [] : directivesOf(entry))],
    arguments: (field.arguments ?? []).map((argument) => {
      const reads = own(entry?.arguments ?? {}, argument.name.value)?.reads ?? [];
      return {
        ...argument,
        directives: [...foreign(argument.directives), ...reads.map((coordinate) => directive('reads', { coordinate }))],
      };
    }),
  };
}

function directivesOf(entry: ClassificationEntry): readonly ConstDirectiveNode[] {
  const { class: dataClass, group, sources, subjectOf, lookup, self, retained } = entry;
  return [
    ...(dataClass === undefined || group === undefined ? [] : [personal(dataClass, group, sources)]),
    ...(subjectOf === undefined ? [] : [directive('subject', { of: subjectOf })]),
    ...(lookup === undefined ? [] : [directive('lookup', {})]),
    ...(self === undefined ? [] : [directive('self', {})]),
    ...(retained === undefined ? [] : [directive('retained', { by: retained })]),
  ];
}

function personal(dataClass: string, group: string, sources: readonly string[] | undefined): ConstDirectiveNode {
  const written = directive('personal', sources === undefined ? { group } : { group, sources });
  return { ...written, arguments: [argumentNode('class', { kind: Kind.ENUM, value: dataClass }), ...(written.arguments ?? [])] };
}

function directive(name: string, values: Readonly<Record<string, string | readonly string[]>>): ConstDirectiveNode {
  const nodes = Object.entries(values).map(([argument, value]) => argumentNode(argument, valueNode(value)));
  return { kind: Kind.DIRECTIVE, name: { kind: Kind.NAME, value: name }, arguments: nodes };
}

function argumentNode(name: string, value: ConstValueNode): ConstArgumentNode {
  return { kind: Kind.ARGUMENT, name: { kind: Kind.NAME, value: name }, value };
}

function valueNode(value: string | readonly string[]): ConstValueNode {
  if (typeof value === 'string') return { kind: Kind.STRING, value };
  return { kind: Kind.LIST, values: value.map((one) => ({ kind: Kind.STRING, value: one })) };
}

function foreign(directives: readonly ConstDirectiveNode[] | undefined): readonly ConstDirectiveNode[] {
  return (directives ?? []).filter(({ name }) => !OURS.has(name.value));
}

/** A field may be called `constructor`. */
function own<Value>(entries: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(entries, name) ? entries[name] : undefined;
}
