import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The repository's root. */
export const ROOT = join(import.meta.dirname, '..', '..');

/** The documents that newcomers and contributors read. */
export const DOCUMENTS = ['README.md', 'README.vi.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'docs/runbook.md'] as const;

/** A file of the repository as text. */
export function text(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

/** Fenced blocks, in order, with their language. */
export function codeBlocks(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^```.*?^```$/gms)].map(([block]) => block);
}

/** Rows of all tables, cells trimmed, without heads and rules. */
export function tableRows(markdown: string): readonly (readonly string[])[] {
  return [...prose(markdown).matchAll(/^\|(?!.*\|\n\| ?---)(?! ?---)(.*)\|$/gm)].map(([, row = '']) =>
    row.split('|').map((cell) => cell.trim()),
  );
}

/** Targets of links that are no addresses of the web. */
export function localLinks(markdown: string): readonly string[] {
  return [...prose(markdown).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => (/^[a-z]+:/.test(target) ? [] : [target]));
}

/** What a heading is linked by (GitHub's way: letters, digits, hyphens and underscores, in small letters). */
export function anchors(markdown: string): ReadonlySet<string> {
  const headings = [...prose(markdown).matchAll(/^#+ (.*)$/gm)];
  return new Set(
    headings.map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function prose(markdown: string): string {
  return markdown.replace(/^```.*?^```$/gms, '');
}
