/** In charge of sealing: every few seconds what has been committed gets its place in the chain of hashes, behind the writers' backs. */
import type { Log } from "../observe/log.js";

/** What one round answered: how many events were sealed, and the hash of the last one ever. */
export interface Sealed {
  readonly sealed: number;
  readonly head: string | null;
}

/** What sealing depends on. */
export interface SealingOptions {
  /** Seals some events; none where another gateway is at it. */
  readonly seal: () => Promise<Sealed>;
  readonly log: Log;
  readonly everyMillis: number;
}

/** How many events one call of `iam.seal_audit_events()` seals at most. */
export const sealedAtOnce = 1_000;

/**
 * Seals every `everyMillis`. The head is logged whenever it moves: the log is where it is kept beside the database, so that
 * who cuts off the end of the chain there still has to change the log here.
 * @returns a function that stops it, and waits for a round that is under way
 */
export function startSealing({ seal, log, everyMillis }: SealingOptions): () => Promise<void> {
  let isStopped = false;
  let round: Promise<void> | null = null;
  const sealAll = async () => {
    try {
      for (let last = sealedAtOnce; last >= sealedAtOnce && !isStopped; ) {
        const { sealed, head } = await seal();
        if (sealed > 0 && head !== null) log.write({ event: "audit_sealed", count: sealed, head });
        last = sealed;
      }
    } catch (error) {
      log.write({ event: "audit_not_sealed", error });
    }
    round = null;
  };
  const timer = setInterval(() => {
    round ??= sealAll();
  }, everyMillis).unref();
  return async () => {
    isStopped = true;
    clearInterval(timer);
    await round;
  };
}
