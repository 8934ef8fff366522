/** In charge of what a change leaves as it was: whoever is switched one way isn't switched another, and a new name is only a name. */
import { describe, expect, test } from "vitest";
import { arrangeKey } from "../support/api-keys.js";
import { arranger } from "../support/arrange.js";
import { useCallers } from "../support/callers.js";

const { as, database } = useCallers();
const arrange = arranger(database);
const alice = () => as("alice@acme.test");

describe.each([
  ["user", "users"],
  ["group", "groups"],
] as const)("a %s", (kind, table) => {
  test.each([
    ["enable", { is_active: true, is_locked: true }],
    ["disable", { is_active: false, is_locked: true }],
    ["lock", { is_active: false, is_locked: true }],
    ["unlock", { is_active: false, is_locked: false }],
  ])(`that was disabled and locked stays the one or the other, after %s`, async (command, expected) => {
    const name = `${command}@acme.test`;
    const id = kind === "user" ? await arrange.user(name) : await arrange.group({ name });
    await database.owner.query(`update iam.${table} set is_active = false, is_locked = true where id = $1`, [id]);
    await alice().sql(`select iam.${command}_${kind}($1)`, name);
    const { rows } = await database.owner.query(`select is_active, is_locked from iam.${table} where id = $1`, [id]);
    expect(rows).toEqual([expected]);
  });
});

describe("a new name", () => {
  test.each([true, false])("leaves what a group's members may do with each other: %s", async (may) => {
    const id = await arrange.group({ name: `Named ${may}` });
    await database.owner.query(
      "update iam.groups set members_see_each_other = $2, members_manage_each_other = $2 where id = $1",
      [id, may],
    );
    await alice().sql("select iam.update_group($1, $2)", `Named ${may}`, `Renamed ${may}`);
    const { rows } = await database.owner.query(
      "select name, members_see_each_other as see, members_manage_each_other as manage from iam.groups where id = $1",
      [id],
    );
    expect(rows).toEqual([{ name: `Renamed ${may}`, see: may, manage: may }]);
  });

  test("leaves the end of an API key, and a new end its name", async () => {
    const key = await arrangeKey(database, { user: "bob@acme.test", expires: 60 });
    const read = async () =>
      (await database.owner.query("select name, expires_at from iam.api_keys where 'ApiKey:' || id = $1", [key.id]))
        .rows[0];
    const before = await read();
    await as("bob@acme.test").sql("select iam.update_api_key($1, 'Renamed')", key.id);
    expect(await read()).toEqual({ ...before, name: "Renamed" });
    await as("bob@acme.test").sql("select iam.update_api_key($1, expires_at => '2100-01-01')", key.id);
    expect(await read()).toEqual({ name: "Renamed", expires_at: new Date("2100-01-01T00:00:00Z") });
  });
});
