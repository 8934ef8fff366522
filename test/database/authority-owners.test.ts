/** In charge of a tenant keeping an owner who can act, whichever way the last one would go, two at once included. */
import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { arranger } from "../support/arrange.js";
import { outcomeOf, useCallers } from "../support/callers.js";

const { as, database } = useCallers();
const arrange = arranger(database);
const alice = "alice@acme.test";
const second = "second@acme.test";
const grantOf = (email: string) =>
  `(select 'Grant:' || g.id from iam.grants g join iam.roles r on r.id = g.role_id and r.code = 'tenant_owner'
    where g.tenant_id = iam.caller_tenant_id() and g.user_id = (select id from iam.users where email = '${email}') limit 1)`;

/** Each takes an owner away; `{who}` is his e-mail. */
const ways: readonly (readonly [way: string, call: string])[] = [
  ["revoking the grant", "revoke({grant})"],
  ["ending the membership", "remove_tenant_member('{who}')"],
  ["disabling the user", "disable_user('{who}')"],
  ["locking the user", "lock_user('{who}')"],
  ["deleting the user", "delete_user('{who}')"],
  ["denying him everything", "grant_feature('*', 'tenant/acme', '{who}', null, 'deny')"],
  ["denying him all of iam", "grant_feature('iam', 'tenant/acme', '{who}', null, 'deny')"],
  ["denying him to grant", "grant_feature('iam.grants.create', 'tenant/acme', '{who}', null, 'deny')"],
  [
    "denying him to grant, from tomorrow on",
    "grant_feature('iam.grants', 'tenant/acme', '{who}', null, 'deny', now() + interval '1 day')",
  ],
];
const fill = (call: string, who: string) =>
  `select iam.${call.replaceAll("{who}", who).replace("{grant}", grantOf(who))}`;

const ownersLeft = async () => {
  const { rows } = await database.owner.query<{ email: string }>(
    `select u.email from iam.grants g join iam.roles r on r.id = g.role_id and r.code = 'tenant_owner'
     join iam.users u on u.id = g.user_id and u.is_active and not u.is_locked
     where g.tenant_id = (select id from iam.tenants where slug = 'acme')
       and not exists (select from iam.grants d where d.user_id = u.id and d.effect = 'deny') order by 1`,
  );
  return rows.map(({ email }) => email);
};

beforeEach(async () => {
  await arrange.user(second);
  await arrange.grant({ user: second, role: "tenant_owner", scope: "tenant/acme" });
});
afterEach(async () => {
  await database.owner.query("delete from iam.users where email = $1 or (email is null and deleted_at is not null)", [
    second,
  ]);
  await database.owner.query("delete from iam.grants where effect = 'deny'");
  await database.owner.query("update iam.users set is_active = true, is_locked = false where email = $1", [alice]);
});

