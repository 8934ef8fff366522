/**
 * In charge of measuring what generated policies cost: the statements that the gateway sends for lists, pages, counts, point
 * reads and writes of todos, beside what is written by hand and run without row-level security, in turns in one run.
 * "same" makes the same decision; "joined" makes less of it, and "given" none: his scopes and shares are values. "request" is
 * all that the gateway sends for a request, session included. Prints a table of ratios of the medians, then of the fastest rounds.
 * Run: `npx tsx bench/policies.ts [rows, default 1000000] [rounds, default 21] [caller]`
 */
import { loadavg } from "node:os";
import pg from "pg";
import { compareCallers } from "./policies/callers.js";
import { policiesData } from "./policies/data.js";
import { startServer } from "./server.js";

const rows = Number(process.argv[2] ?? 1_000_000);
const rounds = Number(process.argv[3] ?? 21);
const only = process.argv[4];

const server = await startServer({
  shared_buffers: "2GB",
  jit: "off",
  max_wal_size: "8GB",
  work_mem: "16MB",
  maintenance_work_mem: "512MB",
});
try {
  const { adminUrl } = await server.migrated("portcullis");
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  for (const statement of policiesData(rows)) await admin.query(statement);
  await admin.query("vacuum (analyze) public.todos, public.todo_shares");
  await admin.query("analyze");
  await admin.end();
  console.log(`${rows.toLocaleString("en")} todos, ${rounds} rounds, load ${loadavg()[0]?.toFixed(1)}\n`);
  await compareCallers(adminUrl, { rounds, only });
  console.log(`\nload ${loadavg()[0]?.toFixed(1)}`);
} finally {
  await server.stop();
}
