/** In charge of what PostgreSQL is sent for an operation: settings first, one transaction, one write, however large the answer. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPool, type Pool } from "../../src/database/pool.js";
import { dataOf } from "../support/asking.js";
import { useTestDatabase } from "../support/database.js";
import { type DatabaseProxy, startDatabaseProxy } from "../support/database-proxy.js";
import { type AskAs, gatewayOver } from "../support/gateway-over.js";

const database = useTestDatabase();
let proxy: DatabaseProxy;
let pool: Pool;
let ask: AskAs;

beforeAll(async () => {
  await database.owner.query(
    `insert into public.todos (tenant_id, owner_id, scope_id, title)
     select t.tenant_id, t.owner_id, t.scope_id, 'Todo ' || i from public.todos t, generate_series(1, 300) i where t.title = 'Water the plants'`,
  );
  proxy = await startDatabaseProxy(database.url);
  pool = createPool({ url: proxy.url, size: 1, acquireTimeoutMillis: 5_000, prepare: true });
  ask = gatewayOver(pool).ask;
  // The providers are read once, and a connection's first use prepares its statements.
  await ask("bob@acme.test", "{ viewer { kind } }");
});
afterAll(async () => {
  await pool?.close();
  await proxy?.stop();
});

/** What one operation sends, and in how many writes. */
async function sentFor(query: string): Promise<{ readonly statements: readonly string[]; readonly writes: number }> {
  const [from, writesBefore] = [proxy.statements().length, proxy.writes()];
  dataOf(await ask("bob@acme.test", query));
  // A read doesn't wait for its commit.
  await pool.query({ sql: "select 1", parameters: [] });
  return { statements: proxy.statements().slice(from, -1), writes: proxy.writes() - writesBefore - 1 };
}

describe("what is sent", () => {
  it("reads a query in one write: settings, session, role, data", async () => {
    const query = '{ todo(id: "Todo:70d00000-0000-4000-8000-000000000003") { title owner { email } } }';
    expect(await sentFor(query)).toMatchInlineSnapshot(`
      {
        "statements": [
          "select set_config('app.issuer', $1, true), set_config('app.subject', $2, true), set_config('app.key_id', $3, true), set_config('app.key_hash', $4, true), set_config('app.tenant', $5, true), set_config('app.act_as', $6, true), set_config('app.request_id', $7, true), set_config('app.ip_address', $8, true), set_config('app.user_agent', $9, true), set_config('app.lock', $10, true), set_config('statement_timeout', $11, true), set_config('lock_timeout', $12, true), set_config('idle_in_transaction_session_timeout', $13, true), set_config('timezone', $14, true), set_config('plan_cache_mode', $15, true), set_config('transaction_read_only', $16, true)",
          "select * from iam.open_session()",
          "select set_config('role', $1, true)",
          "select (select json_build_object('title', "t0"."title", 'owner', (select json_build_object('email', "t1"."email") from "iam"."users" as "t1" where "t1"."id" = "t0"."owner_id")) from "public"."todos" as "t0" where "t0"."id" = $1::"uuid") as data",
        ],
        "writes": 1,
      }
    `);
  });

  it("reads a query of several fields in one transaction and one write, and ends it", async () => {
    const query = '{ viewer { kind } todos(first: 1) { totalCount } can(feature: "todos.read", scope: "tenant/acme") }';
    const { statements, writes } = await sentFor(query);
    expect(statements.map((text) => text.slice(0, 60))).toMatchInlineSnapshot(`
      [
        "begin isolation level repeatable read read only",
        "select set_config('app.issuer', $1, true), set_config('app.s",
        "select * from iam.open_session()",
        "select set_config('role', $1, true)",
        "select json_build_object('kind', case when (select is_servic",
        "select (with held as materialized (select is_everywhere as i",
        "select array_to_json(iam.can_all($1::text[], $2::text[], $3:",
        "commit",
      ]
    `);
    expect(writes).toBe(2);
  });

  it("writes a mutation in one transaction, after the same opening", async () => {
    const { statements } = await sentFor('mutation { createTodo(input: { title: "New" }) { todo { title } } }');
    expect(statements).toMatchInlineSnapshot(`
      [
        "begin isolation level read committed read write",
        "select set_config('app.issuer', $1, true), set_config('app.subject', $2, true), set_config('app.key_id', $3, true), set_config('app.key_hash', $4, true), set_config('app.tenant', $5, true), set_config('app.act_as', $6, true), set_config('app.request_id', $7, true), set_config('app.ip_address', $8, true), set_config('app.user_agent', $9, true), set_config('app.lock', $10, true), set_config('statement_timeout', $11, true), set_config('lock_timeout', $12, true), set_config('idle_in_transaction_session_timeout', $13, true), set_config('timezone', $14, true), set_config('plan_cache_mode', $15, true)",
        "select * from iam.open_session()",
        "select set_config('role', $1, true)",
        "insert into "public"."todos" ("title") values ($1::"text") returning id",
        "select json_build_object('todo', (select json_build_object('title', "t0"."title") from "public"."todos" as "t0" where "t0"."id" = $1::"uuid")) as data",
        "commit",
      ]
    `);
  });

  it("writes a change of authority in one transaction with one call", async () => {
    const { statements } = await sentFor('mutation { createGroup(input: { name: "New" }) { group { name } } }');
    expect(statements.slice(4)).toMatchInlineSnapshot(`
      [
        "select "iam"."create_group"("name" => $1::"text") as result",
        "select json_build_object('group', (select json_build_object('name', "t0"."name") from "iam"."groups" as "t0" where "t0"."id" = $1::"uuid")) as data",
        "commit",
      ]
    `);
  });
});

