/** In charge of acting as somebody: everything must be allowed to both, row by row, and both must be alive. */
import { beforeAll, describe, expect, test } from "vitest";
import { arranger } from "../support/arrange.js";
import { useCallers } from "../support/callers.js";

const { as, database } = useCallers();
const arrange = arranger(database);
const helper = "helper@acme.test";
const titles = "select title from todos order by title";
const acting = (who: string, actAs: string) => as(who, { tenant: "acme", actAs });

beforeAll(async () => {
  await arrange.user(helper);
  await arrange.user("locked@acme.test");
  const former = await arrange.user("former@acme.test");
  await database.owner.query("update iam.tenant_members set deleted_at = now() where user_id = $1", [former]);
  await arrange.grant({ user: helper, feature: "iam.impersonate", scope: "tenant/acme" });
  await database.owner.query("update iam.users set is_locked = true where email = 'locked@acme.test'");
  await as(helper).sql("insert into todos (title) values ('Help')");
});

describe("acting as somebody", () => {
  test.each([
    ["bob@acme.test", "alice@acme.test", "52109"],
    ["jane@acme.test", "bob@acme.test", "52109"],
    ["erin@acme.test", "bob@acme.test", "52109"],
    [helper, "carol@globex.test", "52103"],
    [helper, "mallory@nowhere.test", "52103"],
    [helper, "nobody@acme.test", "52103"],
    [helper, "User:00000000-0000-4000-8000-0000000000c0", "52103"],
    [helper, "locked@acme.test", "52106"],
    [helper, "former@acme.test", "52103"],
  ])("denies %s to act as %s", async (who, whom, sqlstate) => {
    expect(await acting(who, whom).outcome("select 1")).toBe(sqlstate);
  });

  test("is the other one, done by oneself", async () => {
    const [row] = await acting("alice@acme.test", "bob@acme.test").read(
      "select (select email from iam.users where id = iam.caller_id()) as me, (select email from iam.users where id = iam.actor_id()) as actor",
    );
    expect(row).toEqual({ me: "bob@acme.test", actor: "alice@acme.test" });
  });

  test("shows what both may see, and hides what one of them may not", async () => {
    expect(await acting("alice@acme.test", "bob@acme.test").read(titles)).toEqual(
      await as("bob@acme.test").read(titles),
    );
    expect(await acting(helper, "alice@acme.test").read(titles)).toEqual([{ title: "Help" }]);
    expect(await acting(helper, "bob@acme.test").read(titles)).toEqual([]);
    expect(await acting(helper, "alice@acme.test").read("select from sales")).toEqual([]);
    expect(await acting(helper, "alice@acme.test").read("select from iam.grants")).toEqual([]);
  });

  test.each(["todos.read", "iam.grants.create", "*", "view_sales_page"])(
    "denies the feature %s that only one of them holds",
    async (feature) => {
      for (const [who, whom] of [
        [helper, "alice@acme.test"],
        ["alice@acme.test", helper],
      ] as const) {
        const [row] = await acting(who, whom).read(
          "select iam.can($1, 'tenant/acme') as can, iam.holds_everywhere($1) as everywhere, iam.holds_somewhere($1) as somewhere",
          feature,
        );
        expect(row).toEqual({ can: false, everywhere: false, somewhere: false });
      }
    },
  );

  test.each([
    "grant_feature('todos', 'tenant/acme', 'helper@acme.test')",
    "assign_tenant_owner('helper@acme.test')",
    "add_group_member('Office', 'helper@acme.test')",
    "create_group('Mine')",
    "delete_group('Office')",
    "update_user('alice@acme.test', 'Mine')",
    "remove_tenant_member('alice@acme.test')",
    "link_identity('alice@acme.test', 'demo', 'mine')",
    "create_role('mine', 'Mine')",
    "select_tenant('acme')",
  ])("denies an owner's rights to who acts as her: %s", async (call) => {
    expect(await acting(helper, "alice@acme.test").outcome(`select iam.${call}`)).toMatch(/52109|PT403|52171|52280/);
  });

  test("denies it to share, edit or delete what only the other one may", async () => {
    const asAlice = acting(helper, "alice@acme.test");
    expect(await asAlice.sql("update todos set done = true where title <> 'Help' returning id")).toEqual([]);
    expect(await asAlice.sql("delete from todos where title <> 'Help' returning id")).toEqual([]);
    expect(
      await asAlice.outcome(
        "insert into todo_shares (todo_id, user_id) values ('70d00000-0000-4000-8000-000000000002', iam.actor_id())",
      ),
    ).toBe("42501");
  });

  test("denies everything from the moment that the one who acts is locked", async () => {
    await acting("alice@acme.test", "bob@acme.test").within(async ({ sql }) => {
      expect(await sql(titles)).not.toEqual([]);
      const client = await database.owner.connect();
      await client.query(
        "set session_replication_role = replica; update iam.users set is_locked = true where email = 'alice@acme.test'",
      );
      client.release(true);
      expect(
        await sql(
          "select iam.caller_id() as me, iam.can('todos', 'tenant/acme') as can, (select count(*)::int from todos) as todos",
        ),
      ).toEqual([{ me: null, can: false, todos: 0 }]);
    });
    await database.owner.query("update iam.users set is_locked = false where email = 'alice@acme.test'");
  });

  test("writes down both", async () => {
    await acting("alice@acme.test", "bob@acme.test").outcome("select iam.create_group('Acted')");
    await as("alice@acme.test").sql("select iam.grant_feature('iam.groups', 'tenant/acme', 'bob@acme.test')");
    await acting("alice@acme.test", "bob@acme.test").sql("select iam.lock_group('Office')");
    const { rows } = await database.owner.query(
      "select a.email as actor, u.email as as_user from iam.audit_events e join iam.users a on a.id = e.actor_id join iam.users u on u.id = e.user_id where e.code = 50207",
    );
    expect(rows).toEqual([{ actor: "alice@acme.test", as_user: "bob@acme.test" }]);
  });
});
