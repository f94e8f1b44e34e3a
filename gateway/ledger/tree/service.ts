import type { Logger } from '../../../platform/log.ts';
import type { Metrics } from '../../metrics.ts';
import { merge, SequencerError, type SequencerParts } from './sequencer.ts';
import type { Witness } from './witness-client.ts';

export interface SequencerServiceParts extends SequencerParts {
  /** Pause between two looks, in milliseconds. */
  readonly intervalMs: number;
  /** Who co-signs checkpoints. */
  readonly witnesses: readonly Witness[];
  /** It is all that its process is there for. */
  readonly keepsRunning?: boolean;
  readonly metrics: Pick<Metrics, 'treeGrew' | 'sequencerFailed' | 'witnessed'>;
  readonly log: Logger;
}

/** A sequencer at work. Disposing it lets the merge under way finish and takes in what is left. */
export interface SequencerService extends AsyncDisposable {
  /** Takes in what is there now, without waiting for the next look. */
  readonly now: () => Promise<void>;
}

/** Looks for new records at intervals. Of several on one database one works at a time, so that every gateway may have one. */
export function startSequencer(parts: SequencerServiceParts): SequencerService {
  const { intervalMs, witnesses, metrics, log } = parts;
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  let last: Promise<void> = Promise.resolve();

  const look = async (): Promise<void> => {
    try {
      const merged = await merge(parts);
      if (merged === undefined) return;
      metrics.treeGrew(merged.checkpoint.size, merged.checkpoint.at.getTime() / 1000);
      for (const witness of witnesses) await tell(witness);
    } catch (error) {
      metrics.sequencerFailed();
      const why =
        error instanceof SequencerError
          ? 'the ledger is not what was signed; nothing is signed any more'
          : 'the sequencer failed and tries again';
      log.error({ error }, why);
    }
  };

  /** A witness that is away gets the next checkpoint, which covers this one. */
  const tell = async (witness: Witness): Promise<void> => {
    try {
      await witness.cosign(parts.database);
      metrics.witnessed(witness.verifier.name, true);
    } catch (error) {
      metrics.witnessed(witness.verifier.name, false);
      log.warn({ error, witness: witness.verifier.name }, 'a witness did not co-sign');
    }
  };

  const inTurn = async (): Promise<void> => {
    last = last.then(look);
    return last;
  };

  const schedule = (): void => {
    timer = setTimeout(() => {
      void inTurn().finally(() => {
        if (!ended) schedule();
      });
    }, intervalMs);
    if (parts.keepsRunning !== true) timer.unref();
  };
  schedule();

  return {
    now: inTurn,
    async [Symbol.asyncDispose]() {
      ended = true;
      clearTimeout(timer);
      await inTurn();
    },
  };
}
