/** In charge of nobody handing out what he doesn't hold: by an administrator who may do everything in iam, and nothing else. */
import { beforeAll, describe, expect, test } from "vitest";
import { arranger } from "../support/arrange.js";
import { useCallers } from "../support/callers.js";
import { fingerprint } from "../support/fingerprint.js";

const { as, database } = useCallers();
const arrange = arranger(database);
const gail = "gail@acme.test";
const demo = "(select 'Identity:' || i.id from iam.identities i join iam.users u on u.id = i.user_id where u.email =";
let before: string;

beforeAll(async () => {
  for (const email of [
    gail,
    "idle@acme.test",
    "locked@acme.test",
    "unknown@acme.test",
    "denied@acme.test",
    "plain@acme.test",
  ])
    await arrange.user(email);
  await arrange.grant({ user: gail, feature: "iam", scope: "tenant/acme" });
  await arrange.group({ name: "sellers", owner: gail });
  await arrange.group({ name: "inner", owner: gail, members: ["plain@acme.test"] });
  await arrange.group({ name: "asleep", owner: gail, includes: ["inner"], members: ["plain@acme.test"] });
  await arrange.group({ name: "clerks", owner: gail });
  await arrange.grant({ group: "sellers", feature: "view_sales_page", scope: "campus/chicago" });
  await arrange.grant({ group: "asleep", feature: "view_sales_page", scope: "campus/chicago" });
  await arrange.grant({ group: "clerks", feature: "iam.groups.read", scope: "tenant/acme" });
  for (const email of ["idle@acme.test", "locked@acme.test", "unknown@acme.test"])
    await arrange.grant({ user: email, role: "sales_manager", scope: "campus/miami" });
  await arrange.role({ code: "unused" });
  await arrange.role({ code: "denied_role", features: ["approve_payments"], includes: ["sales_manager"] });
  await arrange.role({ code: "wide", features: ["*"] });
  await arrange.grant({ user: "denied@acme.test", feature: "*", scope: "tenant/acme" });
  await arrange.grant({ user: "denied@acme.test", role: "denied_role", scope: "campus/chicago", effect: "deny" });
  await arrange.grant({ user: "denied@acme.test", feature: "iam.audit", scope: "tenant/acme", effect: "deny" });
  await arrange.grant({ user: "plain@acme.test", feature: "view_sales_page", scope: "campus/miami" });
  await database.owner.query("update iam.groups set is_active = false where name = 'asleep'");
  await database.owner.query("update iam.groups set type = 'hybrid' where name in ('sellers', 'clerks')");
  await database.owner.query("update iam.users set is_active = false where email = 'idle@acme.test'");
  await database.owner.query("update iam.users set is_locked = true where email = 'locked@acme.test'");
  await database.owner.query("update iam.identities set is_enabled = false where subject = 'unknown@acme.test'");
  before = await fingerprint(database);
});

const grantId = (email: string, what: string) =>
  `(select 'Grant:' || g.id from iam.grants g left join iam.features f on f.id = g.feature_id left join iam.roles r on r.id = g.role_id
    where g.user_id = (select id from iam.users where email = '${email}') and g.effect = 'deny' and coalesce(f.code, r.code) = '${what}')`;

