import type { RegistrySources } from '../admin/registry-schema.ts';
import { createApplicationService } from './applications.ts';
import type { ChangeParts } from './change.ts';
import type { LiveRegistry } from './live.ts';
import { createOfficerService } from './officers.ts';
import { createPurposeService } from './purposes.ts';

/** Everything by which the registry is administered, at a gateway that follows it. */
export function administerRegistry(live: LiveRegistry, parts: Omit<ChangeParts, 'refresh'>): RegistrySources {
  const changing: ChangeParts = { ...parts, refresh: live.refresh };
  return {
    current: live.snapshot,
    clock: parts.clock,
    applications: createApplicationService(changing),
    purposes: createPurposeService(changing),
    officers: createOfficerService(changing),
  };
}
