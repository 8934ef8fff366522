/**
 * In charge of measuring what generated policies cost: the statements that the gateway sends for lists, pages, counts, point
 * reads and writes of todos, beside the same WHERE written by hand and run without row-level security, interleaved in one run.
 * "given" has the caller's scopes and shares as values, which somebody must have looked up before; "joined" looks them up in
 * the statement, as an application would. Run: `npx tsx bench/policies.ts [rows, default 1000000] [rounds, default 15] [caller]`
 */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execute, parse } from "graphql";
import pg from "pg";
import type { Context } from "../src/builder/context.js";
import { followNothing } from "../src/builder/follow.js";
import { startEmbeddedPostgres } from "../src/database/embedded.js";
import { migrate } from "../src/database/migrate.js";
import { bootstrapRoles, ensureDatabase } from "../src/database/roles.js";
import type { Session, Statement } from "../src/database/session.js";
import { schema } from "../src/schema/index.js";
import { byHand, type Known } from "./policies-by-hand.js";
import { policiesData } from "./policies-data.js";

const rows = Number(process.argv[2] ?? 1_000_000);
const rounds = Number(process.argv[3] ?? 15);
const only = process.argv[4];
const callers = { "1 scope": 1, "10 scopes": 2, "100 scopes": 3, "1,000 scopes": 4, everything: 5 } as const;

const names = new Map<string, string>();

const folder = await mkdtemp(join(tmpdir(), "portcullis-bench-"));
await chmod(folder, 0o711);
const settings = {
  shared_buffers: "2GB",
  jit: "off",
  max_wal_size: "8GB",
  work_mem: "16MB",
  maintenance_work_mem: "512MB",
};
const server = await startEmbeddedPostgres({ dataFolder: folder, settings });
try {
  const adminUrl = await ensureDatabase(server.adminUrl, "portcullis");
  await bootstrapRoles({ adminUrl, authenticatorPassword: server.authenticatorPassword });
  await migrate({ adminUrl });
  const admin = await connected(adminUrl);
  for (const statement of policiesData(rows)) await admin.query(statement);
  await admin.query("vacuum (analyze) public.todos, public.todo_shares");
  await admin.query("analyze");
  console.log(
    `${rows.toLocaleString("en")} todos, ${rounds} rounds; medians in ms, ratios of the medians and of the fastest`,
  );
  for (const [name, number] of Object.entries(callers)) {
    if (only === undefined || only === name) await compare(adminUrl, name, number);
  }
  await admin.end();
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  return client;
}

/** One caller's session, in the role that the gateway takes or in one that policies don't hold for. */
async function sessionOf(url: string, number: number, role: "web_user" | "postgres"): Promise<pg.Client> {
  const client = await connected(url);
  await client.query("begin");
  await client.query(
    "select set_config('app.issuer', 'bench', true), set_config('app.subject', $1, true), set_config('app.tenant', 'bench', true), set_config('app.lock', 'none', true), set_config('plan_cache_mode', $2, true)",
    // as the gateway's sessions have it; what is written by hand is planned as Postgres likes
    [`u${number}@bench.test`, role === "web_user" ? "force_generic_plan" : "auto"],
  );
  await client.query("select iam.open_session()");
  await client.query(`set local role ${role}`);
  return client;
}

async function compare(url: string, name: string, number: number): Promise<void> {
  const [user, owner] = [await sessionOf(url, number, "web_user"), await sessionOf(url, number, "postgres")];
  const known = await knownOf(user);
  const cursor = await cursorOf(user);
  const given = byHand(known, placeIn(cursor), "given");
  const joined = byHand(known, placeIn(cursor), "joined");
  for (const [what, statement] of Object.entries(await generatedFor(known, cursor))) {
    const [policies, ...bases] = await measure([
      { client: user, statement },
      ...[given, joined].map((forms) => ({ client: owner, statement: forms[what] ?? statement })),
    ]);
    const [asGiven, asJoined] = bases.map((base) => beside(base, policies));
    console.log(
      `${name.padEnd(13)} ${what.padEnd(12)} policies ${millis(policies)}  given ${asGiven}  joined ${asJoined}`,
    );
  }
  for (const client of [user, owner]) await client.end();
}

