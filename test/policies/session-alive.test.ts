/** In charge of who gets a session at all: each reason why not, and what is left of one whose caller dies in it. */
import { describe, expect, test } from "vitest";
import { arrangeKey } from "../support/api-keys.js";
import { arranger } from "../support/arrange.js";
import { outcomeOf, useCallers } from "../support/callers.js";

const { as, keyed, anonymous, database } = useCallers();

const bob = "bob@acme.test";
const bobsRow = "(select id from iam.users where email = 'bob@acme.test')";
const bobsIdentity = "subject = 'bob@acme.test'";

const deaths: readonly (readonly [why: string, kill: string, sqlstate: string, revive: string])[] = [
  [
    "the provider is disabled",
    "update iam.providers set is_enabled = false",
    "52107",
    "update iam.providers set is_enabled = true",
  ],
  [
    "the identity is disabled",
    `update iam.identities set is_enabled = false where ${bobsIdentity}`,
    "52110",
    `update iam.identities set is_enabled = true where ${bobsIdentity}`,
  ],
  [
    "the user is not active",
    "update iam.users set is_active = false where email = 'bob@acme.test'",
    "52105",
    "update iam.users set is_active = true where email = 'bob@acme.test'",
  ],
  [
    "the user is locked",
    "update iam.users set is_locked = true where email = 'bob@acme.test'",
    "52106",
    "update iam.users set is_locked = false where email = 'bob@acme.test'",
  ],
  [
    "the user may not log in",
    "update iam.users set may_log_in = false where email = 'bob@acme.test'",
    "52112",
    "update iam.users set may_log_in = true where email = 'bob@acme.test'",
  ],
  [
    "the membership has ended",
    `update iam.tenant_members set deleted_at = now() where user_id = ${bobsRow}`,
    "52108",
    `update iam.tenant_members set deleted_at = null where user_id = ${bobsRow}`,
  ],
  [
    "the tenant is deleted",
    "update iam.tenants set deleted_at = now() where slug = 'acme'",
    "52108",
    "update iam.tenants set deleted_at = null where slug = 'acme'",
  ],
];

describe("a session", () => {
  test("allows an active member in", async () => {
    expect(await as(bob, { tenant: "acme" }).value("select iam.caller_id() is not null")).toBe(true);
  });

  test.each(deaths)("denies when %s", async (_, kill, sqlstate, revive) => {
    await database.owner.query(kill);
    try {
      expect(await as(bob, { tenant: "acme" }).outcome("select 1")).toBe(sqlstate);
    } finally {
      await database.owner.query(revive);
    }
    expect(await as(bob, { tenant: "acme" }).outcome("select 1")).toBe("allowed");
  });

  test.each([
    ["a subject that nobody knows", "nobody@acme.test", {}, "52103"],
    ["a subject in another case", "Bob@acme.test", {}, "52103"],
    ["a subject with a blank behind it", "bob@acme.test ", {}, "52103"],
    ["an empty subject", "", {}, "52103"],
    ["an issuer that nobody trusts", bob, { issuer: "https://elsewhere.test" }, "52107"],
    ["a service that has no login", "reports@acme.test", {}, "52103"],
  ])("denies %s", async (_, subject, asked, sqlstate) => {
    expect(await as(subject, asked).outcome("select 1")).toBe(sqlstate);
  });

  const inTheMidst = deaths.filter(([, , sqlstate]) => sqlstate !== "52112");

  const newRows = ["todos (title)", "chats (message)"];

  test.each(newRows.flatMap((row) => inTheMidst.map((death) => [...death, row] as const)))(
    "denies everything from the next statement on when %s while it is open",
    async (_, kill, _sqlstate, revive, row) => {
      try {
        const dying = as(bob, { tenant: "acme", isShared: true }).within(async ({ sql }) => {
          expect(await sql("select count(*)::int as seen from todos")).not.toEqual([{ seen: 0 }]);
          await withoutLock(kill);
          expect(
            await sql(
              "select iam.caller_id() as me, iam.caller_tenant_id() as tenant, (select count(*)::int from todos) as todos, (select count(*)::int from iam.users) as users, iam.can('*', 'tenant/acme') as can",
            ),
          ).toEqual([{ me: null, tenant: null, todos: 0, users: 0, can: false }]);
          for (const statement of [
            "select from chats",
            "select from todo_shares",
            "update todos set title = 'Still here' returning id",
            "delete from todos returning id",
            "update todo_shares set can_read = true returning id",
          ])
            expect(await sql(statement)).toEqual([]);
          // the defaults still name him and his tenant: it is the floor that refuses
          await sql(`insert into ${row} values ('Posthumous')`);
        });
        expect(await outcomeOf(dying)).toBe("42501");
      } finally {
        await database.owner.query(revive);
      }
    },
  );

  test("denies an API key everything in another tenant of its owner's, also when its transaction says so", async () => {
    await arranger(database).user("ted@acme.test", ["acme", "globex"]);
    const { text } = await arrangeKey(database, { user: "ted@acme.test" });
    const { rows } = await database.owner.query<{ id: string }>("select id from iam.tenants where slug = 'globex'");
    await keyed(text).within(async ({ sql }) => {
      const ask = "select iam.caller_id() is not null as is, iam.caller_tenant_id() is not null as acts";
      expect(await sql(ask)).toEqual([{ is: true, acts: true }]);
      await sql("select set_config('app.tenant_id', $1, true)", rows[0]?.id);
      expect(await sql(ask)).toEqual([{ is: false, acts: false }]);
    });
  });

  test("tells whoever verifies tokens which providers are disabled", async () => {
    const ask = async () =>
      (await database.owner.query("select enabled from iam.list_providers() where code = 'demo'")).rows;
    expect(await ask()).toEqual([{ enabled: true }]);
    await database.owner.query("update iam.providers set is_enabled = false where code = 'demo'");
    expect(await ask()).toEqual([{ enabled: false }]);
    await database.owner.query("update iam.providers set is_enabled = true where code = 'demo'");
  });

  test("allows nobody to be anonymous but as nobody", async () => {
    const [row] = await anonymous().read(
      "select iam.caller_id() as me, iam.caller_tenant_id() as tenant, current_user::text as role",
    );
    expect(row).toEqual({ me: null, tenant: null, role: "web_anon" });
  });

  test.each(["todos", "iam.users", "iam.features", "iam.tenants"])("denies %s to the anonymous", async (table) => {
    expect(await anonymous("acme").outcome(`select from ${table}`)).toBe("42501");
  });
});

// the session under test holds the authority lock; an administrator's revoke that ignores it is the harder case
async function withoutLock(statement: string): Promise<void> {
  const client = await database.owner.connect();
  try {
    await client.query("begin; set local session_replication_role = replica");
    await client.query(statement);
    await client.query("commit");
  } finally {
    client.release();
  }
}
