import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { permissionsText } from './permissions-text.ts';

// Writes permissions.md, or with "check" compares it (npm run generate, npm run check).
const FILE = join(import.meta.dirname, 'permissions.md');
if (process.argv[2] === 'check') {
  if ((await readFile(FILE, 'utf8').catch(() => '')) !== permissionsText()) {
    process.stderr.write(`${FILE} is not the table of permissions.ts.\n`);
    process.exitCode = 1;
  }
} else await writeFile(FILE, permissionsText());