async function knownOf(client: pg.Client): Promise<Known> {
  const { rows: found } = await client.query<Known>(
    `select iam.caller_id() as me, iam.caller_tenant_id() as tenant, iam.holds_everywhere('todos.read') as everywhere,
       array(select iam.scopes_with('todos.read')) as scopes, array(select iam.shared_todos('read', 'caller')) as shared,
       (select id from todos order by created_at desc limit 1) as one,
       (select id from todos where owner_id = iam.caller_id() limit 1) as own`,
  );
  const [known] = found;
  if (known === undefined) throw new RangeError("The caller sees nothing.");
  return known;
}

async function generatedFor({ one, own }: Known, cursor: string): Promise<Readonly<Record<string, Statement>>> {
  const selection = "nodes { id title createdAt }";
  return {
    "list 50": await statementOf(`{ todos(first: 50) { ${selection} } }`),
    "keyset page": await statementOf(`{ todos(first: 50, after: "${cursor}") { ${selection} } }`),
    count: await statementOf("{ todos { totalCount } }"),
    "point read": await statementOf(`{ todo(id: "Todo:${one}") { id title } }`),
    insert: { sql: "insert into todos (title) values ('A new one') returning id", parameters: [] },
    update: { sql: "update todos set title = 'Another' where id = $1 returning id", parameters: [own ?? one] },
  };
}

function placeIn(cursor: string): readonly string[] {
  return JSON.parse(Buffer.from(cursor, "base64url").toString().slice(12)) as string[];
}

// The cursor of the 50th row, as the gateway writes it.
async function cursorOf(client: pg.Client): Promise<string> {
  const document = parse("{ todos(first: 50) { pageInfo { endCursor } } }");
  const session = {
    mode: "read",
    run: async ({ sql, parameters }: Statement) => (await client.query({ text: sql, values: [...parameters] })).rows,
  } as unknown as Session;
  const { data, errors } = await execute({ schema, document, contextValue: contextOf(session) });
  if (errors?.[0]) throw errors[0];
  return (data as unknown as { todos: { pageInfo: { endCursor: string } } }).todos.pageInfo.endCursor;
}

// What the gateway sends for a query.
async function statementOf(query: string): Promise<Statement> {
  const statements: Statement[] = [];
  const run = async (statement: Statement) => {
    statements.push(statement);
    return [];
  };
  await execute({
    schema,
    document: parse(query),
    contextValue: contextOf({ mode: "read", run } as unknown as Session),
  });
  const [statement] = statements;
  if (statement === undefined) throw new RangeError(`Nothing was sent for ${query}`);
  return statement;
}

function contextOf(session: Session): Context {
  const caller = { kind: "token", issuer: "i", subject: "s", tenant: null, actAs: null, expiresAt: 0 } as const;
  const explainToken = () => Promise.reject(new TypeError("There is no token."));
  return {
    caller,
    session,
    requestId: "bench",
    request: { ip: null, userAgent: null },
    follow: followNothing,
    explainToken,
  };
}

interface Contender {
  readonly client: pg.Client;
  readonly statement: Statement;
}

interface Times {
  readonly median: number;
  readonly fastest: number;
}

function millis({ median }: Times): string {
  return median.toFixed(2).padStart(8);
}

// The medians' ratio, then the fastest ones': on a machine that does other things besides, they tell what is noise.
function beside(base: Times, policies: Times): string {
  return `${millis(base)} (x${(policies.median / base.median).toFixed(2)}, x${(policies.fastest / base.fastest).toFixed(2)})`;
}

/** The times of each, taken in turns; what they write is undone, and so is not in the next one's way. */
async function measure(contenders: readonly Contender[]): Promise<readonly [Times, ...Times[]]> {
  const times = contenders.map((): number[] => []);
  for (let round = -6; round < rounds; round++) {
    for (const [index, { client, statement }] of contenders.entries()) {
      await client.query("savepoint round");
      const started = performance.now();
      await client.query({
        name: nameOf(statement),
        text: statement.sql,
        values: [...statement.parameters],
      });
      // the first rounds are for the caches, and for Postgres to settle on a plan
      if (round >= 0) times[index]?.push(performance.now() - started);
      await client.query("rollback to savepoint round");
    }
  }
  const [first = { median: 0, fastest: 0 }, ...others] = times.map((values) => {
    const sorted = values.sort((a, b) => a - b);
    return { median: sorted[Math.floor(sorted.length / 2)] ?? 0, fastest: sorted[0] ?? 0 };
  });
  return [first, ...others];
}

function nameOf({ sql }: Statement): string {
  const known = names.get(sql) ?? `s${names.size}`;
  names.set(sql, known);
  return known;
}
