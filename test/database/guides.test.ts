/** In charge of the guides being true: their SQL is run as PostgREST, Supabase and Laravel send it, and answers what they say. */
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { proveDatabase } from "../../src/database/proof.js";
import { type ProofCluster, type ProofDatabase, startProofCluster } from "../property/proof-cluster.js";
import { useTestDatabase } from "../support/database.js";
import { type GuideStep, readGuide } from "../support/guide.js";

type Answer = readonly unknown[] | { readonly error: string };

// What a step answers: the rows of its last query, or the error that ended it. The connection is left outside of a transaction.
async function run(client: pg.ClientBase, sql: string): Promise<Answer> {
  try {
    const results = [await client.query(sql)].flat() as readonly pg.QueryResult[];
    return results.findLast(({ command }) => command === "SELECT" || command === "UPDATE")?.rows ?? [];
  } catch (error) {
    await client.query("rollback");
    return { error: (error as { readonly code: string }).code };
  }
}

function answered({ answer }: GuideStep): Answer | undefined {
  return answer;
}

async function leftBehind(client: pg.ClientBase): Promise<readonly unknown[]> {
  const { rows } = await client.query(
    "select current_user = session_user as home, concat(current_setting('app.user_id', true), current_setting('request.jwt.claims', true)) as who",
  );
  return rows;
}

describe.each(["postgrest", "laravel", "protect-an-existing-database"])("the guide to %s", (name) => {
  const database = useTestDatabase();
  const { steps } = readGuide(name);
  let login: pg.Client;
  beforeAll(async () => {
    login = new pg.Client({ connectionString: database.url });
    await login.connect();
  });
  afterAll(() => login?.end());

  test.each(steps)("answers as it says: $title", async (step) => {
    const administrator = await database.owner.connect();
    try {
      const answer = await run(step.title === "administrator" ? administrator : login, step.sql);
      expect(answer).toEqual(answered(step) ?? []);
    } finally {
      administrator.release();
    }
    expect(await leftBehind(login)).toEqual([{ home: true, who: "" }]);
  });
});

describe("the guide to postgrest", () => {
  const database = useTestDatabase();
  const locks = async (client: pg.ClientBase) => {
    const { rows } = await client.query<{ mode: string }>(
      "select distinct mode from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()",
    );
    return rows.map(({ mode }) => mode).toSorted();
  };
  const request = async (method: string, path: string, access = "read write"): Promise<readonly string[]> => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      await client.query(`begin isolation level read committed ${access}`);
      await client.query(
        `select set_config('role', 'web_user', true), set_config('request.method', $1, true), set_config('request.path', $2, true),
                set_config('request.jwt.claims', '{"iss":"portcullis-demo","sub":"bob@acme.test"}', true)`,
        [method, path],
      );
      await client.query("select iam.pre_request()");
      return await locks(client);
    } finally {
      await client.end();
    }
  };

  test("reads without a lock, also by POST, and takes the one that a write needs", async () => {
    expect(await request("GET", "/todos", "read only")).toEqual([]);
    expect(await request("POST", "/rpc/can", "read only")).toEqual([]);
    expect(await request("PATCH", "/todos")).toEqual(["ShareLock"]);
    expect(await request("POST", "/todo_shares")).toContain("ExclusiveLock");
    expect(await request("POST", "/rpc/grant_role")).toContain("ExclusiveLock");
    expect(await request("", "")).toContain("ExclusiveLock");
  });

  test("denies a token that names a subject and no issuer", async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const claims = `begin; select set_config('role', 'web_user', true), set_config('request.jwt.claims', '{"sub":"bob@acme.test"}', true); select iam.pre_request(); commit`;
    expect(await run(client, claims)).toEqual({ error: "PT401" });
    await client.end();
  });
});

