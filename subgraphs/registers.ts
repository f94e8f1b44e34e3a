import { register, type AnyRegister } from './register.ts';
import { civilStatus } from './civil-status/register.ts';
import { education } from './education/register.ts';
import { healthInsurance } from './health-insurance/register.ts';
import { residents } from './residents/register.ts';

/** The registers of this release by name. Each is a service of its own; nothing but its name is known to the others. */
export const REGISTERS: ReadonlyMap<string, AnyRegister> = new Map(
  [register(residents), register(civilStatus), register(healthInsurance), register(education)].map((each) => [each.name, each]),
);
