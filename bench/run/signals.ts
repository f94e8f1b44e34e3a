export interface Signals {
  readonly stopping: boolean;
  /** A start that has to be over before anything is let go of, since only then all that it opened is known. */
  readonly waitFor: (start: Promise<unknown>) => void;
}

/** On SIGINT or SIGTERM stops everything that runs, drops the database, and ends this process. */
export function stopOnSignals(resources: AsyncDisposableStack): Signals {
  let last: Promise<unknown> = Promise.resolve();
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      stopping = true;
      const exit = (): never => process.exit(130);
      const over = last.then(undefined, () => undefined);
      over.then(async () => resources.disposeAsync()).then(exit, exit);
    });
  }
  return {
    get stopping() {
      return stopping;
    },
    waitFor: (start) => {
      last = start;
    },
  };
}