describe("the guide to laravel", () => {
  const database = useTestDatabase();

  test("reads with its PHP's own statements, prepared one by one", async () => {
    const { steps, sentByPhp } = readGuide("laravel");
    const [facts, open, role, can] = sentByPhp;
    await database.owner.query(steps.find(({ title }) => title === "administrator")?.sql ?? "");
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const send = (text = "", values: readonly unknown[] = []) =>
      client.query({ text, values: [...values], name: text.slice(0, 60) });
    await client.query("begin");
    await send(facts, ["https://app.example", "3", "", "r1", "none"]);
    await send(open);
    await send(role, ["web_user"]);
    expect((await send(can, ["view_sales_page", "campus/chicago"])).rows).toEqual([{ can: true }]);
    expect((await send(can, ["view_sales_page", "campus/miami"])).rows).toEqual([{ can: false }]);
    await client.query("commit");
    expect(sentByPhp).toHaveLength(4);
    expect(await run(client, "select title from todos")).toEqual({ error: "42501" });
    await client.end();
  });
});

// A cluster of its own: the roles that Supabase brings would give the other tests' authenticator more than it may have.
describe("the guide to supabase", () => {
  const { steps } = readGuide("supabase");
  let cluster: ProofCluster;
  let database: ProofDatabase;
  let login: pg.Client;
  let administrator: pg.Client;
  beforeAll(async () => {
    cluster = await startProofCluster();
    database = await cluster.clone();
    administrator = new pg.Client({ connectionString: database.adminUrl });
    await administrator.connect();
    await administrator.query(`
      create role anon nologin; create role authenticated nologin; create role service_role nologin bypassrls;
      create role supabase_auth_admin nologin;
      grant anon, authenticated, service_role to authenticator;
      grant usage on schema public to anon, authenticated, service_role;
      grant all on all tables in schema public to anon, authenticated, service_role;
      alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
      alter default privileges in schema public grant execute on functions to anon, authenticated, service_role`);
    login = new pg.Client({ connectionString: database.url });
    await login.connect();
  });
  afterAll(async () => {
    await login?.end();
    await administrator?.end();
    await database?.drop();
    await cluster?.stop();
  });

  test.each(steps)("answers as it says: $title", async (step) => {
    const isAdministrator = step.title === "administrator" || step.title.startsWith("supabase_auth_admin");
    if (step.title.startsWith("supabase_auth_admin")) await administrator.query("set role supabase_auth_admin");
    const answer = await run(isAdministrator ? administrator : login, step.sql);
    await administrator.query("reset role");
    expect(answer).toEqual(answered(step) ?? []);
  });

  test("refuses the gateway Supabase's authenticator, and allows it the login of its own", async () => {
    await expect(proveDatabase(database.url)).rejects.toThrow("service_role, which has BYPASSRLS");
    const url = new URL(database.url);
    [url.username, url.password] = ["portcullis_gateway", encodeURIComponent("change me")];
    await proveDatabase(url.href);
    const { rows } = await administrator.query(`
      select p.oid::regprocedure::text as name from pg_proc p
      where p.pronamespace = 'iam'::regnamespace
        and has_function_privilege('authenticator', p.oid, 'execute') <> has_function_privilege('portcullis_gateway', p.oid, 'execute')`);
    expect(rows).toEqual([]);
  });

  test("names every role in the token in the order of their codes, and none of somebody who is locked", async () => {
    const claims = async () => {
      const { rows } = await administrator.query(
        `select iam.custom_access_token_hook('{"user_id":"jane@acme.test","claims":{"iss":"portcullis-demo"}}') -> 'claims' as claims`,
      );
      return rows[0]?.claims;
    };
    const roles = ["finance_officer", "sales_manager"];
    expect(await claims()).toMatchObject({ tenant: "acme", user_role: "finance_officer", user_roles: roles });
    await administrator.query("update iam.users set is_locked = true where email = 'jane@acme.test'");
    expect(await claims()).toMatchObject({ tenant: null, user_role: null, user_roles: [] });
  });

  test("denies what Supabase would have granted on a table made later", async () => {
    await administrator.query("create table public.later (id int)");
    const { rows } = await administrator.query(
      "select has_table_privilege('authenticated', 'public.later', 'select') as may",
    );
    expect(rows).toEqual([{ may: false }]);
  });
});
