import { apolloUndici } from './apollo-undici.ts';
import { apollo } from './apollo.ts';
import { floor } from './floor.ts';
import { grafbase } from './grafbase.ts';
import { hive } from './hive.ts';
import { mercurius } from './mercurius.ts';
import { oursConsentGiven, oursConsentHalf } from './ours-consent.ts';
import { oursEverything } from './ours-everything.ts';
import { oursOpen } from './ours-open.ts';
import { oursPolicies } from './ours-policies.ts';
import type { Target } from './target.ts';

/** Everybody who takes part, in the order of the tables. */
export const TARGETS: readonly Target[] = [
  floor,
  oursOpen,
  oursPolicies,
  oursEverything,
  oursConsentGiven,
  oursConsentHalf,
  apollo,
  apolloUndici,
  hive,
  mercurius,
  grafbase,
];
