/** In charge of what a delegated administrator may not: beyond his time, his place, his tenant, and what is denied to him. */
import { beforeAll, describe, expect, test } from "vitest";
import { arranger } from "../support/arrange.js";
import { useCallers } from "../support/callers.js";
import { fingerprint } from "../support/fingerprint.js";

const { as, database } = useCallers();
const arrange = arranger(database);
const soon = "now() + interval '30 seconds'";
const later = "now() + interval '1 hour'";
let before: string;
let ownersGrant: string;

beforeAll(async () => {
  for (const email of ["tom@acme.test", "tina@acme.test", "dan@acme.test", "vic@acme.test", "wes@acme.test"])
    await arrange.user(email);
  await arrange.user("both@acme.test", ["acme", "globex"]);
  await arrange.feature("orders_of_day");
  await arrange.grant({ user: "tom@acme.test", feature: "*", scope: "tenant/acme", until: 60 });
  await arrange.group({ name: "temporary", owner: "tina@acme.test" });
  await arrange.grant({ group: "temporary", feature: "*", scope: "tenant/acme" });
  await database.owner.query(
    "insert into iam.group_members (tenant_id, group_id, user_id, valid_until) select g.tenant_id, g.id, u.id, now() + interval '60 seconds' from iam.groups g, iam.users u where g.name = 'temporary' and u.email = 'tina@acme.test'",
  );
  await arrange.grant({ user: "dan@acme.test", feature: "*", scope: "campus/chicago" });
  await arrange.scope("campus/miami", "store", "7");
  await arrange.scope("campus/chicago", "store", "43");
  await arrange.grant({ user: "vic@acme.test", feature: "*", scope: "tenant/acme" });
  await arrange.grant({ user: "vic@acme.test", feature: "todos.audit", scope: "store/42", effect: "deny" });
  await arrange.grant({ user: "vic@acme.test", feature: "chats", scope: "tenant/acme", effect: "deny", from: 3_600 });
  await arrange.grant({ user: "both@acme.test", feature: "*", scope: "global/all" });
  await arrange.grant({
    user: "both@acme.test",
    feature: "todos.read",
    scope: "tenant/globex",
    tenant: "globex",
    effect: "deny",
  });
  await arrange.grant({ user: "wes@acme.test", feature: "*", scope: "tenant/acme" });
  for (const email of ["mover@acme.test", "moved@acme.test"]) await arrange.user(email);
  await arrange.scope("tenant/acme", "campus", "boston");
  await arrange.scope("campus/boston", "store", "44");
  await arrange.scope("store/44", "shelf", "9");
  await arrange.scope("campus/miami", "store", "8");
  await arrange.grant({ user: "mover@acme.test", feature: "iam.scopes", scope: "tenant/acme" });
  await arrange.grant({ user: "mover@acme.test", feature: "orders_of_day", scope: "tenant/acme", until: 7_200 });
  const deny = { user: "moved@acme.test", effect: "deny" } as const;
  await arrange.grant({ ...deny, feature: "orders_of_day", scope: "store/44", until: 3_600 });
  await arrange.scope("campus/miami", "store", "45");
  await arrange.grant({ ...deny, feature: "todos.audit", scope: "store/45" });
  await arrange.grant({ user: "wes@acme.test", feature: "todos.audit", scope: "campus/chicago", effect: "deny" });
  const { rows } = await database.owner.query<{ id: string }>(
    "select g.id from iam.grants g join iam.users u on u.id = g.user_id where u.email = 'alice@acme.test'",
  );
  ownersGrant = rows[0]?.id ?? "";
  before = await fingerprint(database);
});

