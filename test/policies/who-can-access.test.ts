/** In charge of who stands in the list of everybody to whom a row is open: by which flags of a share, and with which denies. */
import { beforeAll, describe, expect, test } from "vitest";
import { arranger } from "../support/arrange.js";
import { useCallers } from "../support/callers.js";

const { as, database } = useCallers();
const arrange = arranger(database);
const erin = () => as("erin@acme.test");

async function listed(table: string, row: string, command: string): Promise<readonly string[]> {
  const ids = await erin().read<{ id: string }>(
    "select iam.users_who_can_access($1, $2, $3) as id",
    `public.${table}`,
    row,
    command,
  );
  const { rows } = await database.owner.query<{ email: string }>(
    "select u.email from iam.users u where u.id = any ($1) order by 1",
    [ids.map(({ id }) => id)],
  );
  return rows.map(({ email }) => email);
}

describe.each([
  ["todos", "todo_shares", "todo_id", "title"],
  ["chats", "chat_shares", "chat_id", "message"],
])("a row of %s", (table, shares, key, text) => {
  let row: string;
  const of = (name: string) => `${name}@${table}.test`;
  beforeAll(async () => {
    const owner = await arrange.user(of("owner"));
    const { rows } = await database.owner.query<{ id: string }>(
      `insert into ${table} (tenant_id, owner_id, scope_id, ${text})
       select t.id, $1, iam.root_scope_id(t.id), 'Shared' from iam.tenants t where t.slug = 'acme' returning id`,
      [owner],
    );
    row = rows[0]?.id ?? "";
    for (const [name, ...flags] of [
      ["none", false, false, false],
      ["reads", true, false, false],
      ["writes", true, true, false],
      ["deletes", true, false, true],
    ] as const)
      await database.owner.query(
        `insert into ${shares} (tenant_id, ${key}, user_id, can_read, can_write, can_delete)
         select r.tenant_id, r.id, $2, $3, $4, $5 from ${table} r where r.id = $1`,
        [row, await arrange.user(of(name)), ...flags],
      );
  });

  test.each([
    ["read", ["deletes", "owner", "reads", "writes"]],
    ["update", ["owner", "writes"]],
    ["delete", ["deletes", "owner"]],
    ["share", ["owner"]],
  ])("is open for %s to whom it is shared for that, and to nobody else", async (command, expected) => {
    const names = (await listed(table, row, command)).filter((email) => email.endsWith(`@${table}.test`));
    expect(names).toEqual(expected.map(of));
  });

  test("is absent to who asks in another tenant", async () => {
    await arrange.grant({
      user: "carol@globex.test",
      feature: "iam.explain",
      scope: "tenant/globex",
      tenant: "globex",
    });
    const carol = as("carol@globex.test");
    expect(
      await carol.value(
        "select iam.explain_row($1, $2, 'read', 'carol@globex.test') ->> 'exists'",
        `public.${table}`,
        row,
      ),
    ).toBe("false");
    expect(await carol.read("select iam.users_who_can_access($1, $2, 'read')", `public.${table}`, row)).toEqual([]);
  });

  test.each(["iam.users_who_can_access($1, $2, 'read')", "iam.how_they_can_access('{}', $1, $2, 'read')"])(
    "is denied to who may not explain there: %s",
    async (call) => {
      expect(await as(of("owner")).outcome(`select from ${call}`, `public.${table}`, row)).toBe("52109");
      expect(await erin().trial(`select from ${call}`, `public.${table}`, row)).toBe("allowed");
    },
  );
});

test("a row of sales is absent to who asks in another tenant", async () => {
  await arrange.user("asker@sales.test", ["globex"]);
  await arrange.grant({ user: "asker@sales.test", feature: "iam.explain", scope: "tenant/globex", tenant: "globex" });
  const { rows } = await database.owner.query<{ id: string }>("select id from sales where campus = 'chicago'");
  const ask = "select iam.explain_row('public.sales', $1, 'read', 'carol@globex.test') ->> 'exists'";
  expect(await as("asker@sales.test").value(ask, rows[0]?.id)).toBe("false");
});

describe("a row that stands nowhere", () => {
  test("is open to whoever holds the feature at the root, and is denied it nowhere in the tenant now", async () => {
    const feature = "view_sales_page";
    const deny = { feature, effect: "deny" } as const;
    const people = {
      free: [],
      denied: [{ ...deny, scope: "campus/miami" }],
      before: [{ ...deny, scope: "campus/miami", from: -60, until: -30 }],
      abroad: [{ ...deny, scope: "tenant/globex", tenant: "globex" }],
    };
    for (const [name, grants] of Object.entries(people)) {
      await arrange.user(`${name}@sales.test`, ["acme", "globex"]);
      await arrange.grant({ user: `${name}@sales.test`, feature, scope: "tenant/acme" });
      for (const grant of grants) await arrange.grant({ user: `${name}@sales.test`, ...grant });
    }
    const { rows } = await database.owner.query<{ id: string }>(
      "update sales set campus = 'nowhere' where campus = 'miami' returning id",
    );
    const names = (await listed("sales", rows[0]?.id ?? "", "read")).filter((email) => email.endsWith("@sales.test"));
    expect(names).toEqual(["abroad@sales.test", "before@sales.test", "free@sales.test"]);
  });
});
