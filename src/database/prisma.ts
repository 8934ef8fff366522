/** In charge of the one Prisma client of the process: it has no connection of its own and speaks only through a session's. */
import { AsyncLocalStorage } from "node:async_hooks";
import { PrismaPg } from "@prisma/adapter-pg";
import type { IsolationLevel, SqlDriverAdapter, SqlDriverAdapterFactory } from "@prisma/driver-adapter-utils";
import pg from "pg";
import { GatewayError } from "../errors.js";
import { type Prisma, PrismaClient } from "../generated/prisma/client.js";
import type { Answer, Statement } from "./pipeline.js";
import { countRows } from "./rows.js";

/** What a resolver gets: every model, bound to its own session, without `$transaction` or `$connect`. */
export type TransactionClient = Prisma.TransactionClient;

/** Runs one statement in a session: its queue is the one and only order on its connection. */
export type RunStatement = (statement: Statement) => Promise<Answer>;

interface Loan {
  readonly run: RunStatement;
  failure: GatewayError | null;
}

/** What adapter-pg hands to the client of node-postgres. */
interface AdapterQuery {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly types: { getTypeParser(dataTypeID: number, format: "text"): (text: string) => unknown };
}

const loans = new AsyncLocalStorage<Loan>();

// Prisma's timers do not stop SQL; the session's statement_timeout does, so these only must not fire before it.
const noTimeout = { maxWait: 2 ** 31 - 1, timeout: 2 ** 31 - 1 };

const client = new PrismaClient({ adapter: createAdapterFactory() });

/**
 * Runs `work` with a client whose statements go through `run`. Prisma sends no BEGIN and no COMMIT of its own: what `work`
 * did is kept or undone with the session. Rejects with a GatewayError where the database, or a missing row, is the reason.
 */
export async function runWithPrisma<T>(run: RunStatement, work: (client: TransactionClient) => Promise<T>): Promise<T> {
  const loan: Loan = { run, failure: null };
  try {
    return await loans.run(loan, () => client.$transaction(work, noTimeout));
  } catch (error) {
    throw translatePrismaError(error, loan.failure);
  }
}

function translatePrismaError(error: unknown, failure: GatewayError | null): unknown {
  if (!(error instanceof Error) || !/^(PrismaClient|DriverAdapter)/.test(error.name)) return error;
  if ("code" in error && error.code === "P2025")
    return new GatewayError("NOT_FOUND", "This does not exist.", { cause: error });
  return failure ?? error;
}

// adapter-pg converts the values of both directions; only the pool underneath and the transaction's own words are ours.
function createAdapterFactory(): SqlDriverAdapterFactory {
  const inner = new PrismaPg(Object.assign(new pg.Pool({ max: 1 }), { connect: borrowClient, query: refuse }));
  return {
    provider: inner.provider,
    adapterName: inner.adapterName,
    connect: async () => withoutOwnTransactions(await inner.connect()),
  };
}

function withoutOwnTransactions(adapter: SqlDriverAdapter): SqlDriverAdapter {
  const start = adapter.startTransaction.bind(adapter);
  return Object.assign(adapter, {
    startTransaction: async (level?: IsolationLevel) => {
      if (level !== undefined)
        throw new GatewayError("INTERNAL_SERVER_ERROR", "A session's isolation level is not Prisma's to choose.");
      return Object.assign(await start(), { options: { usePhantomQuery: true } });
    },
  });
}

async function borrowClient() {
  const loan = loans.getStore();
  if (loan === undefined) return refuse();
  const ignore = (): void => {};
  return { query: (query: AdapterQuery) => runQuery(loan, query), on: ignore, removeListener: ignore, release: ignore };
}

async function refuse(): Promise<never> {
  throw new GatewayError("INTERNAL_SERVER_ERROR", "Prisma was asked outside of a session.");
}

async function runQuery(loan: Loan, { text, values, types }: AdapterQuery) {
  // The session has begun, or begins with the statement behind this.
  if (text === "BEGIN") return { fields: [], rows: [], rowCount: 0 };
  const answer = await loan.run({ sql: text, parameters: values }).catch((error: unknown) => {
    throw toDriverError(loan, error);
  });
  const parsers = answer.columns.map((column) => types.getTypeParser(column.dataTypeID, "text"));
  const rows = answer.rows.map((row) => row.map((value, index) => (value === null ? null : parsers[index]?.(value))));
  return { fields: answer.columns, rows, rowCount: countRows(answer) };
}

// Prisma gets the database's own error, so that P2002 and its kin can be caught inside of `work`.
function toDriverError(loan: Loan, error: unknown): unknown {
  if (!(error instanceof GatewayError)) return error;
  loan.failure = error;
  return error.cause instanceof Error && "severity" in error.cause ? error.cause : error;
}
