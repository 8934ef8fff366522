/** In charge of tenants never meeting: in every table, for every command, whoever asks and whatever he says he is. */
import { beforeAll, describe, expect, test } from "vitest";
import { arranger } from "../support/arrange.js";
import { outcomeOf, useCallers } from "../support/callers.js";

const { as, database } = useCallers();
const arrange = arranger(database);
const globex = "acacacac-0000-4000-8000-000000000002";
const owners = { acme: "alice@acme.test", globex: "carol@globex.test" } as const;
let tables: readonly { readonly name: string; readonly tenantColumn: string | null; readonly columns: string }[] = [];

beforeAll(async () => {
  await arrange.user("twice@acme.test", ["acme", "globex"]);
  for (const tenant of ["acme", "globex"] as const) {
    const group = await arrange.group({
      name: `${tenant}-outer`,
      tenant,
      owner: owners[tenant],
      members: ["twice@acme.test"],
      includes: [tenant === "acme" ? "Office" : "Board"],
    });
    await arrange.role({ code: `${tenant}_role`, tenant, features: ["todos"], includes: ["auditor"] });
    await arrange.grant({ group: `${tenant}-outer`, role: `${tenant}_role`, scope: `tenant/${tenant}`, tenant });
    await database.owner.query(
      "insert into iam.group_mappings (tenant_id, group_id, provider_id, external_id) select g.tenant_id, g.id, p.id, 'x' from iam.groups g, iam.providers p where g.id = $1",
      [group],
    );
    for (const [shares, row, parent] of [
      ["todo_shares", "todo_id", "todos"],
      ["chat_shares", "chat_id", "chats"],
    ])
      await database.owner.query(
        `insert into ${shares} (tenant_id, ${row}, group_id) select g.tenant_id, r.id, g.id from iam.groups g join ${parent} r on r.tenant_id = g.tenant_id where g.id = $1`,
        [group],
      );
    await database.owner.query(
      "insert into sales (tenant_id, campus, amount) select id, 'springfield', 5 from iam.tenants where slug = $1",
      [tenant],
    );
    await as(owners[tenant]).sql("select iam.create_group('Written down')");
  }
  const { rows } = await database.owner.query(`
    select c.oid::regclass::text as name,
           (select attname from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id') as "tenantColumn",
           (select string_agg(quote_ident(a.attname), ', ') from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and has_column_privilege('web_user', c.oid, a.attnum, 'select')) as columns
    from pg_class c where c.relkind = 'r' and c.relnamespace in ('iam'::regnamespace, 'public'::regnamespace) and has_any_column_privilege('web_user', c.oid, 'select')`);
  tables = rows;
});

describe("a row of another tenant", () => {
  test("is hidden in every table from the owner of a tenant and from a member of both", async () => {
    expect(tables.filter(({ tenantColumn }) => tenantColumn !== null).length).toBeGreaterThan(9);
    for (const { name, tenantColumn } of tables.filter(
      (table) => table.tenantColumn !== null && table.name !== "iam.tenant_members",
    )) {
      const foreign = `select count(*)::int from ${name} where ${tenantColumn} = $1`;
      const { rows } = await database.owner.query<{ count: number }>(foreign, [globex]);
      for (const who of [owners.acme, "twice@acme.test"])
        expect([name, who, await as(who, { tenant: "acme" }).value(foreign, globex)]).toEqual([name, who, 0]);
      expect([name, Number(rows[0]?.count) > 0 || /api_key|tokens/.test(name)]).toEqual([name, true]);
      if (!/api_key|tokens/.test(name))
        expect([name, Number(await as(owners.globex).value(foreign, globex)) > 0]).toEqual([name, true]);
    }
  });

  test("is hidden where the table has no tenant of its own", async () => {
    const bare = `select (select count(*)::int from iam.users where email like '%globex%') as users,
      (select count(*)::int from iam.identities where subject like '%globex%') as identities,
      (select count(*)::int from iam.tenants where slug = 'globex') as tenants, (select count(*)::int from iam.providers) as providers`;
    expect(await as(owners.acme).read(bare)).toEqual([{ users: 0, identities: 0, tenants: 0, providers: 0 }]);
    expect(await as("bob@acme.test").read(bare)).toEqual([{ users: 0, identities: 0, tenants: 0, providers: 0 }]);
  });

  test.each([
    ["app.user_id", ""],
    ["app.user_id", "00000000-0000-0000-0000-000000000000"],
    ["app.tenant_id", ""],
    ["app.tenant_id", "00000000-0000-0000-0000-000000000000"],
    ["app.identity_id", "00000000-0000-0000-0000-000000000000"],
    ["app.actor_id", "00000000-0000-0000-0000-000000000000"],
    ["app.api_key_id", "00000000-0000-0000-0000-000000000000"],
  ])("is hidden, and every other with it, when %s is %j", async (setting, value) => {
    for (const { name } of tables.filter(
      (table) => table.tenantColumn !== null && !/features|includes|tenant_members/.test(table.name),
    ))
      await as(owners.acme).within(async ({ sql }) => {
        await sql(`select set_config('${setting}', $1, true)`, value);
        expect([name, await sql(`select count(*)::int as seen from ${name}`)]).toEqual([name, [{ seen: 0 }]]);
      });
  });

  test.each(["null", " ", "'"])("is hidden behind an error when the identity is %j", async (value) => {
    await as(owners.acme)
      .within(async ({ sql }) => {
        await sql("select set_config('app.user_id', $1, true)", value);
        expect(await outcomeOf(sql("select from todos"))).toBe("22P02");
      })
      .catch(() => undefined);
  });
});