describe("the last owner of a tenant", () => {
  test.each(ways)("denies %s to himself, and to an administrator of everything", async (_, call) => {
    await database.owner.query("delete from iam.users where email = $1", [second]);
    expect(await as(alice).outcome(fill(call, alice))).toBe("52280");
    expect(await as("ada@portcullis.test", { tenant: "acme" }).outcome(fill(call, alice))).toBe("52280");
    expect(await ownersLeft()).toEqual([alice]);
  });

  test.each(ways)("allows %s while there is another owner", async (_, call) => {
    expect(await as(second).trial(fill(call, alice))).toBe("allowed");
  });

  test.each(
    ways.flatMap(([way, call]) => [
      [way, "ends some day", call, "valid_until = now() + interval '1 year'"] as const,
      [way, "only begins some day", call, "valid_from = now() + interval '1 day'"] as const,
    ]),
  )("denies %s when the other owner's grant %s", async (_way, _when, call, period) => {
    await database.owner.query(
      `update iam.grants set ${period} where user_id = (select id from iam.users where email = $1)`,
      [second],
    );
    expect(await as("ada@portcullis.test", { tenant: "acme" }).outcome(fill(call, alice))).toBe("52280");
  });

  test.each(ways)("denies %s to one of two who do it to themselves at once", async (_, call) => {
    const outcomes = await Promise.all([as(alice).outcome(fill(call, alice)), as(second).outcome(fill(call, second))]);
    expect(outcomes.sort()).toEqual(["52280", "allowed"]);
    expect(await ownersLeft()).toHaveLength(1);
    await restore();
  });

  test.each(ways)("denies %s to one of two who do it to each other at once", async (_, call) => {
    const outcomes = await Promise.all([as(alice).outcome(fill(call, second)), as(second).outcome(fill(call, alice))]);
    expect(outcomes.filter((outcome) => outcome === "allowed")).toHaveLength(1);
    expect(await ownersLeft()).toHaveLength(1);
    await restore();
  });

  test.each(ways)("denies %s to who comes by SQL with no lock, while the other owner goes", async (_, call) => {
    const [first, then] = [await comeBySql(alice), await comeBySql("ada@portcullis.test")];
    try {
      await first.query(fill(call, second));
      const outcome = outcomeOf(then.query(fill(call, alice)));
      await until("select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'");
      await first.query("commit");
      expect(await outcome).toBe("52280");
    } finally {
      await Promise.all([first.end(), then.end()]);
    }
    expect(await ownersLeft()).toEqual([alice]);
  });

  test("allows an owner to go where what he owned has ended, and where another tenant has none without him", async () => {
    const ada = as("ada@portcullis.test", { tenant: "acme" });
    const go = () => ada.trial(`select iam.disable_user('${second}')`);
    await ada.sql("select iam.create_tenant('gone', 'Gone', $1)", second);
    expect(await go()).toBe("52280");
    await ada.sql("select iam.delete_tenant('gone')");
    expect(await go()).toBe("allowed");
    const { rows } = await database.owner.query<{ id: string }>("select id from iam.users where email = $1", [second]);
    await database.owner.query(
      "insert into iam.tenant_members (tenant_id, user_id) select id, $1 from iam.tenants where slug = 'globex'",
      [rows[0]?.id],
    );
    await arrange.grant({
      user: second,
      role: "tenant_owner",
      scope: "tenant/globex",
      tenant: "globex",
      effect: "deny",
    });
    await database.owner.query("update iam.users set is_active = false where email = 'carol@globex.test'");
    expect(await go()).toBe("allowed");
    await database.owner.query("update iam.users set is_active = true where email = 'carol@globex.test'");
  });

  test.each(ways)("denies %s when the other owner's membership was ended by somebody's SQL", async (_, call) => {
    await database.owner.query(
      "update iam.tenant_members m set deleted_at = now() from iam.users u where u.id = m.user_id and u.email = $1",
      [second],
    );
    expect(await as(alice).outcome(fill(call, alice))).toBe("52280");
  });

  test("allows others to leave a tenant that has no owner who can act", async () => {
    const leave = (who: string) => as(who, { tenant: "acme" }).trial(`select iam.remove_tenant_member('${who}')`);
    await database.owner.query(
      "insert into iam.tenant_members (tenant_id, user_id) select t.id, u.id from iam.tenants t, iam.users u where t.slug = 'acme' and u.email = 'carol@globex.test'",
    );
    await database.owner.query("update iam.users set is_locked = true where email = $1", [alice]);
    expect(await leave(second)).toBe("52280");
    await database.owner.query("update iam.users set is_locked = true where email = $1", [second]);
    expect(await leave("bob@acme.test")).toBe("allowed");
    expect(await leave("carol@globex.test")).toBe("allowed");
  });

  test("allows a tenant to end with its last owner in it", async () => {
    expect(await as(alice).trial("select iam.delete_tenant('acme')")).toBe("allowed");
  });
});

/** A transaction as psql would open it: nobody is made to wait by its beginning. */
async function comeBySql(email: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query("begin");
  await client.query(
    `select set_config('app.issuer', 'portcullis-demo', true), set_config('app.subject', $1, true),
            set_config('app.tenant', 'acme', true), set_config('app.lock', 'none', true)`,
    [email],
  );
  await client.query("select * from iam.open_session()");
  await client.query("set local role web_user");
  return client;
}

async function until(query: string): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if ((await database.owner.query(query)).rows.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new TypeError("It never came to that.");
}

// alice may be the one who went: the world is seeded once for the file
async function restore(): Promise<void> {
  const id = "00000000-0000-4000-8000-0000000000a1";
  await database.owner.query(
    "update iam.users set email = $2, deleted_at = null, is_active = true, is_locked = false where id = $1",
    [id, alice],
  );
  await database.owner.query("update iam.tenant_members set deleted_at = null where user_id = $1", [id]);
  await database.owner.query(
    "insert into iam.identities (provider_id, subject, user_id) select p.id, $2, $1 from iam.providers p where p.code = 'demo' on conflict do nothing",
    [id, alice],
  );
  await database.owner.query("delete from iam.grants where user_id = $1", [id]);
  await arrange.grant({ user: alice, role: "tenant_owner", scope: "tenant/acme" });
}
