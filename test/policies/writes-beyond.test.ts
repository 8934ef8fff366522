/** In charge of writes that go beyond one's own: to another owner, scope or tenant, and what their refusal tells. */
import { describe, expect, test } from "vitest";
import { arranger } from "../support/arrange.js";
import { useCallers } from "../support/callers.js";
import { fingerprint } from "../support/fingerprint.js";

const { as, database } = useCallers();
const arrange = arranger(database);
const globex = "acacacac-0000-4000-8000-000000000002";
const acme = "acacacac-0000-4000-8000-000000000001";
const alice = "alice@acme.test";
const foreignTodo = "70d00000-0000-4000-8000-000000000005";
const own = "70d00000-0000-4000-8000-000000000002";
const refused: readonly (readonly [way: string, sql: string])[] = [
  ["inserting into another tenant", `insert into todos (tenant_id, title) values ('${globex}', 'x')`],
  [
    "inserting in another's name",
    "insert into todos (owner_id, title) values ('00000000-0000-4000-8000-0000000000b0', 'x')",
  ],
  ["choosing an id", "insert into todos (id, title) values (gen_random_uuid(), 'x')"],
  [
    "inserting at a scope of another tenant",
    "insert into todos (scope_id, title) values ('5c000000-0000-4000-8000-000000000002', 'x')",
  ],
  ["inserting at a scope that doesn't exist", "insert into todos (scope_id, title) values (gen_random_uuid(), 'x')"],
  [
    "moving a todo to another owner",
    `update todos set owner_id = '00000000-0000-4000-8000-0000000000b0' where id = '${own}'`,
  ],
  ["moving a todo to another tenant", `update todos set tenant_id = '${globex}' where id = '${own}'`],
  [
    "moving a todo to another scope",
    `update todos set scope_id = '5c000000-0000-4000-8000-000000000012' where id = '${own}'`,
  ],
  ["changing its id", `update todos set id = gen_random_uuid() where id = '${own}'`],
  ["stamping it", `update todos set created_at = now() where id = '${own}'`],
  [
    "sharing another tenant's todo",
    `insert into todo_shares (todo_id, user_id) values ('${foreignTodo}', '00000000-0000-4000-8000-0000000000b0')`,
  ],
  [
    "sharing a todo that doesn't exist",
    "insert into todo_shares (todo_id, user_id) values (gen_random_uuid(), '00000000-0000-4000-8000-0000000000b0')",
  ],
  [
    "sharing with another tenant's user",
    `insert into todo_shares (todo_id, user_id) values ('${own}', '00000000-0000-4000-8000-0000000000c0')`,
  ],
  [
    "sharing with another tenant's group",
    `insert into todo_shares (todo_id, group_id) values ('${own}', '60000000-0000-4000-8000-000000000003')`,
  ],
  [
    "sharing with a group that doesn't exist",
    `insert into todo_shares (todo_id, group_id) values ('${own}', gen_random_uuid())`,
  ],
  ["moving a share to another todo", `update todo_shares set todo_id = '${foreignTodo}'`],
  ["inserting a sale", "insert into sales (campus, amount) values ('chicago', 1)"],
  [
    "writing a grant",
    `insert into iam.grants (tenant_id, user_id, scope_id) values ('${acme}', iam.caller_id(), iam.caller_root_scope_id())`,
  ],
  ["ending a grant", "delete from iam.grants"],
  [
    "joining a group",
    `insert into iam.group_members (tenant_id, group_id, user_id) values ('${acme}', '60000000-0000-4000-8000-000000000001', iam.caller_id())`,
  ],
  ["writing a closure", "delete from iam.scope_closure"],
  ["emptying a table", "truncate todos cascade"],
];

describe("a write beyond one's own", () => {
  test.each(refused)("denies %s even to a tenant's owner, and writes nothing", async (_, sql) => {
    const before = await fingerprint(database);
    expect(await as(alice).outcome(sql)).toBe("42501");
    expect(await fingerprint(database)).toBe(before);
  });

  test("hides another tenant's rows from update and delete", async () => {
    const { rows: before } = await database.owner.query("select * from todos where id = $1", [foreignTodo]);
    expect(await as(alice).sql("update todos set title = 'mine' where id = $1 returning id", foreignTodo)).toEqual([]);
    expect(await as(alice).sql("delete from todos where id = $1 returning id", foreignTodo)).toEqual([]);
    expect((await database.owner.query("select * from todos where id = $1", [foreignTodo])).rows).toEqual(before);
  });

  test("tells no foreign id from an absent one: 60 tries of each are answered alike", async () => {
    await database.owner.query(
      "insert into todos (tenant_id, owner_id, scope_id, title) select tenant_id, owner_id, scope_id, 'secret ' || n from todos, generate_series(1, 60) n where id = $1",
      [foreignTodo],
    );
    const { rows } = await database.owner.query<{ id: string }>(
      "select id from todos where title like 'secret %' union all select gen_random_uuid() from generate_series(1, 60)",
    );
    const attempts = await Promise.all(
      rows.map(({ id }) =>
        as("bob@acme.test")
          .sql("insert into todo_shares (todo_id, user_id) values ($1, iam.caller_id()) on conflict do nothing", id)
          .catch(({ message, extensions }: { message: string; extensions: unknown }) =>
            JSON.stringify([message, extensions]),
          ),
      ),
    );
    expect([...new Set(attempts.map(String))]).toEqual([expect.stringContaining("You are not allowed")]);
  });

  test("a cascade of one tenant leaves the rows of another", async () => {
    const inGlobex = async () =>
      (
        await database.owner.query(
          "select (select count(*) from todos where tenant_id = $1) as todos, (select count(*) from todo_shares where tenant_id = $1) as shares, (select count(*) from iam.group_members where tenant_id = $1) as members",
          [globex],
        )
      ).rows;
    await arrange.group({ name: "both", owner: alice });
    await database.owner.query(
      "insert into todo_shares (tenant_id, todo_id, group_id) select g.tenant_id, r.id, g.id from iam.groups g join todos r on r.tenant_id = g.tenant_id where g.name in ('both', 'Board')",
    );
    const before = await inGlobex();
    await as(alice).sql("select iam.delete_group('both')");
    await as(alice).sql("delete from todos");
    expect(await as(alice).value("select count(*)::int from todo_shares")).toBe(0);
    expect(await inGlobex()).toEqual(before);
  });
});
