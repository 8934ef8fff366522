/** In charge of the connections to PostgreSQL: lending them in time, and never keeping one whose state is unknown. */
import pg from "pg";
import { type Connection, LentConnection } from "./connection.js";
import { findError } from "./outcome.js";
import { toWireValue } from "./parameters.js";
import { type Answer, isWorthRepeating, type PipelineItem, type PipelineResult, type Statement } from "./pipeline.js";
import { PreparedStatements } from "./prepared-statements.js";
import { readRows } from "./rows.js";
import { databaseUnavailable } from "./sqlstate.js";

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
  /** How many bytes one write may be answered with before its connection is given up. Default 8 MB. */
  readonly largestAnswer?: number;
  /** Told of connections that broke while nobody used them. */
  readonly onIdleError?: (error: Error) => void;
}

/** How many connections there are, and how many are wanted. */
export interface PoolLoad {
  readonly idle: number;
  readonly lent: number;
  readonly waiting: number;
}

/** The pool of one process. */
export interface Pool {
  readonly load: PoolLoad;
  /** Lends a connection, or rejects with UNAVAILABLE when none can be had in time. */
  acquire(): Promise<Connection>;
  /** Runs one statement as the gateway's own login, outside of any session: for providers and health, never for data. */
  query<Row extends Record<string, unknown>>(statement: Statement): Promise<readonly Row[]>;
  /** Ends every connection; those on loan when they come back, or after a grace (default 5 s). */
  close(graceMillis?: number): Promise<void>;
}

// At most 500 statements, fewer large ones: some 85 MB of plans in every connection.
const preparedStatementLimit = 500_000;
const defaultLargestAnswer = 8 * 2 ** 20;
const defaultAnswerTimeoutMillis = 60_000;
const defaultGraceMillis = 5_000;

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
  const lent = new Set<LentConnection>();
  driver.on("connect", (client) => {
    prepared.set(client, new PreparedStatements(options.prepare ? preparedStatementLimit : 0));
    // pg-pool hands a client over one microtask before anybody can listen to it; an error in between would end the process.
    client.on("error", () => {});
  });

  async function acquire(): Promise<Connection> {
    const client = await driver.connect().catch((cause: unknown) => {
      throw databaseUnavailable(cause);
    });
    const statements = prepared.get(client) ?? new PreparedStatements(0);
    const connection = new LentConnection(client, statements, {
      answerTimeoutMillis: options.answerTimeoutMillis ?? defaultAnswerTimeoutMillis,
      largestAnswer: options.largestAnswer ?? defaultLargestAnswer,
      onReturn: () => lent.delete(connection),
    });
    lent.add(connection);
    return connection;
  }

  async function close(graceMillis = defaultGraceMillis): Promise<void> {
    const grace = setTimeout(() => {
      for (const connection of lent) connection.destroy();
    }, graceMillis);
    await driver.end();
    clearTimeout(grace);
  }

  return {
    get load() {
      const { idleCount, totalCount, waitingCount } = driver;
      return { idle: idleCount, lent: totalCount - idleCount, waiting: waitingCount };
    },
    acquire,
    query: async <Row extends Record<string, unknown>>(statement: Statement) =>
      readRows<Row>(await runAlone(acquire, statement)),
    close,
  };
}

async function runAlone(acquire: () => Promise<Connection>, statement: Statement): Promise<Answer> {
  const items = [{ sql: statement.sql, values: statement.parameters.map(toWireValue) }];
  const first = await sendAlone(acquire, items);
  const result = isWorthRepeating(first) ? await sendAlone(acquire, items) : first;
  const error = findError(result, "data");
  const outcome = result.outcomes[0];
  if (error !== null || outcome?.isOk !== true) throw error ?? databaseUnavailable(outcome);
  return outcome.answer;
}

async function sendAlone(acquire: () => Promise<Connection>, items: readonly PipelineItem[]): Promise<PipelineResult> {
  const connection = await acquire();
  const result = await connection.send(items);
  connection.release();
  return result;
}
