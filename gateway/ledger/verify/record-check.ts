import { z } from 'zod';
import { leafOf, membersOf, type PersonsText } from '../entry.ts';
import { isOfCatalogue } from '../events.ts';
import type { RecordLine } from './export.ts';
import { readCanonical } from './lines.ts';

const PERSONS = z.array(z.looseObject({ pseudonyms: z.array(z.string().regex(/^[0-9a-f]{32}$/)).min(1) }));

/** Why a record is not what was written; undefined with its head when it is. */
export function checkRecord(
  line: RecordLine,
  chain: { readonly writer: string; readonly epoch: number },
): { readonly head: Readonly<Record<string, unknown>> } | { readonly wrong: string } {
  const head = readCanonical(line.head) as Readonly<Record<string, unknown>> | undefined;
  const persons = PERSONS.safeParse(readCanonical(line.persons));
  if (head === undefined || !persons.success) return { wrong: 'it cannot be read' };
  const texts: PersonsText[] = persons.data.map(({ pseudonyms, ...more }) => ({ pseudonyms, members: membersOf(more) }));
  const written = `[${texts.map(({ pseudonyms, members }) => `{"pseudonyms":["${pseudonyms.join('","')}"],${members}}`).join(',')}]`;
  if (written !== line.persons) return { wrong: 'its persons are not written as they were' };
  if (leafOf(line.salt, line.head, texts) !== line.leaf) return { wrong: 'its contents are not what its hash says' };
  if (!isOfCatalogue(head)) return { wrong: 'it is of no kind of the catalogue' };
  const people = texts.reduce((sum, { pseudonyms }) => sum + pseudonyms.length, 0);
  const stated = {
    writer: chain.writer,
    epoch: chain.epoch,
    sequence: line.sequence,
    id: line.id,
    at: line.at,
    kind: line.kind,
    people,
  };
  for (const [name, value] of Object.entries(stated)) {
    if (head[name] !== value) return { wrong: `its column for ${name} says something else than its head` };
  }
  if ((head['application'] ?? null) !== line.application) return { wrong: 'its column for application says something else than its head' };
  return { head };
}
