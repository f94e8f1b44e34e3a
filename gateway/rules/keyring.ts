import type { Officer, SigningKey } from '../policy/officers.ts';
import type { Registry } from '../policy/registry.ts';

/** Whose key it is. What its holder may do at a moment follows from the officer (admin/actor.ts, `rolesAt`). */
export interface Signer {
  readonly officer: Officer;
  readonly key: SigningKey;
}

/** The keys by which signatures are believed. */
export type FindSigner = (keyId: string) => Signer | undefined;

/**
 * Keys of accounts: those that the registry names and, under `--demo`, those that the installation made. Trust begins with them; nothing in the
 * tables of versions can add one.
 */
export function createFindSigner(registry: () => Registry, own: ReadonlyMap<string, readonly SigningKey[]>): FindSigner {
  const accounts = new Map([...own].flatMap(([account, keys]) => keys.map((key) => [key.id, { account, key }] as const)));
  return (keyId) => {
    const known = accounts.get(keyId);
    const { accounts: officers } = registry();
    if (known !== undefined) {
      const officer = officers.get(known.account);
      return officer && { officer, key: known.key };
    }
    for (const officer of officers.values()) {
      const key = officer.keys.find(({ id }) => id === keyId);
      if (key !== undefined) return { officer, key };
    }
    return undefined;
  };
}
