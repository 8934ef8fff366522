/**
 * In charge of measuring what a session costs: a point read under row-level security, as one write with one Sync, against
 * the same statements one after the other, and against the bare prepared query. Read the ratios, not the numbers.
 * Run: `npx tsx bench/session.ts [seconds per round]`
 */
import pg from "pg";
import type { Statement } from "../src/database/pipeline.js";
import { createPool } from "../src/database/pool.js";
import { createSessions } from "../src/database/session.js";
import { openingStatements, settingsFor } from "../src/database/settings.js";
import { callerNamed } from "../test/support/sessions.js";
import { stubSchema } from "../test/support/stub-schema.js";
import { measureInTurns, type Way } from "./in-turns.js";
import { startServer } from "./server.js";

const concurrency = 32;
const poolSize = 10;
const rounds = 3;
const roundMillis = Number(process.argv[2] ?? 2) * 1_000;

const server = await startServer();
const { url, adminUrl } = await server.empty("portcullis");

const owner = new pg.Pool({ connectionString: adminUrl, max: poolSize });
await owner.query(stubSchema);
await owner.query(
  "insert into notes (id, owner, body) select i, md5('caller-' || i % 100)::uuid, 'note ' || i from generate_series(1, 10000) i",
);
await owner.query("analyze notes");

const driver = new pg.Pool({ connectionString: url, max: poolSize });
const pool = createPool({ url, size: poolSize, acquireTimeoutMillis: 10_000, prepare: true });
const sessions = createSessions(pool);
const options = { mode: "read", isSingleStatement: true, changesAuthority: false, requestId: "bench" } as const;
const limits = { statementTimeoutMillis: 10_000, lockTimeoutMillis: 5_000, idleInTransactionTimeoutMillis: 15_000 };

const anyNote = (): number => 1 + Math.floor(Math.random() * 10_000);
const readNote = (id: number): Statement => ({ sql: "select id, body from notes where id = $1", parameters: [id] });
const prepared = ({ sql, parameters }: Statement): pg.QueryConfig => ({
  name: sql.slice(0, 60),
  text: sql,
  values: [...parameters],
});

/** The same work, each in its own way; every one answers the number of rows it read. */
const ways: Readonly<Record<string, Way>> = {
  "bare prepared query, no RLS, no session": async () => (await owner.query(prepared(readNote(anyNote())))).rows.length,
  "one Sync: a single-statement session": async () => {
    const id = anyNote();
    const session = sessions.open(callerNamed(`caller-${id % 100}`), options);
    const rows = await session.run(readNote(id));
    await session.commit();
    return rows.length;
  },
  "explicit session: begin … in one write, commit not awaited": async () => {
    const id = anyNote();
    const session = sessions.open(callerNamed(`caller-${id % 100}`), { ...options, isSingleStatement: false });
    const rows = await session.run(readNote(id));
    await session.commit();
    return rows.length;
  },
  "one after the other: begin, settings, open_session, role, query, commit": () => readSequentially(prepared),
  "the same, not prepared": () => readSequentially(({ sql, parameters }) => ({ text: sql, values: [...parameters] })),
};

async function readSequentially(toQuery: (statement: Statement) => pg.QueryConfig): Promise<number> {
  const id = anyNote();
  const caller = callerNamed(`caller-${id % 100}`);
  const opening = openingStatements(settingsFor(caller, options, limits), caller, { mode: "read", isExplicit: true });
  const client = await driver.connect();
  for (const statement of opening) await client.query(toQuery(statement));
  const { rows } = await client.query(toQuery(readNote(id)));
  await client.query("commit");
  client.release();
  return rows.length;
}

await measureInTurns(ways, { rounds, roundMillis, concurrency, rows: 1 });
for (const ending of [driver, owner]) ending.on("error", () => {});
await Promise.all([driver.end(), owner.end(), pool.close()]);
await server.stop();
