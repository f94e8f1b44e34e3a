import { launchGoverned } from './governed.ts';
import type { Target } from './target.ts';

export const oursPolicies: Target = {
  name: 'ours-policies',
  title: 'Liên Thông, policies',
  what: 'tokens, Cedar decisions by field, signed grants and seals, records made and handed to a database that forgets them',
  launch: async (context) => launchGoverned(context, undefined),
};