const denied: readonly (readonly [who: string, way: string, call: string, sqlstate?: string])[] = [
  ["tom", "granting for good what he holds for a minute", "grant_feature('todos', 'tenant/acme', 'bob@acme.test')"],
  [
    "tom",
    "granting it for an hour",
    `grant_feature('todos', 'tenant/acme', 'bob@acme.test', null, 'allow', null, ${later})`,
  ],
  [
    "tom",
    "granting it to himself for an hour",
    `grant_role('tenant_owner', 'tenant/acme', 'tom@acme.test', null, null, ${later})`,
  ],
  ["tom", "making another an owner for good", "assign_tenant_owner('bob@acme.test')"],
  ["tom", "adding a member to a group that holds it for good", "add_group_member('temporary', 'bob@acme.test')"],
  ["tom", "revoking a deny for good", "revoke((select 'Grant:' || id from iam.grants where effect = 'deny' limit 1))"],
  [
    "tina",
    "staying in a group for longer than she was put in",
    `add_group_member('temporary', 'tina@acme.test', null, ${later})`,
  ],
  ["tina", "adding another to it for longer", `add_group_member('temporary', 'bob@acme.test', null, ${later})`],
  ["tina", "granting for good what she holds in it", "grant_feature('todos', 'tenant/acme', 'tina@acme.test')"],
  ["dan", "granting at the scope above his", "grant_feature('todos', 'tenant/acme', 'bob@acme.test')", "52109"],
  ["dan", "granting at a campus that he can't see", "grant_feature('todos', 'campus/miami', 'bob@acme.test')", "PT404"],
  ["dan", "moving a place of his out of his campus", "move_scope('store/42', 'tenant/acme')"],
  ["dan", "moving his own campus", "move_scope('campus/chicago', 'tenant/acme')"],
  ["dan", "deleting his own campus", "delete_scope('campus/chicago')"],
  ["dan", "moving a place of others into his campus", "move_scope('store/7', 'campus/chicago')", "PT404"],
  ["dan", "creating a scope above his", "create_scope('tenant/acme', 'campus', 'boston')"],
  ["dan", "creating a role", "create_role('mine', 'Mine')"],
  ["dan", "switching a group", "disable_group('Office')", "52171"],
  ["dan", "revoking an owner's grant", "revoke('Grant:{owner}')", "PT404"],
  ["vic", "granting what a deny of a feature below touches", "grant_feature('todos', 'store/42', 'bob@acme.test')"],
  [
    "vic",
    "granting what a deny at a scope below touches",
    "grant_feature('todos.audit', 'campus/chicago', 'bob@acme.test')",
  ],
  ["vic", "granting everything with a deny anywhere", "grant_feature('*', 'tenant/acme', 'bob@acme.test')"],
  ["vic", "granting what a deny will touch in an hour", "grant_feature('chats.read', 'campus/miami', 'bob@acme.test')"],
  [
    "vic",
    "revoking the deny against himself",
    "revoke((select 'Grant:' || id from iam.grants where effect = 'deny' and user_id = iam.caller_id() limit 1))",
  ],
  ["wes", "moving a place from under the deny against himself", "move_scope('store/42', 'campus/miami')"],
  [
    "mover",
    "moving a place from under a deny that ends, with what he holds for a while himself",
    "move_scope('shelf/9', 'campus/boston')",
  ],
  ["vic", "joining a group that holds everything", "add_group_member('temporary', 'vic@acme.test')"],
  [
    "both",
    "granting everywhere what is denied to him in another tenant",
    "grant_role('platform_admin', 'global/all', 'bob@acme.test')",
  ],
  ["both", "creating tenants with it", "create_tenant('third', 'Third', 'bob@acme.test')"],
];

const allowed: readonly (readonly [who: string, way: string, call: string])[] = [
  [
    "tom",
    "granting it for as long as he holds it",
    `grant_feature('todos', 'tenant/acme', 'bob@acme.test', null, 'allow', null, ${soon})`,
  ],
  [
    "tom",
    "adding a member for as long as he holds it",
    `add_group_member('temporary', 'bob@acme.test', null, ${soon})`,
  ],
  [
    "tina",
    "adding a member for as long as she is in it",
    `add_group_member('temporary', 'bob@acme.test', null, ${soon})`,
  ],
  ["dan", "granting at a store of his campus", "grant_feature('*', 'store/42', 'bob@acme.test')"],
  ["dan", "creating a scope in his campus", "create_scope('store/42', 'shelf', '1')"],
  ["dan", "moving a place within his campus", "move_scope('store/42', 'store/43')"],
  ["mover", "moving a place to under a deny of what he doesn't hold", "move_scope('store/8', 'store/45')"],
  ["vic", "granting what no deny touches", "grant_feature('todos.read', 'tenant/acme', 'bob@acme.test')"],
  ["vic", "granting what another is denied there", "grant_feature('todos.audit', 'store/43', 'bob@acme.test')"],
  ["vic", "granting it beside the deny's scope", "grant_feature('todos', 'campus/miami', 'bob@acme.test')"],
  ["both", "granting everywhere what no deny touches", "grant_feature('todos.update', 'global/all', 'bob@acme.test')"],
];

describe("a delegated administrator", () => {
  test.each(denied.map(([who, way, call, sqlstate]) => [who, way, call, sqlstate ?? "52109"] as const))(
    "denies %s: %s",
    async (who, _, call, sqlstate) => {
      expect(
        await as(`${who}@acme.test`, { tenant: "acme" }).outcome(`select iam.${call.replace("{owner}", ownersGrant)}`),
      ).toBe(sqlstate);
    },
  );

  test("denied attempts write nothing", async () => {
    expect(await fingerprint(database)).toBe(before);
  });

  test.each(allowed)("allows %s: %s", async (who, _, call) => {
    expect(await as(`${who}@acme.test`, { tenant: "acme" }).trial(`select iam.${call}`)).toBe("allowed");
  });
});

