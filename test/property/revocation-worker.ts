/** In charge of being another instance of the gateway: a process of its own that answers what a caller holds right now. */
import type { Caller } from "../../src/caller.js";
import { createPool } from "../../src/database/pool.js";
import { createSessions } from "../../src/database/session.js";

/** What the worker is asked: each question is a statement for one boolean. */
export interface Question {
  readonly id: number;
  readonly caller: Caller;
  readonly sql: string;
}

/** What it answers: null when there was no session. */
export interface Reply {
  readonly id: number;
  readonly holds: boolean | null;
}

const pool = createPool({ url: process.argv[2] ?? "", size: 2, acquireTimeoutMillis: 10_000, prepare: true });
const sessions = createSessions(pool);

process.on("message", (question: Question) => {
  void answer(question).then((reply) => process.send?.(reply));
});
process.on("disconnect", () => void pool.close());

async function answer({ id, caller, sql }: Question): Promise<Reply> {
  const session = sessions.open(caller, {
    mode: "read",
    isSingleStatement: true,
    changesAuthority: false,
    requestId: "worker",
  });
  const rows = await session.run<{ holds: boolean }>({ sql, parameters: [] }).catch(() => null);
  await session.rollback();
  return { id, holds: rows === null ? null : (rows[0]?.holds ?? false) };
}
