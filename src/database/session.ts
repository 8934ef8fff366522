/** In charge of sessions: one database transaction opened for one caller, and the only thing that data is asked through. */
import type { Caller } from "../caller.js";
import { GatewayError } from "../errors.js";
import type { Statement } from "./pipeline.js";
import type { Pool } from "./pool.js";
import type { TransactionClient } from "./prisma.js";
import { countRows, readRows } from "./rows.js";
import { currentScope, runInSavepoint, runInScope } from "./savepoints.js";
import { openingStatements, type SessionLimits, type SessionOptions, settingsFor } from "./settings.js";
import { Transaction } from "./transaction.js";

export type { Statement } from "./pipeline.js";
export type { SessionLimits, SessionOptions } from "./settings.js";

/** Whom `iam.open_session()` found behind the caller's credential; all null for an anonymous caller without a tenant. */
export interface Identity {
  readonly userId: string | null;
  readonly tenantId: string | null;
  /** Who really acts, when the caller acts as somebody. */
  readonly actorId: string | null;
  readonly kind: string;
}

/**
 * What a resolver may do with the database: everything runs as the caller, under row-level security, in one transaction.
 * Every method rejects with a GatewayError. After an error outside of a savepoint every later call rejects too.
 */
export interface Session {
  readonly mode: "read" | "write";
  /** True when nobody has signed in: such a session may touch public tables only. */
  readonly isAnonymous: boolean;
  /** Runs a statement and reads its rows (see `readRows` for their values). What is asked in one tick goes out in one write. */
  run<Row extends Record<string, unknown>>(statement: Statement): Promise<readonly Row[]>;
  /** Runs a statement and tells how many rows it touched. */
  execute(statement: Statement): Promise<number>;
  /** Runs `work` so that its failure undoes only what it did: an item of a bulk form. Write sessions only. */
  savepoint<T>(work: () => Promise<T>): Promise<T>;
  /** Runs `work` with a Prisma client that speaks through this session's connection; this session's end decides what is kept. */
  prisma<T>(work: (client: TransactionClient) => Promise<T>): Promise<T>;
  /** Whom the session was opened for; opens it when nothing has yet. */
  identity(): Promise<Identity>;
}

/** A session in the hands of who opened it. End it once; a second `rollback` does nothing. */
export interface OpenedSession extends Session {
  /** Why the session could not be opened (an inactive user, a foreign tenant, no connection in time), else null. */
  readonly refusal: GatewayError | null;
  /** Whom it was opened for, as far as is known at this moment: null before it is open, and when it could not be opened. */
  readonly openedFor: Identity | null;
  /** Keeps what was done. Not waited for by a read. Rejects when a write failed anywhere or was not committed. */
  commit(): Promise<void>;
  /** Undoes everything. Never rejects. */
  rollback(): Promise<void>;
}

/** Opens sessions over one pool. */
export interface Sessions {
  /** Opens a session for a caller. Nothing is sent, and no connection taken, before the first statement. */
  open(caller: Caller, options: SessionOptions): OpenedSession;
}

/** What bounds every session. */
export interface SessionsLimits extends SessionLimits {
  /** How long one may last in all: what is asked later is refused, and nothing of it is kept. */
  readonly operationTimeoutMillis: number;
}

const defaultLimits: SessionsLimits = {
  statementTimeoutMillis: 10_000,
  lockTimeoutMillis: 5_000,
  idleInTransactionTimeoutMillis: 15_000,
  operationTimeoutMillis: 20_000,
};

/** Makes the opener of sessions. `limits` bound every statement, every wait for a lock, every pause in a transaction, and the whole. */
export function createSessions(pool: Pool, limits: Partial<SessionsLimits> = {}): Sessions {
  const allLimits = { ...defaultLimits, ...limits };
  return {
    open: (caller, options) => {
      const settings = settingsFor(caller, options, allLimits);
      const transaction = new Transaction({
        pool,
        mode: options.mode,
        mayBeImplicit: options.mode === "read" && options.isSingleStatement,
        timeoutMillis: allLimits.operationTimeoutMillis,
        opening: (isExplicit) => openingStatements(settings, caller, { mode: options.mode, isExplicit }),
      });
      return new TransactionSession(transaction, options.mode, caller.kind === "anonymous");
    },
  };
}

class TransactionSession implements OpenedSession {
  readonly mode: "read" | "write";
  readonly isAnonymous: boolean;
  readonly #transaction: Transaction;

  constructor(transaction: Transaction, mode: "read" | "write", isAnonymous: boolean) {
    this.#transaction = transaction;
    this.mode = mode;
    this.isAnonymous = isAnonymous;
  }

  get refusal(): GatewayError | null {
    return this.#transaction.refusal;
  }

  get openedFor(): Identity | null {
    const { identity, refusal } = this.#transaction;
    return identity === null || refusal !== null ? null : toIdentity(readRows(identity)[0] ?? {});
  }

  async run<Row extends Record<string, unknown>>(statement: Statement): Promise<readonly Row[]> {
    return readRows<Row>(await runInScope(this.#transaction, currentScope(this.#transaction), statement));
  }

  async execute(statement: Statement): Promise<number> {
    return countRows(await runInScope(this.#transaction, currentScope(this.#transaction), statement));
  }

  async savepoint<T>(work: () => Promise<T>): Promise<T> {
    if (this.mode === "read")
      throw new GatewayError("INTERNAL_SERVER_ERROR", "A session that only reads has no savepoints.");
    return runInSavepoint(this.#transaction, work);
  }

  async prisma<T>(work: (client: TransactionClient) => Promise<T>): Promise<T> {
    this.#transaction.keepOpen();
    // Loaded with its first use: a gateway that only reads never pays for it.
    const { runWithPrisma } = await import("./prisma.js");
    const scope = currentScope(this.#transaction);
    return runWithPrisma((statement) => runInScope(this.#transaction, scope, statement), work);
  }

  async identity(): Promise<Identity> {
    await this.#transaction.open();
    const row = this.#transaction.identity === null ? undefined : readRows(this.#transaction.identity)[0];
    return toIdentity(row ?? {});
  }

  commit(): Promise<void> {
    return this.#transaction.commit();
  }

  rollback(): Promise<void> {
    return this.#transaction.rollback();
  }
}

function toIdentity(row: Readonly<Record<string, unknown>>): Identity {
  return {
    userId: textOf(row.user_id),
    tenantId: textOf(row.tenant_id),
    actorId: textOf(row.actor_id),
    kind: textOf(row.kind) ?? "",
  };
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
