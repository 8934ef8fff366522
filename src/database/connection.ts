/** In charge of one connection on loan: sending over it, and knowing whether it may go back to the pool. */
import type { PoolClient, TransactionStatus } from "pg";
import { Pipeline, type PipelineItem, type PipelineResult } from "./pipeline.js";
import type { PreparedStatements } from "./prepared-statements.js";

/** A connection on loan. Ask one thing after the other. */
export interface Connection {
  /** Sends the items in one write with one Sync. Never rejects. */
  send(items: readonly PipelineItem[]): Promise<PipelineResult>;
  /** The transaction it stands in, as PostgreSQL last said it: none, open, or failed. */
  readonly transactionStatus: TransactionStatus;
  /** Ends the loan. Only a connection that is whole and outside of any transaction is kept. */
  release(): void;
}

/** The terms of a loan. */
export interface LoanOptions {
  /** How long one write may stay unanswered. */
  readonly answerTimeoutMillis: number;
  /** Called once, when the loan ends. */
  readonly onReturn: () => void;
}

/** A client of the driver, on loan. */
export class LentConnection implements Connection {
  readonly #client: PoolClient;
  readonly #prepared: PreparedStatements;
  readonly #options: LoanOptions;
  #isBroken = false;
  #isReturned = false;
  readonly #onError = (): void => {
    this.#isBroken = true;
  };

  constructor(client: PoolClient, prepared: PreparedStatements, options: LoanOptions) {
    this.#client = client;
    this.#prepared = prepared;
    this.#options = options;
    client.on("error", this.#onError);
  }

  get transactionStatus(): TransactionStatus {
    return this.#isBroken ? null : this.#client.getTransactionStatus();
  }

  async send(items: readonly PipelineItem[]): Promise<PipelineResult> {
    const pipeline = new Pipeline(items, this.#prepared);
    // statement_timeout rules while PostgreSQL is reachable; this is for the day when it is not.
    const deadline = setTimeout(() => this.#client.connection.stream.destroy(), this.#options.answerTimeoutMillis);
    this.#client.query(pipeline);
    const result = await pipeline.result;
    clearTimeout(deadline);
    if (result.isLost) this.#isBroken = true;
    return result;
  }

  release(): void {
    if (this.#isReturned) return;
    this.#isReturned = true;
    this.#options.onReturn();
    this.#client.off("error", this.#onError);
    this.#client.release(this.transactionStatus !== "I");
  }

  /** Ends the loan and the connection with it, whatever it is doing. */
  destroy(): void {
    this.#isBroken = true;
    this.release();
  }
}
