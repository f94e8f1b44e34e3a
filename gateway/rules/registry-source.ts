import type { LoadedRegistry } from '../policy/registry-load.ts';

/** Who is connected, as it is now. It changes while the gateway runs; the rules do not change with it. */
export interface RegistrySource {
  readonly current: () => LoadedRegistry;
  /** The same in the form of registry.yaml, for the thread that reads rules, and for people. */
  readonly text: () => string;
  /** Calls back after each change; returns what ends that. */
  readonly changed: (listener: () => void) => () => void;
}

/** A registry that stays as its file is. */
export function fixedRegistry({ registry, text }: { readonly registry: LoadedRegistry; readonly text: string }): RegistrySource {
  return { current: () => registry, text: () => text, changed: () => () => undefined };
}
