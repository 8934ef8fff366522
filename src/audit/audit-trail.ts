/** In charge of writing down what no function of iam could: a bounded queue in front of the database that nobody waits for. */
import { setTimeout as sleep } from "node:timers/promises";
import { type ErrorCode, GatewayError } from "../errors.js";
import type { Log } from "../observe/log.js";
import type { AuditRecord } from "./events.js";

/** Where events go that happen outside of the transaction they tell of. */
export interface AuditTrail {
  /** Takes an event; never waits, never throws. One too many is dropped, counted and logged. */
  record(event: AuditRecord): void;
  /** Writes what is waiting, for at most `graceMillis` (default 5 s), and takes nothing more. */
  stop(graceMillis?: number): Promise<void>;
  /** How many events were dropped or could not be written, ever. */
  readonly lost: number;
}

/** What an audit trail depends on. */
export interface AuditTrailOptions {
  /** Writes some events, all or none. */
  readonly write: (events: readonly AuditRecord[]) => Promise<unknown>;
  readonly log: Log;
  /** How many events may wait. Default 1000. */
  readonly limit?: number;
  /** How many are written at once. Default 100. */
  readonly batchSize?: number;
  /** The first pause after a failure; each next one is twice as long, up to 10 s. Default 100. */
  readonly retryMillis?: number;
}

const longestPauseMillis = 10_000;
const defaultGraceMillis = 5_000;
const passing: ReadonlySet<ErrorCode> = new Set(["UNAVAILABLE", "TIMEOUT", "CONFLICT"]);

/**
 * Starts an audit trail. One batch is written at a time, in order. A write that was answered by nothing is tried again, so
 * an event may be there twice after a broken connection, with the same request id and moment; it is never there by halves.
 */
export function createAuditTrail(options: AuditTrailOptions): AuditTrail {
  return new QueuedAuditTrail(options);
}

class QueuedAuditTrail implements AuditTrail {
  lost = 0;
  readonly #options: Required<AuditTrailOptions>;
  readonly #stopping = new AbortController();
  readonly #waiting: AuditRecord[] = [];
  #writing: Promise<void> | null = null;
  #droppedUntold = 0;
  #isOver = false;

  constructor(options: AuditTrailOptions) {
    this.#options = { limit: 1_000, batchSize: 100, retryMillis: 100, ...options };
  }

  record(event: AuditRecord): void {
    const isFull = this.#waiting.length >= this.#options.limit;
    if (isFull || this.#stopping.signal.aborted) {
      this.#drop();
      return;
    }
    this.#waiting.push(event);
    this.#writing ??= this.#writeAll();
  }

  async stop(graceMillis = defaultGraceMillis): Promise<void> {
    this.#stopping.abort();
    await Promise.race([this.#writing, sleep(graceMillis, undefined, { ref: false })]);
    this.#isOver = true;
    if (this.#waiting.length > 0) this.#giveUp(this.#waiting.splice(0).length, "The gateway stopped.");
    this.#tellDropped();
  }

  async #writeAll(): Promise<void> {
    for (let failures = 0; this.#waiting.length > 0 && !this.#isOver; ) {
      const batch = this.#waiting.slice(0, this.#options.batchSize);
      const isDone = await this.#writeBatch(batch);
      // Told here and not where it happens: a flood is one line for each batch, not one for each event.
      this.#tellDropped();
      if (isDone) {
        // Nobody else takes from the front; after the end of the grace there may be nothing left to take.
        this.#waiting.splice(0, batch.length);
        failures = 0;
      } else await this.#pause(failures++);
    }
    this.#writing = null;
  }

  /** Whether the batch is done with: written, or of a kind that never will be. */
  async #writeBatch(batch: readonly AuditRecord[]): Promise<boolean> {
    try {
      await this.#options.write(batch);
      return true;
    } catch (error) {
      if (!isPassing(error)) return this.#writeSingly(batch, error);
      this.#options.log.write({ event: "audit_not_written", count: batch.length, isLost: false, error });
      return false;
    }
  }

  // What the database refuses would be refused for ever: the events beside it must not go down with it.
  async #writeSingly(batch: readonly AuditRecord[], error: unknown): Promise<boolean> {
    let refused = 0;
    for (const event of batch) {
      await this.#options.write([event]).catch(() => {
        refused += 1;
      });
    }
    if (refused > 0) this.#giveUp(refused, error);
    return true;
  }

  async #pause(failures: number): Promise<void> {
    const millis = Math.min(this.#options.retryMillis * 2 ** failures, longestPauseMillis);
    // The end cuts a pause short, for one more try; a pause within the end is kept.
    const { signal } = this.#stopping;
    await sleep(millis, undefined, signal.aborted ? { ref: false } : { ref: false, signal }).catch(() => undefined);
  }

  #drop(): void {
    this.lost += 1;
    this.#droppedUntold += 1;
    if (this.#writing === null) this.#tellDropped();
  }

  #tellDropped(): void {
    if (this.#droppedUntold === 0) return;
    this.#options.log.write({ event: "audit_dropped", count: this.#droppedUntold });
    this.#droppedUntold = 0;
  }

  #giveUp(count: number, error: unknown): void {
    this.lost += count;
    this.#options.log.write({ event: "audit_not_written", count, isLost: true, error });
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof GatewayError && passing.has(error.code);
}
