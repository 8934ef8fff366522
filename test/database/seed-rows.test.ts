/** In charge of what the seeds do and nothing else tries: a role given twice, a table of another schema, a stamp. */
import { describe, expect, test } from "vitest";
import { useCallers } from "../support/callers.js";

const { as, database } = useCallers(2);
const alice = as("alice@acme.test");

describe("a role given twice", () => {
  test("is held once, allows until both grants have ended, and shows both to who reads grants", async () => {
    const grant = "select 'Grant:' || iam.grant_role('sales_manager', 'campus/miami', 'bob@acme.test') as id";
    const ids: unknown[] = [];
    for (const _ of [1, 2]) ids.push((await alice.sql(grant))[0]?.["id"]);
    const bobMay = () => as("bob@acme.test").value("select iam.can('view_sales_page', 'campus/miami')");
    expect(
      await alice.value(
        "select count(*)::int from iam.grants g join iam.users u on u.id = g.user_id where u.email = 'bob@acme.test'",
      ),
    ).toBe(2);
    await alice.sql("select iam.revoke($1)", ids[0]);
    expect(await bobMay()).toBe(true);
    await alice.sql("select iam.revoke($1)", ids[1]);
    expect(await bobMay()).toBe(false);
  });
});

describe("a table of another schema", () => {
  test("is guarded by a feature at the scope in its column, like one of ours", async () => {
    await database.owner.query(`
      create schema other_schema;
      create table other_schema.sales (campus text not null, amount numeric);
      insert into other_schema.sales values ('chicago', 1000), ('miami', 2000);
      alter table other_schema.sales enable row level security, force row level security;
      grant usage on schema other_schema to web_user;
      grant select on other_schema.sales to web_user;
      create policy sales_select_user on other_schema.sales for select to web_user
        using (campus in (select iam.scope_keys_with('view_sales_page', 'campus')))`);
    const seen = (who: string) => as(who).read("select campus from other_schema.sales order by campus");
    expect(await seen("jane@acme.test")).toEqual([{ campus: "chicago" }]);
    expect(await seen("alice@acme.test")).toEqual([{ campus: "chicago" }, { campus: "miami" }]);
    expect(await seen("bob@acme.test")).toEqual([]);
  });
});

describe("a changed row", () => {
  test("writes when it was changed, by whichever column, and nobody writes that himself", async () => {
    const stamp = () => alice.value("select updated_at > created_at from todos where title = 'Plan the offsite'");
    await database.owner.query(
      "update public.todos set created_at = now() + interval '1 day' where title = 'Plan the offsite'",
    );
    expect(await stamp()).toBe(false);
    await database.owner.query("update public.todos set created_at = '2026-01-01' where title = 'Plan the offsite'");
    await alice.sql("update todos set done = true where title = 'Plan the offsite'");
    expect(await stamp()).toBe(true);
    expect(await alice.outcome("update todos set updated_at = '2020-01-01'")).toBe("42501");
  });
});
