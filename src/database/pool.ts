/** In charge of the connections to PostgreSQL: lending them in time, and never keeping one whose state is unknown. */
import pg from "pg";
import { toWireValue } from "./parameters.js";
import { type Answer, Pipeline, type PipelineItem, type PipelineResult, type Statement } from "./pipeline.js";
import { PreparedStatements } from "./prepared-statements.js";
import { readRows } from "./rows.js";
import { databaseUnavailable, translateDatabaseError } from "./sqlstate.js";

/** How to reach the database, and how long to wait for it. */
export interface PoolOptions {
  readonly url: string;
  /** How many connections at most. */
  readonly size: number;
  /** How long a session waits for a free connection before it answers UNAVAILABLE. */
  readonly acquireTimeoutMillis: number;
  /** Whether statements are prepared; not behind a pooler that cannot follow them (PgBouncer before 1.21). */
  readonly prepare: boolean;
  /** How long one write may stay unanswered before its connection is given up. Default 60 s. */
  readonly answerTimeoutMillis?: number;
  /** Told of connections that broke while nobody used them. */
  readonly onIdleError?: (error: Error) => void;
}

/** A connection on loan. Ask one thing after the other. */
export interface Connection {
  /** Sends the items in one write with one Sync. Never rejects. */
  send(items: readonly PipelineItem[]): Promise<PipelineResult>;
  /** The transaction it stands in, as PostgreSQL last said it: none, open, or failed. */
  readonly transactionStatus: "I" | "T" | "E" | null;
  /** Ends the loan. Only a connection that is whole and outside of any transaction is kept. */
  release(): void;
}

/** The pool of one process. */
export interface Pool {
  /** Lends a connection, or rejects with UNAVAILABLE when none can be had in time. */
  acquire(): Promise<Connection>;
  /** Runs one statement as the gateway's own login, outside of any session: for providers and health, never for data. */
  query<Row extends Record<string, unknown>>(statement: Statement): Promise<readonly Row[]>;
  /** Ends every connection, once those on loan have come back. */
  close(): Promise<void>;
}

const preparedStatementLimit = 500;
const defaultAnswerTimeoutMillis = 60_000;

/** Makes a pool; nothing is connected until the first `acquire`. */
export function createPool(options: PoolOptions): Pool {
  const driver = new pg.Pool({
    connectionString: options.url,
    max: options.size,
    connectionTimeoutMillis: options.acquireTimeoutMillis,
    keepAlive: true,
    application_name: "portcullis",
  });
  const prepared = new WeakMap<pg.PoolClient, PreparedStatements>();
  driver.on("error", (error) => options.onIdleError?.(error));
  driver.on("connect", (client) => prepared.set(client, new PreparedStatements(options.prepare ? preparedStatementLimit : 0)));

  async function acquire(): Promise<Connection> {
    const client = await driver.connect().catch((cause: unknown) => {
      throw databaseUnavailable(cause);
    });
    const statements = prepared.get(client) ?? new PreparedStatements(0);
    return new LentConnection(client, statements, options.answerTimeoutMillis ?? defaultAnswerTimeoutMillis);
  }

  return {
    acquire,
    query: async <Row extends Record<string, unknown>>(statement: Statement) => readRows<Row>(await runAlone(acquire, statement)),
    close: () => driver.end(),
  };
}

async function runAlone(acquire: () => Promise<Connection>, statement: Statement): Promise<Answer> {
  const item = { sql: statement.sql, values: statement.parameters.map(toWireValue) };
  const connection = await acquire();
  const { outcomes, isLost } = await connection.send([item]);
  connection.release();
  const outcome = outcomes[0];
  if (outcome?.isOk === true && !isLost) return outcome.answer;
  throw isLost ? databaseUnavailable(outcome) : translateDatabaseError(outcome?.isOk === false ? outcome.error : undefined);
}

class LentConnection implements Connection {
  readonly #client: pg.PoolClient;
  readonly #prepared: PreparedStatements;
  readonly #answerTimeoutMillis: number;
  #isBroken = false;
  readonly #onError = (): void => {
    this.#isBroken = true;
  };

  constructor(client: pg.PoolClient, prepared: PreparedStatements, answerTimeoutMillis: number) {
    this.#client = client;
    this.#prepared = prepared;
    this.#answerTimeoutMillis = answerTimeoutMillis;
    client.on("error", this.#onError);
  }

  get transactionStatus(): "I" | "T" | "E" | null {
    return this.#isBroken ? null : this.#client.getTransactionStatus();
  }

  async send(items: readonly PipelineItem[]): Promise<PipelineResult> {
    const pipeline = new Pipeline(items, this.#prepared);
    // statement_timeout rules while PostgreSQL is reachable; this is for the day when it is not.
    const deadline = setTimeout(() => this.#client.connection.stream.destroy(), this.#answerTimeoutMillis);
    this.#client.query(pipeline);
    const result = await pipeline.result;
    clearTimeout(deadline);
    if (result.isLost) this.#isBroken = true;
    return result;
  }

  release(): void {
    this.#client.off("error", this.#onError);
    this.#client.release(this.transactionStatus !== "I");
  }
}
