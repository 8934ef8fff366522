/** In charge of one connection of the benchmark: what it is asked goes out in one write with one Sync, as the gateway sends it. */
import pg from "pg";
import type { Caller } from "../../src/caller.js";
import { toWireValue } from "../../src/database/parameters.js";
import { type Answer, Pipeline } from "../../src/database/pipeline.js";
import { PreparedStatements } from "../../src/database/prepared-statements.js";
import type { Statement } from "../../src/database/session.js";
import { openingStatements, settingsFor } from "../../src/database/settings.js";

/** The rows of an answer, as text. */
export type Rows = Answer["rows"];

/** A connection that keeps its statements prepared. */
export interface Link {
  /** Runs one statement. */
  ask(statement: Statement): Promise<Rows>;
  /** Runs several in one write; answers the rows of the last. Throws when one fails. */
  send(statements: readonly Statement[]): Promise<Rows>;
  end(): Promise<void>;
}

/** How statements are planned: once, or as Postgres likes. */
export type Planning = "force_generic_plan" | "auto";

/** Whom policies hold for, and whom they don't. */
export type Role = "web_user" | "postgres";

/** Connects as a superuser: only the role that a session takes says what holds for it. */
export async function connect(url: string): Promise<Link> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  const prepared = new PreparedStatements(500);
  const send = async (statements: readonly Statement[]): Promise<Rows> => {
    const items = statements.map(({ sql, parameters }) => ({ sql, values: parameters.map(toWireValue) }));
    const pipeline = new Pipeline(items, prepared);
    client.query(pipeline);
    const { outcomes } = await pipeline.result;
    const last = outcomes.at(-1);
    if (last === undefined || !last.isOk) throw last?.error ?? new RangeError("Nothing was asked.");
    return last.answer.rows;
  };
  return { send, ask: (statement) => send([statement]), end: () => client.end() };
}

const limits = { statementTimeoutMillis: 600_000, lockTimeoutMillis: 5_000, idleInTransactionTimeoutMillis: 600_000 };

/** What the gateway sends before a caller's first statement; the role and the planning are the benchmark's to choose. */
export function openingOf(
  user: string,
  form: { readonly mode: "read" | "write"; readonly role: Role; readonly planning: Planning },
): readonly Statement[] {
  const caller: Caller = { kind: "token", issuer: "bench", subject: user, tenant: "bench", actAs: null, expiresAt: 0 };
  const options = { mode: form.mode, isSingleStatement: true, changesAuthority: false, requestId: "bench" } as const;
  const settings = settingsFor(caller, options, limits).map(
    ([name, value]) => [name, name === "plan_cache_mode" ? form.planning : value] as const,
  );
  const opening = openingStatements(settings, caller, { mode: form.mode, isExplicit: form.mode === "write" });
  return [...opening.slice(0, -1), { sql: "select set_config('role', $1, true)", parameters: [form.role] }];
}
