/**
 * In charge of measuring a whole request: a list of 20 todos with their owners over HTTP, against the same rows fetched by
 * bare `pg` transactions, with 32 under way over 10 connections, in interleaved rounds. Client, gateway and PostgreSQL share
 * the machine: read the ratios, not the numbers. Run: `npx tsx bench/todos-list.ts [seconds per round] [rounds]`
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { ensureDemoIssuer, signDemoToken } from "../src/auth/demo-issuer.js";
import type { Caller } from "../src/caller.js";
import { seedDemoWorld } from "../src/database/demo-world.js";
import { startEmbeddedPostgres } from "../src/database/embedded.js";
import { migrate } from "../src/database/migrate.js";
import { createPool } from "../src/database/pool.js";
import { bootstrapRoles, ensureDatabase } from "../src/database/roles.js";
import { createSessions } from "../src/database/session.js";
import { openingStatements, settingsFor } from "../src/database/settings.js";
import { connectTo, graphqlRequest } from "./http-client.js";

const concurrency = 32;
const poolSize = 10;
const callerCount = 50;
const todosEach = 100;
const roundMillis = Number(process.argv[2] ?? 3) * 1_000;
const rounds = Number(process.argv[3] ?? 5);

const folder = await mkdtemp(join(tmpdir(), "portcullis-bench-"));
await chmod(folder, 0o711);
const server = await startEmbeddedPostgres({ dataFolder: folder });
const adminUrl = await ensureDatabase(server.adminUrl, "portcullis");
await bootstrapRoles({ adminUrl, authenticatorPassword: server.authenticatorPassword });
await migrate({ adminUrl });
const issuer = await ensureDemoIssuer(folder);
await seedDemoWorld(adminUrl, issuer);
const url = `postgres://authenticator:${server.authenticatorPassword}@127.0.0.1:${server.port}/portcullis`;

const owner = new pg.Pool({ connectionString: adminUrl, max: poolSize });
const emails = Array.from({ length: callerCount }, (_, index) => `caller-${index}@acme.test`);
await owner.query(
  `with people as (insert into iam.users (email) select unnest($1::text[]) returning id, email),
     identities as (insert into iam.identities (provider_id, subject, user_id) select p.id, u.email, u.id from people u, iam.providers p)
   insert into iam.tenant_members (tenant_id, user_id) select t.id, u.id from people u, iam.tenants t where t.slug = 'acme'`,
  [emails],
);
await owner.query(
  `insert into public.todos (tenant_id, owner_id, scope_id, title, created_at)
   select s.tenant_id, u.id, s.id, 'Todo ' || i, now() - i * interval '1 hour'
   from iam.users u, iam.scopes s, generate_series(1, $2) i where u.email = any ($1) and s.key = 'acme'`,
  [emails, todosEach],
);
await owner.query("analyze");

const gateway = spawn(
  process.execPath,
  ["--import", "tsx", fileURLToPath(new URL("../src/main.ts", import.meta.url))],
  {
    env: {
      PATH: process.env["PATH"],
      NODE_ENV: "production",
      PORT: "0",
      DATABASE_URL: url,
      DATABASE_POOL_SIZE: String(poolSize),
      DATABASE_ACQUIRE_TIMEOUT_MS: "10000",
    },
    stdio: ["ignore", "ignore", "pipe"],
  },
);
const gatewayUrl = await addressOf(gateway);

const query = "{ todos(first: 20) { edges { node { id title done createdAt owner { email } } } } }";
const caller = (index: number): Caller => {
  const found = callers[index];
  if (found === undefined) throw new RangeError("No such caller.");
  return found;
};
const requests = await Promise.all(
  emails.map(async (email) =>
    graphqlRequest(gatewayUrl, await signDemoToken(issuer, { subject: email, email, lifetimeSeconds: 3_600 }), query),
  ),
);
const clients = Array.from({ length: concurrency }, () => connectTo(gatewayUrl));

const driver = new pg.Pool({ connectionString: url, max: poolSize });
const pool = createPool({ url, size: poolSize, acquireTimeoutMillis: 10_000, prepare: true });
const sessions = createSessions(pool);
const options = { mode: "read", isSingleStatement: true, changesAuthority: false, requestId: "bench" } as const;
const limits = { statementTimeoutMillis: 10_000, lockTimeoutMillis: 5_000, idleInTransactionTimeoutMillis: 15_000 };
const callers = emails.map(
  (subject): Caller => ({
    kind: "token",
    issuer: issuer.issuer,
    subject,
    tenant: null,
    actAs: null,
    expiresAt: 4_102_444_800,
  }),
);

const columns = "t.id, t.title, t.done, t.created_at, u.email";
const rowsOf = (where: string) =>
  `select ${columns} from public.todos t join iam.users u on u.id = t.owner_id ${where} order by t.created_at desc, t.id desc limit 20`;

/** The same rows, each in its own way; every one answers how many it read. */
const ways: Readonly<Record<string, (caller: number, worker: number) => Promise<number>>> = {
  "bare pg under the policies: begin, settings, open_session, role, select, commit": async (index) => {
    const settings = settingsFor(caller(index), options, limits);
    const opening = openingStatements(settings, caller(index), { mode: "read", isExplicit: true });
    return transact(driver, [
      ...opening.map(({ sql, parameters }) => ({ text: sql, values: [...parameters] })),
      { text: rowsOf("") },
    ]);
  },
  "bare pg without policies: begin, set_config, select by owner, commit": (index) =>
    transact(owner, [
      { text: "begin" },
      { text: "select set_config('app.subject', $1, true)", values: [emails[index]] },
      { text: rowsOf("where t.owner_id = (select id from iam.users where email = $1)"), values: [emails[index]] },
    ]),
  "a session of ours, one Sync, without HTTP and GraphQL": async (index) => {
    const session = sessions.open(caller(index), options);
    const rows = await session.run({ sql: rowsOf(""), parameters: [] });
    await session.commit();
    return rows.length;
  },
  "the gateway over HTTP": async (index, worker) => {
    const answer = await clients[worker]?.send(requests[index] ?? Buffer.alloc(0));
    return (answer?.body.split('"node":').length ?? 1) - 1;
  },
};