describe("whom a tenant doesn't have for itself", () => {
  test.each(["disable_user", "lock_user", "delete_user", "enable_user"])(
    "denies %s to the owner who made a platform administrator a member",
    async (name) => {
      await as("alice@acme.test").outcome("select iam.add_tenant_member('ada@portcullis.test')");
      expect(await as("alice@acme.test").outcome(`select iam.${name}('ada@portcullis.test')`)).toBe("52109");
      expect(await as("alice@acme.test").outcome("select iam.link_identity('ada@portcullis.test', 'demo', 'x')")).toBe(
        "52109",
      );
      expect(await as("alice@acme.test").outcome("select iam.update_user('ada@portcullis.test', 'Eve')")).toBe("52109");
    },
  );

  test("allows enabling somebody who was only denied what one doesn't hold, and denies it when it was given to him or his group", async () => {
    for (const email of ["keeper@acme.test", "barred@acme.test"]) await arrange.user(email);
    await arrange.grant({ user: "keeper@acme.test", feature: "iam.users", scope: "tenant/acme" });
    const todos = { user: "barred@acme.test", feature: "todos", scope: "tenant/acme" };
    await arrange.grant({ ...todos, effect: "deny" });
    const enable = () => as("keeper@acme.test").trial("select iam.enable_user('barred@acme.test')");
    expect(await enable()).toBe("allowed");
    await arrange.grant(todos);
    expect(await enable()).toBe("52109");
    await arrange.user("grouped@acme.test");
    const enableInGroup = () => as("keeper@acme.test").trial("select iam.enable_user('grouped@acme.test')");
    expect(await enableInGroup()).toBe("allowed");
    await arrange.group({ name: "holders", members: ["grouped@acme.test"] });
    await arrange.grant({ group: "holders", feature: "todos", scope: "tenant/acme" });
    expect(await enableInGroup()).toBe("52109");
  });

  test("denies him shedding a deny by leaving the tenant that it holds in", async () => {
    await arrange.user("global@acme.test");
    await arrange.grant({ user: "global@acme.test", feature: "todos", scope: "global/all" });
    await arrange.grant({ user: "global@acme.test", feature: "todos.read", scope: "tenant/acme", effect: "deny" });
    expect(await as("global@acme.test").outcome("select iam.remove_tenant_member('global@acme.test')")).toBe("52109");
    expect(await as("global@acme.test", { tenant: "acme" }).value("select iam.can('todos.read', 'tenant/acme')")).toBe(
      false,
    );
    expect(await as("alice@acme.test").trial("select iam.remove_tenant_member('global@acme.test')")).toBe("allowed");
  });

  test("allows ending a membership beside denies of others, and elsewhere", async () => {
    await arrange.user("loose@acme.test", ["acme", "globex"]);
    await arrange.grant({ user: "loose@acme.test", feature: "todos", scope: "global/all" });
    const elsewhere = { user: "loose@acme.test", scope: "tenant/globex", tenant: "globex" } as const;
    await arrange.grant({ ...elsewhere, feature: "chats", effect: "deny" });
    await arrange.user("remover@acme.test");
    await arrange.grant({ user: "remover@acme.test", feature: "iam.users", scope: "tenant/acme" });
    const remove = () => as("remover@acme.test").trial("select iam.remove_tenant_member('loose@acme.test')");
    expect(await remove()).toBe("allowed");
    await arrange.grant({ user: "loose@acme.test", feature: "chats", scope: "tenant/acme", effect: "deny" });
    expect(await remove()).toBe("52109");
  });

  test("allows who is out of reach of the tenant afterwards to leave with a deny", async () => {
    await arrange.user("hermit@acme.test");
    for (const scope of ["tenant/acme", "global/all"])
      await arrange.grant({ user: "hermit@acme.test", feature: "todos.read", scope, effect: "deny" });
    expect(await as("hermit@acme.test").trial("select iam.remove_tenant_member('hermit@acme.test')")).toBe("allowed");
  });

  test("denies a member of two tenants to the owner of one, until he leaves the other", async () => {
    await arrange.user("shared@acme.test", ["acme", "globex"]);
    expect(await as("alice@acme.test").outcome("select iam.disable_user('shared@acme.test')")).toBe("52109");
    expect(
      await as("ada@portcullis.test", { tenant: "acme" }).trial("select iam.disable_user('shared@acme.test')"),
    ).toBe("allowed");
    await database.owner.query(
      `update iam.tenant_members set deleted_at = now() where user_id = (select id from iam.users where email = 'shared@acme.test')
         and tenant_id = (select id from iam.tenants where slug = 'globex')`,
    );
    expect(await as("alice@acme.test").trial("select iam.disable_user('shared@acme.test')")).toBe("allowed");
  });
});
