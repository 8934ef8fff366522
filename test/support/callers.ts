/** In charge of asking the database as somebody: each call is a real session of its own, opened as the gateway opens it. */
import { afterAll, beforeAll, inject } from "vitest";
import { readApiKey } from "../../src/api-key.js";
import type { Caller } from "../../src/caller.js";
import { createPool, type Pool } from "../../src/database/pool.js";
import { createSessions, type OpenedSession, type Sessions } from "../../src/database/session.js";
import { type TestDatabase, useTestDatabase } from "./database.js";

/** What a row is read as. */
export type Row = Record<string, unknown>;

/** Several statements of one caller in one transaction. */
export interface Transaction {
  sql<R extends Row = Row>(text: string, ...parameters: readonly unknown[]): Promise<readonly R[]>;
}

/** One caller. Every call is a transaction of its own; a refusal rejects with the gateway's error. */
export interface SqlCaller extends Transaction {
  /** In a write session that waits for, and keeps out, every other mutation of the tenant. */
  sql<R extends Row = Row>(text: string, ...parameters: readonly unknown[]): Promise<readonly R[]>;
  /** In a read-only session. */
  read<R extends Row = Row>(text: string, ...parameters: readonly unknown[]): Promise<readonly R[]>;
  /** The first column of the only row, read. */
  value(text: string, ...parameters: readonly unknown[]): Promise<unknown>;
  /** The SQLSTATE that a write is refused with, or "allowed". */
  outcome(text: string, ...parameters: readonly unknown[]): Promise<string>;
  /** Like `outcome`, but nothing of it stays. */
  trial(text: string, ...parameters: readonly unknown[]): Promise<string>;
  /** Several statements in one write; rolled back when `work` rejects. */
  within<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>;
}

/** Who asks, and in which tenant. */
export interface AskedAs {
  readonly tenant?: string;
  readonly issuer?: string;
  /** Whom he acts as: a member's e-mail or global id. */
  readonly actAs?: string;
  /** Whether a write waits for nobody but those who change authority (default: it is one of them). */
  readonly isShared?: boolean;
}

/** The callers of a test file, over its own copy of the demo world. */
export interface Callers {
  readonly database: TestDatabase;
  /** Somebody of the cast, by e-mail, which is his subject at the demo issuer. */
  as(subject: string, asked?: AskedAs): SqlCaller;
  /** Whoever shows this API key. */
  keyed(text: string): SqlCaller;
  anonymous(tenant?: string): SqlCaller;
}

/** Makes the file's database and the way in for its callers. */
export function useCallers(size = 6): Callers {
  const database = useTestDatabase();
  let pool: Pool;
  let sessions: Sessions;
  beforeAll(() => {
    pool = createPool({ url: database.url, size, acquireTimeoutMillis: 20_000, prepare: true });
    sessions = createSessions(pool);
  });
  afterAll(async () => {
    await pool?.close();
  });
  const callerOf = (caller: Caller, isShared: boolean): SqlCaller => sqlCaller(() => sessions, caller, isShared);
  return {
    database,
    as: (subject, { tenant, issuer, actAs, isShared } = {}) =>
      callerOf(
        {
          kind: "token",
          issuer: issuer ?? inject("cluster").demoIssuer.issuer,
          subject,
          tenant: tenant ?? null,
          actAs: actAs ?? null,
          expiresAt: 4_102_444_800,
        },
        isShared ?? false,
      ),
    keyed: (text) => {
      const facts = readApiKey(text);
      if (facts === null) throw new TypeError("Not an API key.");
      return callerOf({ kind: "apiKey", ...facts, tenant: null }, false);
    },
    anonymous: (tenant) => callerOf({ kind: "anonymous", tenant: tenant ?? null }, false),
  };
}

/** The SQLSTATE behind a rejection, or "allowed". */
export async function outcomeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(() => "allowed", sqlstateOf);
}

function sqlstateOf(error: unknown): string {
  const { code } = ((error as { readonly cause?: unknown }).cause ?? error) as { readonly code?: string };
  if (code === undefined) throw error;
  return code;
}

function sqlCaller(sessions: () => Sessions, caller: Caller, isShared: boolean): SqlCaller {
  const open = (mode: "read" | "write"): OpenedSession =>
    sessions().open(caller, { mode, isSingleStatement: false, changesAuthority: !isShared, requestId: "test" });
  const within = async <T>(session: OpenedSession, work: (transaction: Transaction) => Promise<T>): Promise<T> => {
    try {
      const answer = await work({ sql: (sql, ...parameters) => session.run({ sql, parameters }) });
      await session.commit();
      return answer;
    } catch (error) {
      await session.rollback();
      throw error;
    }
  };
  const read: SqlCaller["read"] = (text, ...parameters) => within(open("read"), ({ sql }) => sql(text, ...parameters));
  const write: SqlCaller["sql"] = (text, ...parameters) => within(open("write"), ({ sql }) => sql(text, ...parameters));
  return {
    sql: write,
    read,
    value: async (text, ...parameters) => Object.values((await read(text, ...parameters))[0] ?? {})[0],
    outcome: (text, ...parameters) => outcomeOf(write(text, ...parameters)),
    trial: async (text, ...parameters) => {
      const session = open("write");
      try {
        return await outcomeOf(session.run({ sql: text, parameters }));
      } finally {
        await session.rollback();
      }
    },
    within: (work) => within(open("write"), work),
  };
}