async function transact(from: pg.Pool, statements: readonly pg.QueryConfig[]): Promise<number> {
  const client = await from.connect();
  let rows = 0;
  for (const { text, values } of statements) {
    const result = await client.query({ name: text.slice(0, 60), text, ...(values ? { values } : {}) });
    rows = result.rows.length;
  }
  await client.query("commit");
  client.release();
  return rows;
}

async function measure(way: (caller: number, worker: number) => Promise<number>): Promise<number> {
  const started = performance.now();
  let done = 0;
  const work = async (_: unknown, worker: number): Promise<void> => {
    while (performance.now() - started < roundMillis) {
      const rows = await way(Math.floor(Math.random() * callerCount), worker);
      if (rows !== 20) throw new RangeError(`Read ${rows} rows instead of 20.`);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return done / ((performance.now() - started) / 1_000);
}

const results = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]));
for (const way of Object.values(ways)) await measure(way);
for (let round = 0; round < rounds; round++)
  for (const [name, way] of Object.entries(ways)) results.get(name)?.push(await measure(way));

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const base = median([...results.values()][0] ?? []);
console.log(
  `${concurrency} under way, ${poolSize} connections, ${callerCount} callers with ${todosEach} todos each, medians of ${rounds} rounds`,
);
for (const [name, values] of results)
  console.log(`${String(Math.round(median(values))).padStart(7)}/s  ${(median(values) / base).toFixed(2)}  ${name}`);

for (const client of clients) client.close();
// Their connections may see the server end before they have ended themselves.
for (const ending of [driver, owner]) ending.on("error", () => {});
gateway.kill("SIGTERM");
await once(gateway, "exit");
await Promise.all([driver.end(), owner.end(), pool.close()]);
await server.stop();
await rm(folder, { recursive: true, force: true });

function addressOf(child: ChildProcess): Promise<URL> {
  return new Promise((resolve, reject) => {
    let said = "";
    child.once("exit", (code) => reject(new TypeError(`The gateway ended with ${code}: ${said}`)));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const [, address] = /"event":"listening","url":"([^"]+)"/.exec(said) ?? [];
      if (address !== undefined) resolve(new URL(address));
    });
  });
}
