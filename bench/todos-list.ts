/**
 * In charge of measuring a whole request: a list of 20 todos with their owners over HTTP, against the same rows fetched by
 * bare `pg` transactions, with 32 under way over 10 connections, in interleaved rounds. Client, gateway and PostgreSQL share
 * the machine: read the ratios, not the numbers. Run: `npx tsx bench/todos-list.ts [seconds per round] [rounds]`
 */
import pg from "pg";
import type { Caller } from "../src/caller.js";
import { createPool } from "../src/database/pool.js";
import { createSessions } from "../src/database/session.js";
import { openingStatements, settingsFor } from "../src/database/settings.js";
import { startDemoWorld } from "./demo-gateway.js";
import { connectTo, graphqlRequest } from "./http-client.js";
import { measureInTurns, type Way } from "./in-turns.js";

const concurrency = 32;
const poolSize = 10;
const callerCount = 50;
const todosEach = 100;
const roundMillis = Number(process.argv[2] ?? 3) * 1_000;
const rounds = Number(process.argv[3] ?? 5);

const demo = await startDemoWorld();

const owner = new pg.Pool({ connectionString: demo.adminUrl, max: poolSize });
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

const gatewayUrl = await demo.serve({
  DATABASE_POOL_SIZE: String(poolSize),
  DATABASE_ACQUIRE_TIMEOUT_MS: "10000",
});

const query = "{ todos(first: 20) { edges { node { id title done createdAt owner { email } } } } }";
const clients = Array.from({ length: concurrency }, () => connectTo(gatewayUrl));

const driver = new pg.Pool({ connectionString: demo.url, max: poolSize });
const pool = createPool({ url: demo.url, size: poolSize, acquireTimeoutMillis: 10_000, prepare: true });
const sessions = createSessions(pool);
const options = { mode: "read", isSingleStatement: true, changesAuthority: false, requestId: "bench" } as const;
const limits = { statementTimeoutMillis: 10_000, lockTimeoutMillis: 5_000, idleInTransactionTimeoutMillis: 15_000 };

/** One of those who ask. */
interface Person {
  readonly email: string;
  readonly caller: Caller;
  readonly request: Buffer;
}

const people = await Promise.all(
  emails.map(async (email): Promise<Person> => {
    const request = graphqlRequest(gatewayUrl, await demo.tokenFor(email), query);
    const { issuer } = demo.issuer;
    return {
      email,
      caller: { kind: "token", issuer, subject: email, tenant: null, actAs: null, expiresAt: 4_102_444_800 },
      request,
    };
  }),
);

function anybody(): Person {
  const person = people[Math.floor(Math.random() * callerCount)];
  if (person === undefined) throw new RangeError("Nobody asks.");
  return person;
}

const columns = "t.id, t.title, t.done, t.created_at, u.email";
const rowsOf = (where: string) =>
  `select ${columns} from public.todos t join iam.users u on u.id = t.owner_id ${where} order by t.created_at desc, t.id desc limit 20`;

/** The same rows, each in its own way; every one answers how many it read. */
const ways: Readonly<Record<string, Way>> = {
  "bare pg under the policies: begin, settings, open_session, role, select, commit": async () => {
    const { caller } = anybody();
    const opening = openingStatements(settingsFor(caller, options, limits), caller, { mode: "read", isExplicit: true });
    return transact(driver, [
      ...opening.map(({ sql, parameters }) => ({ text: sql, values: [...parameters] })),
      { text: rowsOf("") },
    ]);
  },
  "bare pg without policies: begin, set_config, select by owner, commit": () => {
    const { email } = anybody();
    return transact(owner, [
      { text: "begin" },
      { text: "select set_config('app.subject', $1, true)", values: [email] },
      { text: rowsOf("where t.owner_id = (select id from iam.users where email = $1)"), values: [email] },
    ]);
  },
  "a session of ours, one Sync, without HTTP and GraphQL": async () => {
    const session = sessions.open(anybody().caller, options);
    const rows = await session.run({ sql: rowsOf(""), parameters: [] });
    await session.commit();
    return rows.length;
  },
  "the gateway over HTTP": async (worker) => {
    const answer = await clients[worker]?.send(anybody().request);
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

console.log(
  `${concurrency} under way, ${poolSize} connections, ${callerCount} callers with ${todosEach} todos each, medians of ${rounds} rounds`,
);
await measureInTurns(ways, { rounds, roundMillis, concurrency, rows: 20 });

for (const client of clients) client.close();
// Their connections may see the server end before they have ended themselves.
for (const ending of [driver, owner]) ending.on("error", () => {});
await Promise.all([driver.end(), owner.end(), pool.close()]);
await demo.stop();