const denied: readonly (readonly [way: string, call: string, sqlstate?: string])[] = [
  ["granting a feature to another", "grant_feature('view_sales_page', 'campus/chicago', 'bob@acme.test')"],
  ["granting a feature to himself", `grant_feature('view_sales_page', 'campus/chicago', '${gail}')`],
  ["granting a feature to a group he owns", "grant_feature('view_sales_page', 'store/42', null, 'sellers')"],
  ["granting what stands above what he holds", "grant_feature('*', 'tenant/acme', 'bob@acme.test')"],
  ["granting a role that gives more", "grant_role('sales_manager', 'campus/chicago', 'bob@acme.test')"],
  ["granting a role that includes more", "grant_role('denied_role', 'campus/miami', 'bob@acme.test')"],
  ["granting a role of everything to himself", `grant_role('wide', 'tenant/acme', '${gail}')`],
  ["granting the owner's role", `grant_role('tenant_owner', 'tenant/acme', '${gail}')`],
  ["denying to another what he doesn't hold", "grant_feature('todos', 'tenant/acme', 'alice@acme.test', null, 'deny')"],
  ["making himself an owner", `assign_tenant_owner('${gail}')`, "52280"],
  ["joining a group that holds more", `add_group_member('sellers', '${gail}')`],
  ["joining it for a minute", `add_group_member('sellers', '${gail}', null, now() + interval '1 minute')`],
  ["joining a group in one that holds more, active or not", `add_group_member('inner', '${gail}')`],
  ["putting his group into one that holds more", "include_group('sellers', 'clerks')"],
  ["putting his group into one within one that holds more", "include_group('inner', 'clerks')"],
  ["giving such a group to another owner", "assign_group_owner('sellers', 'bob@acme.test')"],
  ["enabling a group that holds more", "enable_group('asleep')"],
  ["mapping a provider's group to one that holds more", "create_group_mapping('sellers', 'demo', 'their-group')"],
  ["mapping a provider's role to it", "create_group_mapping('sellers', 'demo', null, 'their-role')"],
  ["adding a feature to a role that somebody has", "add_role_features('sales_manager', array['approve_payments'])"],
  ["adding it to a role that such a role includes", "add_role_features('sales_manager', array['*'])"],
  ["including a role in a role that somebody has", "include_role('sales_manager', 'finance_officer')"],
  ["enabling somebody who holds more", "enable_user('idle@acme.test')"],
  ["unlocking somebody who holds more", "unlock_user('locked@acme.test')"],
  ["linking an identity to somebody who holds more", "link_identity('jane@acme.test', 'demo', 'gails-own')"],
  ["linking an identity to an owner", "link_identity('alice@acme.test', 'demo', 'gails-own')"],
  ["linking an identity to a member of such a group", "link_identity('plain@acme.test', 'demo', 'gails-own')"],
  ["revoking a deny", `revoke(${grantId("denied@acme.test", "denied_role")})`],
  ["taking a feature out of a denied role", "remove_role_features('denied_role', array['approve_payments'])"],
  [
    "taking a feature out of a role in a denied role",
    "remove_role_features('sales_manager', array['view_sales_page'])",
  ],
  ["taking a role out of a denied role", "exclude_role('denied_role', 'sales_manager')"],
  ["deleting a denied role", "delete_role('denied_role')"],
  ["deleting a role in a denied role", "delete_role('sales_manager')"],
  ["moving a place to where others hold more", "move_scope('store/42', 'campus/miami')"],
  ["changing a system role", "add_role_features('auditor', array['iam.users.update'])", "PT403"],
  ["renaming a system role", "update_role('tenant_owner', 'Mine')", "PT403"],
  ["deleting a system role", "delete_role('tenant_owner')", "PT403"],
  ["creating a role under a system role's code", "create_role('tenant_owner', 'Mine')", "PT409"],
  ["creating a feature", "create_feature('view_sales_page.more')"],
  ["creating a tenant", "create_tenant('gails', 'Gail')"],
  [
    "trusting a provider",
    "create_provider('gail', 'Gail', 'https://gail.test', array['a'], array['RS256'], 'https://gail.test/keys')",
  ],
  ["changing a provider", "update_provider('demo', 'Mine')", "PT404"],
  ["granting at global/all", "grant_feature('iam', 'global/all', 'bob@acme.test')", "PT404"],
];

const allowed: readonly (readonly [way: string, call: string])[] = [
  ["granting what he holds", "grant_feature('iam.groups', 'campus/chicago', 'bob@acme.test')"],
  ["granting it to himself again", `grant_feature('iam', 'tenant/acme', '${gail}')`],
  ["denying what he holds", "grant_feature('iam.groups', 'tenant/acme', 'bob@acme.test', null, 'deny')"],
  ["adding a member to a group that holds as much", "add_group_member('clerks', 'bob@acme.test')"],
  ["taking a member out of a group that holds more", "remove_group_member('inner', 'plain@acme.test')"],
  ["taking a group out of a group that holds more", "exclude_group('asleep', 'inner')"],
  ["disabling a group that holds more", "disable_group('sellers')"],
  ["disabling somebody who holds more", "disable_user('jane@acme.test')"],
  ["mapping a provider's group to one that holds as much", "create_group_mapping('clerks', 'demo', 'their-group')"],
  ["filling a role that nobody has", "add_role_features('unused', array['approve_payments', '*'])"],
  ["emptying a role that nobody was denied", "remove_role_features('finance_officer', array['approve_payments'])"],
  ["deleting a role that nobody was denied", "delete_role('finance_officer')"],
  ["revoking a deny of what he holds", `revoke(${grantId("denied@acme.test", "iam.audit")})`],
  [
    "revoking what he doesn't hold",
    "revoke((select 'Grant:' || g.id from iam.grants g join iam.roles r on r.id = g.role_id and r.code = 'finance_officer'))",
  ],
  ["ending the membership of one who was denied something", "remove_tenant_member('denied@acme.test')"],
];

describe("an administrator of iam alone", () => {
  test.each(denied)("denies: %s", async (_, call, sqlstate = "52109") => {
    expect(await as(gail).outcome(`select iam.${call}`)).toBe(sqlstate);
  });

  test("denies enabling an identity of somebody who holds more", async () => {
    expect(await as(gail).outcome(`select iam.enable_identity(${demo} 'unknown@acme.test'))`)).toBe("52109");
  });

  test("denied attempts write nothing", async () => {
    expect(await fingerprint(database)).toBe(before);
  });

  test.each(allowed)("allows: %s", async (_, call) => {
    expect(await as(gail).trial(`select iam.${call}`)).toBe("allowed");
  });

  test("denies filling a role after handing it out empty", async () => {
    expect(await as(gail).outcome("select iam.grant_role('unused', 'tenant/acme', 'bob@acme.test')")).toBe("allowed");
    expect(await as(gail).outcome("select iam.add_role_features('unused', array['todos'])")).toBe("52109");
    expect(await as("bob@acme.test").value("select iam.can('todos', 'tenant/acme')")).toBe(false);
  });
});
