/** In charge of one connection on loan: sending over it, and knowing whether it may go back to the pool. */
import type { PoolClient, TransactionStatus } from "pg";
import { GatewayError } from "../errors.js";
import { cancel } from "./cancel.js";
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
  /** How many bytes one write may be answered with. */
  readonly largestAnswer: number;
  /** Called once, when the loan ends. */
  readonly onReturn: () => void;
}

// How long PostgreSQL may take to stop, where it can be reached.
const cancelMillis = 1_000;

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
    const isCut = this.#watchSize(pipeline);
    const stopWaiting = this.#limitTime();
    this.#client.query(pipeline);
    const result = await pipeline.result;
    stopWaiting();
    if (result.isLost) this.#isBroken = true;
    return isCut() ? refuseSize(result) : result;
  }

  // Each statement of a write has a statement_timeout of its own, and PostgreSQL goes on when nobody listens.
  #limitTime(): () => void {
    let deadline = setTimeout(() => {
      this.#isBroken = true;
      cancel(this.#client);
      deadline = setTimeout(() => this.#client.connection.stream.destroy(), cancelMillis);
    }, this.#options.answerTimeoutMillis);
    return () => clearTimeout(deadline);
  }

  // The driver keeps an answer whole before anybody can look at it, and one above 512 MB ends the process.
  #watchSize(pipeline: Pipeline): () => boolean {
    const { stream } = this.#client.connection;
    const { largestAnswer } = this.#options;
    let size = 0;
    let isCut = false;
    const count = (chunk: Buffer): void => {
      size += chunk.length;
      // The driver has read the chunk by now: an answer that ends with it is there already.
      if (size <= largestAnswer || pipeline.isAnswered) return;
      isCut = true;
      stream.destroy();
    };
    stream.on("data", count);
    return () => {
      stream.off("data", count);
      return isCut;
    };
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

// It was asked and answered, so asking again would help nobody.
function refuseSize({ outcomes }: PipelineResult): PipelineResult {
  const error = new GatewayError("BAD_USER_INPUT", "The answer is too large. Ask for fewer rows, or fewer fields.", {
    reason: "TOO_LARGE",
  });
  return {
    outcomes: outcomes.map((outcome) => (outcome.isOk ? outcome : { isOk: false, error, isSkipped: false })),
    isLost: false,
  };
}
