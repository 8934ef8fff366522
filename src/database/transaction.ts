/** In charge of one caller's transaction: when a connection is taken, what goes out in one write, and how it ends. */
import type { GatewayError } from "../errors.js";
import type { Connection } from "./connection.js";
import { checkCommit, findError } from "./outcome.js";
import { toWireValue } from "./parameters.js";
import { type Answer, isWorthRepeating, type PipelineItem, type PipelineResult, type Statement } from "./pipeline.js";
import type { Pool } from "./pool.js";
import { findStop, type Scope, sessionIsOver, stoppedBy } from "./scope.js";
import { openSession } from "./settings.js";
import { databaseTooSlow, translateDatabaseError } from "./sqlstate.js";

/** What a transaction is made of. */
export interface TransactionOptions {
  readonly pool: Pool;
  readonly mode: "read" | "write";
  /** Whether it may be the implicit transaction of one Sync, without BEGIN and COMMIT. */
  readonly mayBeImplicit: boolean;
  /** How long it may be open: what is asked later is refused, and nothing of a write is kept. */
  readonly timeoutMillis?: number;
  /** The statements that open it, `openSession` among them. */
  readonly opening: (isExplicit: boolean) => readonly Statement[];
}

interface Entry {
  readonly item: PipelineItem;
  readonly scope: Scope;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: GatewayError) => void;
}

/**
 * A transaction that opens itself with its first statement. What is asked within one tick leaves in one write, behind the
 * opening statements if those have not been sent; the order of asking is kept. An implicit transaction gives its connection
 * back after each write, and opens again, checks included, should more be asked later.
 */
export class Transaction {
  readonly root: Scope = { parent: null, child: null, failure: null };
  /** Why the session could not be opened, if so. */
  refusal: GatewayError | null = null;
  /** What `iam.open_session()` answered. */
  identity: Answer | null = null;
  readonly #options: TransactionOptions;
  #queue: Entry[] = [];
  #draining: Promise<void> | null = null;
  #connection: Connection | null = null;
  #mayBeImplicit: boolean;
  #isBegun = false;
  #isEnded = false;
  #deadline: NodeJS.Timeout | undefined;

  constructor(options: TransactionOptions) {
    this.#options = options;
    this.#mayBeImplicit = options.mayBeImplicit;
  }

  /** From now on BEGIN opens it: more than one write will belong to it. */
  keepOpen(): void {
    this.#mayBeImplicit = false;
  }

  /** Asks for one statement. Rejects with a GatewayError whose cause is what the database said. */
  async run(statement: Statement, scope: Scope): Promise<Answer> {
    const stop = this.#isEnded ? sessionIsOver() : findStop(scope);
    if (stop !== null) throw stop;
    const item = toItem(statement);
    return new Promise((resolve, reject) => {
      this.#queue.push({ item, scope, resolve, reject });
      this.#drain();
    });
  }

  /** Opens it when nothing has yet, and waits until it is open. */
  async open(): Promise<void> {
    if (this.identity === null && this.root.failure === null && !this.#isEnded) this.#drain();
    await this.#draining;
    if (this.root.failure !== null) throw this.root.failure;
    if (this.identity === null) throw sessionIsOver();
  }

  /**
   * Keeps what was done. A read does not wait for it. A write rejects when anything failed outside of a savepoint, or when
   * COMMIT was not answered by COMMIT; `extensions.outcome` is `unknown` when the connection broke while it was under way.
   */
  async commit(): Promise<void> {
    if (this.#isEnded) throw sessionIsOver();
    this.#isEnded = true;
    if (this.#options.mode === "read") {
      void this.#finish("commit");
      return;
    }
    await this.#draining;
    if (this.root.failure !== null) {
      await this.#finish("rollback");
      throw this.root.failure;
    }
    const result = await this.#finish("commit");
    if (result !== null) checkCommit(result);
  }

  /** Undoes everything; what is still waiting is refused. Never rejects, and may be called at any time. */
  async rollback(): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    for (const entry of this.#queue.splice(0)) entry.reject(sessionIsOver());
    await this.#finish("rollback");
  }

  /** Waits until everything asked so far has its outcome. */
  async settled(): Promise<void> {
    await this.#draining;
  }

  #drain(): void {
    this.#draining ??= this.#sendQueue();
  }

  async #sendQueue(): Promise<void> {
    let taken: readonly Entry[] = [];
    try {
      const acquired = this.#connection ?? this.#options.pool.acquire();
      [this.#connection] = await Promise.all([acquired, endOfTick()]);
      if (!this.#isEnded || this.#queue.length > 0) {
        do {
          taken = this.#takeEntries();
          await this.#sendEntries(taken);
        } while (this.#queue.length > 0);
      }
    } catch (error) {
      // Also those on their way: the write that is repeated after a lost connection may find no other.
      this.#refuse(translateDatabaseError(error), [...taken, ...this.#queue.splice(0)]);
    }
    if (!this.#isBegun) this.#giveBack();
    this.#draining = null;
  }

  /** What waits, without what a failure has stopped meanwhile. */
  #takeEntries(): readonly Entry[] {
    return this.#queue.splice(0).filter((entry) => {
      const stop = findStop(entry.scope);
      if (stop !== null) entry.reject(stop);
      return stop === null;
    });
  }

