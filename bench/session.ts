/**
 * In charge of measuring what a session costs: a point read under row-level security, as one write with one Sync, against
 * the same statements one after the other, and against the bare prepared query. Read the ratios, not the numbers.
 * Run: `npx tsx bench/session.ts [seconds per round]`
 */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { startEmbeddedPostgres } from "../src/database/embedded.js";
import type { Statement } from "../src/database/pipeline.js";
import { createPool } from "../src/database/pool.js";
import { bootstrapRoles } from "../src/database/roles.js";
import { createSessions } from "../src/database/session.js";
import { openingStatements, settingsFor } from "../src/database/settings.js";
import { callerNamed } from "../test/support/sessions.js";
import { stubSchema } from "../test/support/stub-schema.js";

const concurrency = 32;
const poolSize = 10;
const rounds = 3;
const roundMillis = Number(process.argv[2] ?? 2) * 1_000;

const folder = await mkdtemp(join(tmpdir(), "portcullis-bench-"));
await chmod(folder, 0o711);
const server = await startEmbeddedPostgres({ dataFolder: folder });
await bootstrapRoles({ adminUrl: server.adminUrl, authenticatorPassword: server.authenticatorPassword });
const url = `postgres://authenticator:${server.authenticatorPassword}@127.0.0.1:${server.port}/postgres`;

const owner = new pg.Pool({ connectionString: server.adminUrl, max: poolSize });
await owner.query(stubSchema);
await owner.query(
  "insert into notes (id, owner, body) select i, md5('caller-' || i % 100)::uuid, 'note ' || i from generate_series(1, 10000) i",
);
await owner.query("analyze notes");

const driver = new pg.Pool({ connectionString: url, max: poolSize });
const pool = createPool({ url: url, size: poolSize, acquireTimeoutMillis: 10_000, prepare: true });
const sessions = createSessions(pool);
const options = { mode: "read", isSingleStatement: true, changesAuthority: false, requestId: "bench" } as const;
const limits = { statementTimeoutMillis: 10_000, lockTimeoutMillis: 5_000, idleInTransactionTimeoutMillis: 15_000 };

const readNote = (id: number): Statement => ({ sql: "select id, body from notes where id = $1", parameters: [id] });
const prepared = ({ sql, parameters }: Statement): pg.QueryConfig => ({
  name: sql.slice(0, 60),
  text: sql,
  values: [...parameters],
});

/** The same work, each in its own way; every one answers the number of rows it read. */
const ways: Readonly<Record<string, (id: number) => Promise<number>>> = {
  "bare prepared query, no RLS, no session": async (id) => (await owner.query(prepared(readNote(id)))).rows.length,
  "one Sync: a single-statement session": async (id) => {
    const session = sessions.open(callerNamed(`caller-${id % 100}`), options);
    const rows = await session.run(readNote(id));
    await session.commit();
    return rows.length;
  },
  "explicit session: begin … in one write, commit not awaited": async (id) => {
    const session = sessions.open(callerNamed(`caller-${id % 100}`), { ...options, isSingleStatement: false });
    const rows = await session.run(readNote(id));
    await session.commit();
    return rows.length;
  },
  "one after the other: begin, settings, open_session, role, query, commit": (id) => readSequentially(id, prepared),
  "the same, not prepared": (id) =>
    readSequentially(id, ({ sql, parameters }) => ({ text: sql, values: [...parameters] })),
};

async function readSequentially(id: number, toQuery: (statement: Statement) => pg.QueryConfig): Promise<number> {
  const caller = callerNamed(`caller-${id % 100}`);
  const opening = openingStatements(settingsFor(caller, options, limits), caller, { mode: "read", isExplicit: true });
  const client = await driver.connect();
  for (const statement of opening) await client.query(toQuery(statement));
  const { rows } = await client.query(toQuery(readNote(id)));
  await client.query("commit");
  client.release();
  return rows.length;
}

async function measure(way: (id: number) => Promise<number>): Promise<number> {
  const started = performance.now();
  let done = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() - started < roundMillis) {
      const rows = await way(1 + Math.floor(Math.random() * 10_000));
      if (rows !== 1) throw new RangeError(`Read ${rows} rows instead of 1.`);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return done / ((performance.now() - started) / 1_000);
}

const results = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]));
for (const way of Object.values(ways)) await measure(way);
for (let round = 0; round < rounds; round++)
  for (const [name, way] of Object.entries(ways)) results.get(name)?.push(await measure(way));

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const base = median([...results.values()][0] ?? []);
for (const [name, values] of results) {
  console.log(`${String(Math.round(median(values))).padStart(7)}/s  ${(median(values) / base).toFixed(2)}  ${name}`);
}
for (const ending of [driver, owner]) ending.on("error", () => {});
await Promise.all([driver.end(), owner.end(), pool.close()]);
await server.stop();
await rm(folder, { recursive: true, force: true });
