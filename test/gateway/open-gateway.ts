import { startGateway, type Gateway } from '../../gateway/assemble.ts';
import { LIMITS, type Limits } from '../../gateway/limits.ts';
import { createLog } from '../../platform/log.ts';

/** A gateway on any supergraph as `--open` runs it, on a free port. */
export async function startOpenGateway(supergraphSdl: string, limits: Partial<Limits> = {}): Promise<Gateway> {
  return startGateway({
    host: '127.0.0.1',
    port: 0,
    limits: { ...LIMITS, ...limits },
    log: createLog('test', 'silent'),
    clock: Date.now,
    supergraphSdl,
    subgraphUrls: {},
    governance: undefined,
  });
}