  async #sendEntries(entries: readonly Entry[]): Promise<void> {
    const data = entries.map((entry) => entry.item);
    if (this.#isBegun) {
      if (data.length > 0) this.#settle(entries, await this.#send(data));
      return;
    }
    const statements = this.#options.opening(!this.#mayBeImplicit);
    const result = await this.#sendOpening([...statements.map(toItem), ...data]);
    const opening = { ...result, outcomes: result.outcomes.slice(0, statements.length) };
    const refusal = findError(opening, "open");
    if (refusal !== null) return this.#refuse(refusal, entries);
    const opened = opening.outcomes[statements.indexOf(openSession)];
    if (opened?.isOk === true) this.identity = opened.answer;
    this.#settle(entries, { ...result, outcomes: result.outcomes.slice(statements.length) });
  }

  // Nothing of a first write holds without its end, so repeating it is safe.
  async #sendOpening(items: readonly PipelineItem[]): Promise<PipelineResult> {
    const result = await this.#begin(items);
    if (!isWorthRepeating(result)) return result;
    if (result.isLost) this.#giveBack();
    else if (this.#isBegun) await this.#send([toItem(rollbackStatement)]);
    return this.#begin(items);
  }

  #begin(items: readonly PipelineItem[]): Promise<PipelineResult> {
    this.#isBegun = !this.#mayBeImplicit;
    this.#setDeadline();
    return this.#send(items);
  }

  // A statement that is under way has a limit of its own; the next one is refused.
  #setDeadline(): void {
    const { timeoutMillis } = this.#options;
    if (timeoutMillis === undefined || !this.#isBegun) return;
    const expire = (): void => {
      this.root.failure ??= databaseTooSlow(undefined);
    };
    this.#deadline ??= setTimeout(expire, timeoutMillis).unref();
  }

  async #send(items: readonly PipelineItem[]): Promise<PipelineResult> {
    this.#connection ??= await this.#options.pool.acquire();
    return this.#connection.send(items);
  }

  #settle(entries: readonly Entry[], result: PipelineResult): void {
    const error = findError(result, "data");
    for (const [index, entry] of entries.entries()) {
      const outcome = result.outcomes[index];
      if (outcome?.isOk === true) entry.resolve(outcome.answer);
      else if (error !== null) this.#rejectEntry(entry, error, outcome?.isSkipped === true && !result.isLost);
    }
    if (error !== null && result.isLost) this.root.failure ??= error;
    // Somebody's own COMMIT or ROLLBACK ended the transaction: what came next would run as nobody.
    if (this.#isBegun && this.#connection?.transactionStatus === "I") this.root.failure ??= sessionIsOver();
  }

  #rejectEntry(entry: Entry, error: GatewayError, isSkipped: boolean): void {
    if (!isSkipped) entry.scope.failure ??= error;
    entry.reject(isSkipped ? stoppedBy(error) : error);
  }

  #refuse(refusal: GatewayError, entries: readonly Entry[]): void {
    this.refusal ??= refusal;
    this.root.failure ??= refusal;
    for (const entry of entries) entry.reject(refusal);
  }

  async #finish(ending: "commit" | "rollback"): Promise<PipelineResult | null> {
    await this.#draining;
    const connection = this.#connection;
    if (connection === null || !this.#isBegun) return null;
    const result = await connection.send([toItem(ending === "commit" ? commitStatement : rollbackStatement)]);
    this.#giveBack();
    return result;
  }

  #giveBack(): void {
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
    this.#connection?.release();
    this.#connection = null;
  }
}

const commitStatement: Statement = { sql: "commit", parameters: [] };
const rollbackStatement: Statement = { sql: "rollback", parameters: [] };

// Behind the microtasks of this tick and the ticks they ask for, so that all fields resolved together share one write.
function endOfTick(): Promise<void> {
  return new Promise((resolve) => void Promise.resolve().then(() => process.nextTick(resolve)));
}

function toItem(statement: Statement): PipelineItem {
  return { sql: statement.sql, values: statement.parameters.map(toWireValue) };
}
