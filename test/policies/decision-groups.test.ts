/** In charge of what somebody holds through groups: nested to any depth, active all the way, in time. */
import { beforeAll, describe, expect, test } from "vitest";
import { arranger } from "../support/arrange.js";
import { useCallers } from "../support/callers.js";

const { as, database } = useCallers();
const arrange = arranger(database);
const depth = 60;
const bob = "bob@acme.test";

beforeAll(async () => {
  await arrange.feature("orders");
  await arrange.group({ name: "level 0", members: [bob] });
  for (let level = 1; level <= depth; level++)
    await arrange.group({ name: `level ${level}`, includes: [`level ${level - 1}`] });
  await arrange.grant({ group: `level ${depth}`, feature: "orders", scope: "campus/chicago" });
  await arrange.group({ name: "globex friends", tenant: "globex", members: [] });
});

const holds = (person = bob) => as(person).value("select iam.can('orders', 'store/42')");
const change = (statement: string, ...parameters: readonly unknown[]) =>
  database.owner.query(statement, [...parameters]);
const activate = (level: number, isActive: boolean) =>
  change("update iam.groups set is_active = $1 where name = $2", isActive, `level ${level}`);

describe("a group", () => {
  test(`allows its members what a group ${depth} levels above it holds`, async () => {
    expect(await holds()).toBe(true);
  });

  test("denies it to who is in none of them", async () => {
    expect(await holds("jane@acme.test")).toBe(false);
  });

  test.each([0, 1, depth / 2, depth])(
    "denies it while level %i is not active, and allows it again after",
    async (level) => {
      await activate(level, false);
      expect(await holds()).toBe(false);
      await activate(level, true);
      expect(await holds()).toBe(true);
    },
  );

  test("denies it while two of them are not active, until the second is active again", async () => {
    for (const level of [3, 9]) await activate(level, false);
    await activate(3, true);
    expect(await holds()).toBe(false);
    await activate(9, true);
    expect(await holds()).toBe(true);
  });

  test("allows it by another path around one that is not active", async () => {
    await arrange.group({ name: "bridge", includes: ["level 4"] });
    await change(
      "insert into iam.group_includes (tenant_id, group_id, included_group_id) select a.tenant_id, a.id, b.id from iam.groups a, iam.groups b where a.name = 'level 6' and b.name = 'bridge'",
    );
    await activate(5, false);
    expect(await holds()).toBe(true);
    await change("delete from iam.groups where name = 'bridge'");
    expect(await holds()).toBe(false);
    await activate(5, true);
  });

  test("denies it from the moment that the link between is gone", async () => {
    const link = "from iam.group_includes where group_id = (select id from iam.groups where name = 'level 31')";
    const { rows } = await change(`delete ${link} returning tenant_id, group_id, included_group_id`);
    expect(await holds()).toBe(false);
    const [row] = rows as readonly Record<string, unknown>[];
    await change(
      "insert into iam.group_includes (tenant_id, group_id, included_group_id) values ($1, $2, $3)",
      row?.tenant_id,
      row?.group_id,
      row?.included_group_id,
    );
    expect(await holds()).toBe(true);
  });

  test.each([
    ["before a membership begins", "valid_from = now() + interval '1 minute'", false],
    ["after a membership has ended", "valid_from = null, valid_until = now()", false],
    [
      "within a membership's time",
      "valid_from = now() - interval '1 minute', valid_until = now() + interval '1 minute'",
      true,
    ],
  ])("denies and allows by time: %s", async (_, period, allowed) => {
    await change(
      `update iam.group_members set ${period} where group_id = (select id from iam.groups where name = 'level 0')`,
    );
    expect(await holds()).toBe(allowed);
    await change("update iam.group_members set valid_from = null, valid_until = null");
  });

  test("denies what its members hold to the group, and to what it is in", async () => {
    await arrange.user("member@acme.test");
    await arrange.group({ name: "inner", members: ["member@acme.test"] });
    await arrange.group({ name: "outer", members: ["erin@acme.test"], includes: ["inner"] });
    await arrange.grant({ group: "inner", feature: "orders", scope: "campus/chicago" });
    expect(await holds("member@acme.test")).toBe(true);
    expect(await holds("erin@acme.test")).toBe(false);
  });

  test("denies a group of one tenant in another tenant's", async () => {
    const insert = `insert into iam.group_includes (tenant_id, group_id, included_group_id)
      select a.tenant_id, a.id, b.id from iam.groups a, iam.groups b where a.name = 'level 0' and b.name = 'globex friends'`;
    await expect(change(insert)).rejects.toMatchObject({ code: "23503" });
  });

  test("denies a deny to a group", async () => {
    await expect(
      arrange.grant({ group: "inner", feature: "orders", scope: "campus/chicago", effect: "deny" }),
    ).rejects.toMatchObject({ code: "23514" });
  });

  test("denies a member of a group what a deny keeps from him", async () => {
    const id = await arrange.grant({ user: bob, feature: "orders", scope: "store/42", effect: "deny" });
    expect(await holds()).toBe(false);
    expect(await as(bob).value("select iam.can('orders', 'campus/chicago')")).toBe(true);
    await change("delete from iam.grants where id = $1", id);
  });
});