describe("how much is sent", () => {
  const node = "id title done owner { email } scope { type key parent { key parent { key } } }";
  const queries: Readonly<Record<string, string>> = {
    "1 row": `{ todos(first: 1) { nodes { id } } }`,
    "10 rows": `{ todos(first: 10) { nodes { ${node} } } }`,
    "100 rows": `{ todos(first: 100) { nodes { ${node} } } }`,
    "100 rows with counts and cursors": `{ todos(first: 100) { totalCount pageInfo { hasNextPage endCursor } edges { cursor node { ${node} } } } }`,
    "lists in lists":
      "{ groups(first: 20) { totalCount nodes { name owner { email } members(first: 20) { totalCount nodes { email } } } } }",
    "lists in lists in lists":
      "{ roles(first: 5) { nodes { features(first: 5) { nodes { code roles(first: 5) { nodes { code includes(first: 5) { nodes { code } } } } } } } } }",
    "one by id, six deep":
      '{ node(id: "Todo:70d00000-0000-4000-8000-000000000003") { ... on Todo { scope { parent { parent { parent { key } } } } owner { email } } } }',
    "fifty by id": `{ nodes(ids: [${Array.from({ length: 50 }, () => '"Todo:70d00000-0000-4000-8000-000000000003", "Group:60000000-0000-4000-8000-000000000001"').join()}]) { id ... on Todo { ${node} } ... on Group { members { nodes { email } } } } }`,
  };

  it.each(Object.entries(queries))("reads %s with four statements in one write", async (_name, query) => {
    const { statements, writes } = await sentFor(query);
    expect({ statements: statements.length, writes }).toEqual({ statements: 4, writes: 1 });
  });

  it("reads fifty checks with one statement of theirs", async () => {
    const checks = Array.from({ length: 49 }, (_, i) => `c${i}: can(feature: "todos.read", scope: "campus/${i}")`);
    const { statements } = await sentFor(`{ ${checks.join(" ")} }`);
    expect(statements.filter((text) => text.includes("iam.can_all("))).toHaveLength(1);
  });

  it("reads the same texts again for other values, so that each is prepared once", async () => {
    const page = (title: string) => `{ todos(first: 3, filter: { title: { contains: "${title}" } }) { nodes { id } } }`;
    expect((await sentFor(page("milk"))).statements).toEqual(
      (await sentFor(page("'; drop table todos --"))).statements,
    );
  });

  it("reads nothing for a document that is refused", async () => {
    const before = proxy.statements().length;
    await ask("bob@acme.test", "{ todos { nodes { nothing } } }");
    await ask("bob@acme.test", "query ($first: Int!) { todos(first: $first) { totalCount } }", { first: "x" });
    await ask("bob@acme.test", `{ ${"todos { nodes { owner ".repeat(20)} }`);
    expect(proxy.statements().slice(before)).toEqual([]);
  });
});
