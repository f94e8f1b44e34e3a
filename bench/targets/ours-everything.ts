import { openBenchDatabase } from '../run/database.ts';
import { launchGoverned } from './governed.ts';
import type { Target } from './target.ts';

export const oursEverything: Target = {
  name: 'ours-everything',
  title: 'Liên Thông, everything on',
  what: 'the same with every record committed to PostgreSQL before its answer leaves',
  launch: async (context) => {
    const database = await openBenchDatabase();
    context.resources.use(database);
    return { ...(await launchGoverned(context, database.url)), beforeRound: async () => database.pinBackends() };
  },
};
