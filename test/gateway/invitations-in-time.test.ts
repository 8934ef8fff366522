/** In charge of the right behind an invitation: its maker must have it when he makes it, and still when it is used. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPool, type Pool } from "../../src/database/pool.js";
import { arranger } from "../support/arrange.js";
import { useTestDatabase } from "../support/database.js";
import { type AskAs, gatewayOver } from "../support/gateway-over.js";

const database = useTestDatabase();
const arrange = arranger(database);
const [host, guest] = ["host@acme.test", "guest@acme.test"];
let pool: Pool;
let ask: AskAs;

// The host may invite; what sales_manager gives, he holds through a group that is in another.
beforeAll(async () => {
  pool = createPool({ url: database.url, size: 4, acquireTimeoutMillis: 20_000, prepare: true });
  ask = gatewayOver(pool).ask;
  for (const email of [host, guest, "other@acme.test", "clerk@acme.test"]) await arrange.user(email);
  for (const user of [host, "clerk@acme.test"]) {
    await arrange.grant({ user, feature: "iam.users.create", scope: "tenant/acme" });
    await arrange.grant({ user, feature: "iam.roles.read", scope: "tenant/acme" });
  }
  await arrange.grant({ user: host, feature: "iam.grants.create", scope: "tenant/acme" });
  await arrange.grant({ user: "clerk@acme.test", feature: "view_sales_page", scope: "tenant/acme" });
  await arrange.group({ name: "Sellers", members: [host] });
  await arrange.group({ name: "Sales", includes: ["Sellers"] });
  await arrange.grant({ group: "Sales", feature: "view_sales_page", scope: "tenant/acme" });
});
afterAll(() => pool.close());

const create = `mutation ($user: String!) {
  createToken(input: { user: $user, role: "sales_manager", scope: "campus/miami" }) { secret }
}`;
const invite = (who: string) => ask(who, create, { user: guest });
const use = async (secret: string) => {
  const { body } = await ask(guest, `mutation { useToken(input: { secret: "${secret}" }) { tenant { slug } } }`);
  return body.errors?.[0]?.extensions.reason ?? "used";
};
const owner = (statement: string) => database.owner.query(statement);

const ofHost = "user_id = (select id from iam.users where email = 'host@acme.test')";
const ofGroup = "group_id = (select id from iam.groups where name = 'Sales')";
const own = `insert into iam.grants (tenant_id, user_id, feature_id, scope_id, effect, valid_from)
  select s.tenant_id, u.id, f.id, s.id, 'allow', $from from iam.scopes s, iam.users u, iam.features f
  where s.type = 'tenant' and s.key = 'acme' and f.code = 'view_sales_page'`;
const deny = (feature: string, scope: string) =>
  own
    .replace("'allow', $from", "'deny', now() + interval '1 day'")
    .replace("s.type = 'tenant' and s.key = 'acme'", `s.type || '/' || s.key = '${scope}' and u.email = '${host}'`)
    .replace("view_sales_page", feature);
const leave = `delete from iam.group_members where ${ofHost}`;

/** What happens between making and using, all that the host is left with being too little. */
const losses: Readonly<Record<string, string>> = {
  "is disabled": "update iam.users set is_active = false where email = 'host@acme.test'",
  "is locked": "update iam.users set is_locked = true where email = 'host@acme.test'",
  "leaves the tenant": `update iam.tenant_members set deleted_at = now() where ${ofHost}`,
  "may not invite any more": `delete from iam.grants g using iam.features f where g.feature_id = f.id and f.code = 'iam.users.create' and g.${ofHost}`,
  "may not grant any more": `delete from iam.grants g using iam.features f where g.feature_id = f.id and f.code = 'iam.grants.create' and g.${ofHost}`,
  "leaves the group, which others stay in": `${leave}; insert into iam.group_members (tenant_id, group_id, user_id)
    select g.tenant_id, g.id, u.id from iam.groups g, iam.users u where g.name = 'Sellers' and u.email = 'other@acme.test'`,
  "is to come back to the group": `update iam.group_members set valid_from = now() + interval '1 day' where ${ofHost}`,
  "is in the group for some time only": `update iam.group_members set valid_until = now() + interval '1 day' where ${ofHost}`,
  "is in a group that will hold it again": `update iam.grants set valid_from = now() + interval '1 day' where ${ofGroup}`,
  "is in a group that holds it for some time only": `update iam.grants set valid_until = now() + interval '1 day' where ${ofGroup}`,
  "will hold it himself again": `${leave}; ${own.replace("$from", "now() + interval '1 day'")} and u.email = '${host}'`,
  "holds a role that gives something else": `${leave}; insert into iam.grants (tenant_id, user_id, role_id, scope_id)
    select s.tenant_id, u.id, r.id, s.id from iam.scopes s, iam.users u, iam.roles r
    where s.type = 'tenant' and s.key = 'acme' and u.email = '${host}' and r.code = 'finance_officer'`,
  "sees it given to somebody else": `${leave}; ${own.replace("$from", "null")} and u.email = 'other@acme.test'`,
  "will be denied it where it leads": deny("view_sales_page", "campus/miami"),
};

// What is written past the gateway is taken back when the answer is there.
async function meanwhile<T>(statement: string, work: () => Promise<T>): Promise<T> {
  const tables = ["users", "tenant_members", "group_members", "grants"];
  for (const table of tables) await owner(`create table kept_${table} as table iam.${table}`);
  await owner(statement);
  try {
    return await work();
  } finally {
    await owner(`begin; set local session_replication_role = replica;
      ${tables.map((table) => `delete from iam.${table}; insert into iam.${table} select * from kept_${table}; drop table kept_${table};`).join("\n")}
      commit`);
  }
}

describe("an invitation with a role", () => {
  it.each(Object.entries(losses))("denies its use when its maker %s", async (_, loss) => {
    const { secret } = (await invite(host)).body.data.createToken;
    expect(await meanwhile(loss, () => use(secret))).toBe(52278);
    // and it was that which denied it
    expect(await use(secret)).toBe("used");
  });

  it("allows its use when its maker holds what it gives in another way", async () => {
    const { secret } = (await invite(host)).body.data.createToken;
    const change = `${leave}; ${own.replace("$from", "null")} and u.email = '${host}'`;
    expect(await meanwhile(change, () => use(secret))).toBe("used");
  });

  it("is denied to who holds what the role gives, and may not grant", async () => {
    expect((await invite("clerk@acme.test")).body.errors?.[0]?.extensions).toMatchObject({
      reason: 52109,
      requires: "iam.grants.create",
    });
  });
});
