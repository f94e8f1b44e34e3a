import { agreement } from './checks/agreement.ts';
import { classified } from './checks/classified.ts';
import { derived } from './checks/derived.ts';
import { groups } from './checks/groups.ts';
import { links } from './checks/links.ts';
import { lookups } from './checks/lookups.ts';
import { nullable } from './checks/nullable.ts';
import { reads } from './checks/reads.ts';
import { retained } from './checks/retained.ts';
import { soleSource } from './checks/sole-source.ts';
import { subjects } from './checks/subjects.ts';
import type { Check } from './graph.ts';

/** Every rule that a graph must keep to be composed, in the order that problems are told. `links` first: the others read by name. */
export const CHECKS: readonly Check[] = [
  links,
  classified,
  subjects,
  agreement,
  soleSource,
  nullable,
  derived,
  reads,
  groups,
  lookups,
  retained,
];
