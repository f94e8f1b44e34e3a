import { rolesAt } from './actor.ts';
import type { Registry } from '../policy/registry.ts';

/** The registry as the admin API shows it. */
export function registryView({ revision, registry }: { readonly revision: number; readonly registry: Registry }, nowMs: number) {
  const { agencies, applications, purposes, registers, accounts } = registry;
  const officers = [...accounts.values()];
  return {
    revision,
    agencies: [...agencies.values()].map((agency) => ({
      ...agency,
      officers: officers
        .filter((officer) => officer.agency === agency.id)
        .map((one) => ({
          account: one.account,
          person: one.person,
          role: one.role,
          administers: [...rolesAt(one, nowMs)].toSorted(),
          keys: one.keys.map(({ id }) => id),
        })),
    })),
    applications: [...applications.values()].map((application) => ({
      ...application,
      purposes: [...application.purposes],
      keys: (application.keys ?? []).map(({ jwk, endsAtMs }) => ({
        jwk: JSON.stringify(jwk),
        until: endsAtMs === Infinity ? null : new Date(endsAtMs).toISOString(),
      })),
    })),
    purposes: [...purposes.values()],
    registers: [...registers].map(([subgraph, { id, owner }]) => ({ id, subgraph, owner })),
  };
}
