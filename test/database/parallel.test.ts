/** In charge of parallel workers: they are the same caller as their leader, and see and hide the same rows. */
import { beforeAll, describe, expect, test } from "vitest";
import { type Transaction, useCallers } from "../support/callers.js";

const { as, database } = useCallers();

// Jane holds what she holds at one scope, so that her policies ask all they can.
const jane = "jane@acme.test";
const ids = "select id::text from todos order by id";
const explained =
  "explain (analyze, costs off, timing off, buffers off) select count(*), sum(length(title)) from todos";

beforeAll(async () => {
  await database.owner.query(
    `
    insert into iam.grants (tenant_id, user_id, feature_id, scope_id)
    select s.tenant_id, u.id, f.id, s.id from iam.users u, iam.scopes s, iam.features f
    where u.email = $1 and s.type = 'campus' and s.key = 'chicago' and f.code = 'todos'`,
    [jane],
  );
  await database.owner.query(`
    insert into todos (tenant_id, owner_id, scope_id, title)
    select s.tenant_id, u.id, s.id, 'Room ' || i from iam.users u, iam.scopes s, generate_series(1, 400) i
    where u.email = 'alice@acme.test' and s.tenant_id is not null and s.type in ('campus', 'store', 'tenant')
      and exists (select from iam.tenant_members m where m.tenant_id = s.tenant_id and m.user_id = u.id)`);
  await database.owner.query("analyze todos");
});

async function inParallel({ sql }: Transaction): Promise<void> {
  await sql(`
    select set_config(name, value, true)
    from (values
      ('parallel_setup_cost', '0'), ('parallel_tuple_cost', '0'), ('min_parallel_table_scan_size', '0'),
      ('min_parallel_index_scan_size', '0'), ('parallel_leader_participation', 'off'), ('enable_indexscan', 'off'),
      ('enable_indexonlyscan', 'off'), ('enable_bitmapscan', 'off')) given (name, value)`);
}

describe("a parallel worker", () => {
  test("reads what its leader's caller sees, and hides what he doesn't", async () => {
    const alone = await as(jane).read(ids);
    const all = await database.owner.query("select count(*)::int as count from todos");
    expect(alone.length).toBeGreaterThan(400);
    expect(alone.length).toBeLessThan(all.rows[0]?.count as number);
    await as(jane).within(async (session) => {
      await inParallel(session);
      const plan = (await session.sql(explained)).map((row) => String(row["QUERY PLAN"])).join("\n");
      // before 17, no query that looks something up once is run in parallel
      const [{ mayBe } = {}] = await session.sql(
        "select current_setting('server_version_num')::int >= 170000 as \"mayBe\"",
      );
      expect(/Workers Launched: [1-9]/.test(plan)).toBe(mayBe);
      expect(/Parallel Seq Scan on todos.*\n.*hashed SubPlan/.test(plan)).toBe(mayBe);
      expect(await session.sql(ids)).toEqual(alone);
    });
  });

  test.each([
    ["steps into somebody else", "iam.explain_row('public.todos', $1::uuid, 'update', 'jane@acme.test')"],
    ["tries what is refused", "iam.may('delete', 'User', $1::uuid)"],
  ])("is never given what %s, and the leader answers", async (_what, call) => {
    const {
      rows: [{ id } = {}],
    } = await database.owner.query("select id from todos where title = 'Room 1' limit 1");
    await as("alice@acme.test").within(async ({ sql }) => {
      const [alone] = await sql(`select ${call} as answer`, id);
      await sql(
        "select set_config(name, 'on', true) from pg_settings where name in ('debug_parallel_query', 'force_parallel_mode')",
      );
      // in other words, since what was planned before stays planned
      expect(await sql(`select  ${call} as answer`, id)).toEqual([alone]);
    });
  });
});
