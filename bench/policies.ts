/**
 * In charge of measuring what generated policies cost: the statements that the gateway sends for lists, pages, counts, point
 * reads and writes of todos, beside the same WHERE written by hand and run without row-level security, interleaved in one run.
 * "given" has the caller's scopes and shares given as values; "asked" asks for them by the same functions, once.
 * Run: `npx tsx bench/policies.ts [rows, default 1000000] [rounds, default 15]`
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
import { policiesData } from "./policies-data.js";

const rows = Number(process.argv[2] ?? 1_000_000);
const rounds = Number(process.argv[3] ?? 15);
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
  console.log(`${rows.toLocaleString("en")} todos, ${rounds} rounds; medians in ms`);
  for (const [name, number] of Object.entries(callers)) await compare(adminUrl, name, number);
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
    "select set_config('app.issuer', 'bench', true), set_config('app.subject', $1, true), set_config('app.tenant', 'bench', true), set_config('app.lock', 'none', true)",
    [`u${number}@bench.test`],
  );
  await client.query("select iam.open_session()");
  await client.query(`set local role ${role}`);
  return client;
}

interface Known {
  readonly me: string;
  readonly tenant: string;
  readonly everywhere: boolean;
  readonly scopes: readonly string[];
  readonly shared: readonly string[];
  readonly one: string;
  readonly own: string;
}

async function compare(url: string, name: string, number: number): Promise<void> {
  const [user, owner] = [await sessionOf(url, number, "web_user"), await sessionOf(url, number, "postgres")];
  const known = await knownOf(user);
  const cursor = await cursorOf(user);
  for (const [what, forms] of Object.entries(await casesOf(known, cursor))) {
    const millis = await measure([
      { client: user, statement: forms.policies },
      { client: owner, statement: forms.given },
      { client: owner, statement: forms.asked ?? forms.given },
    ]);
    const [policies = 0, given = 0, asked = 0] = millis;
    const ratio = (base: number) => (policies / base).toFixed(2);
    console.log(
      `${name.padEnd(13)} ${what.padEnd(12)} policies ${policies.toFixed(2).padStart(8)}  given ${given.toFixed(2).padStart(8)} (x${ratio(given)})${forms.asked ? `  asked ${asked.toFixed(2).padStart(8)} (x${ratio(asked)})` : ""}`,
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

interface Forms {
  readonly policies: Statement;
  readonly given: Statement;
  readonly asked?: Statement;
}

async function casesOf(known: Known, cursor: string): Promise<Readonly<Record<string, Forms>>> {
  const { me, tenant, scopes, shared, everywhere, one, own } = known;
  const given = everywhere
    ? { sql: "tenant_id = $1", parameters: [tenant] }
    : {
        sql: "tenant_id = $1 and (owner_id = $2 or scope_id = any($3::uuid[]) or id = any($4::uuid[]))",
        parameters: [tenant, me, scopes, shared],
      };
  const asked = {
    sql: everywhere
      ? "tenant_id = (select iam.caller_tenant_id()) and (select iam.holds_everywhere('todos.read', 'caller'))"
      : `tenant_id = (select iam.caller_tenant_id()) and not (select iam.holds_everywhere('todos.read', 'caller'))
           and (owner_id = (select iam.caller_id()) or scope_id = any(array(select iam.scopes_with('todos.read', 'caller')))
             or id = any(array(select iam.shared_todos('read', 'caller'))))`,
    parameters: [],
  };
  const [place, id] = (JSON.parse(Buffer.from(cursor, "base64url").toString().slice(12)) as string[]) ?? [];
  const list = (where: Statement): Statement => ({
    sql: `select json_agg(page.item) from (select json_build_object('id', id, 'title', title, 'createdAt', created_at) as item from todos where ${where.sql} order by created_at desc, id desc limit 51) page`,
    parameters: where.parameters,
  });
  const after = (where: Statement): Statement =>
    list({ ...where, sql: `${where.sql} and (created_at, id) < ('${place}'::timestamptz, '${id}'::uuid)` });
  const count = ({ sql, parameters }: Statement): Statement => ({
    sql: `select count(*) from todos where ${sql}`,
    parameters,
  });
  const point: Statement = {
    sql: `select json_build_object('id', id, 'title', title) from todos where ${given.sql} and id = '${one}'`,
    parameters: given.parameters,
  };
  const write = (sql: string): Forms => ({ policies: { sql, parameters: [] }, given: { sql, parameters: [] } });
  const selection = "nodes { id title createdAt }";
  return {
    "list 50": {
      policies: await statementOf(`{ todos(first: 50) { ${selection} } }`),
      given: list(given),
      asked: list(asked),
    },
    "keyset page": {
      policies: await statementOf(`{ todos(first: 50, after: "${cursor}") { ${selection} } }`),
      given: after(given),
      asked: after(asked),
    },
    count: { policies: await statementOf("{ todos { totalCount } }"), given: count(given), asked: count(asked) },
    "point read": { policies: await statementOf(`{ todo(id: "Todo:${one}") { id title } }`), given: point },
    insert: write("insert into todos (title) values ('A new one') returning id"),
    update: write(`update todos set title = 'Another' where id = '${own ?? one}' returning id`),
  };
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

/** The median of each, taken in turns; what they write is undone, and so is not in the next one's way. */
async function measure(contenders: readonly Contender[]): Promise<readonly number[]> {
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
  return times.map((values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0);
}

function nameOf({ sql }: Statement): string {
  const known = names.get(sql) ?? `s${names.size}`;
  names.set(sql, known);
  return known;
}
