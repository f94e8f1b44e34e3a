import { parse } from 'yaml';
import { z } from 'zod';

/**
 * The most that the owner of a register lets the gateway give, whatever the gateway's policies say: agency × purpose × groups
 * (DESIGN.md, "Grants"). It is part of the register, kept by its owner, and not known to the gateway.
 */
export type Ceiling = (agency: string, purpose: string, group: string) => boolean;

const CeilingFile = z.strictObject({
  agencies: z.record(z.string(), z.record(z.string(), z.array(z.string().regex(/^[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*$/)))),
});

/** Reads a ceiling file for the register of this name. Throws a sentence when it is not one, or names groups of another register. */
export function readCeiling(text: string, register: string): Ceiling {
  const read = CeilingFile.safeParse(parse(text));
  if (!read.success) throw new Error(`The ceiling of ${register} cannot be read. ${z.prettifyError(read.error)}`);
  const allowed = new Set<string>();
  for (const [agency, purposes] of Object.entries(read.data.agencies)) {
    for (const [purpose, groups] of Object.entries(purposes)) {
      for (const group of groups) {
        if (!group.startsWith(`${register}.`)) throw new Error(`The ceiling of ${register} names "${group}", a group of another register.`);
        allowed.add(keyOf(agency, purpose, group));
      }
    }
  }
  return (agency, purpose, group) => allowed.has(keyOf(agency, purpose, group));
}

function keyOf(agency: string, purpose: string, group: string): string {
  return JSON.stringify([agency, purpose, group]);
}
