/** No way around through HTTP: not by two steps, by two people at once, by time, by order, or by a name that comes back. */
import { describe, expect, it } from "vitest";
import { emailOf } from "./mutation-cases.js";
import { useDelegates } from "./prove-cases.js";

const world = useDelegates();
const mutate = async (who: string, field: string) => (await world.ask(emailOf(who), `mutation { ${field} }`)).body;
const succeeds = async (who: string, field: string) => {
  const body = await mutate(who, field);
  expect(body.errors).toBeUndefined();
  return body.data;
};
const refusal = async (who: string, field: string) => (await mutate(who, field)).errors?.[0]?.extensions;
const can = async (who: string, feature: string, scope: string) =>
  (await world.ask(emailOf(who), `{ can(feature: "${feature}", scope: "${scope}") }`)).body.data.can;
const owner = (text: string, parameters: unknown[] = []) => world.database.owner.query(text, parameters);

describe("what nobody holds himself", () => {
  it("denies raising oneself by a role that one edits and a group that one owns (E2)", async () => {
    await succeeds("rita", 'createRole(input: { code: "ladder", name: "Ladder" }) { role { id } }');
    await succeeds("rita", 'addRoleFeatures(input: { role: "ladder", features: ["*"] }) { role { id } }');
    await succeeds("rita", 'createGroup(input: { name: "Climbers" }) { group { id } }');
    await succeeds("rita", 'addGroupMember(input: { group: "Climbers", user: "rita@acme.test" }) { group { id } }');
    const grant = 'grantRole(input: { role: "ladder", group: "Climbers", scope: "tenant/acme" }) { grant { id } }';
    expect(await refusal("rita", grant)).toMatchObject({ reason: 52109, requires: "iam.grants.create" });
    expect(await refusal("gus", grant.replace("tenant/acme", "campus/chicago"))).toMatchObject({ code: "NOT_FOUND" });
    expect(await can("rita", "iam.users.read", "tenant/acme")).toBe(false);
  });

  it("denies the owner of a group to let others into it once it holds more than he (E1)", async () => {
    await succeeds("bob", 'createGroup(input: { name: "Bobs" }) { group { id } }');
    await succeeds(
      "olive",
      'grantFeature(input: { feature: "approve_payments", group: "Bobs", scope: "campus/miami" }) { grant { id } }',
    );
    const add = 'addGroupMember(input: { group: "Bobs", user: "bob@acme.test" }) { group { id } }';
    expect(await refusal("bob", add)).toMatchObject({ code: "FORBIDDEN", reason: 52109, requires: "approve_payments" });
    expect(await can("bob", "approve_payments", "campus/miami")).toBe(false);
  });

  it("denies giving longer than one has, and allows as long", async () => {
    await owner(
      "update iam.grants set valid_until = now() + interval '1 hour' where user_id = (select id from iam.users where email = 'gus@acme.test') and feature_id = (select id from iam.features where code = 'view_sales_page')",
    );
    const grant = (until: string) =>
      `grantFeature(input: { feature: "view_sales_page", user: "erin@acme.test", scope: "store/42"${until} }) { grant { id } }`;
    const soon = new Date(Date.now() + 600_000).toISOString();
    expect(await refusal("gus", grant(""))).toMatchObject({ reason: 52109, requires: "view_sales_page" });
    expect(await refusal("gus", grant(', until: "2999-01-01T00:00:00Z"'))).toMatchObject({ reason: 52109 });
    await succeeds("gus", grant(`, until: "${soon}"`));
  });
});

describe("two owners", () => {
  const removal = (email: string) => `removeTenantMember(input: { user: "${email}" }) { id }`;
  const ownersLeft = async () =>
    (
      await owner(
        "select count(*)::int as n from iam.grants g join iam.roles r on r.id = g.role_id join iam.tenants t on t.id = g.tenant_id where r.code = 'tenant_owner' and t.slug = 'globex'",
      )
    ).rows[0].n;

  it.each([1, 2, 3])("denies one of two who remove each other at once (E3), round %i", async (round) => {
    const [one, other] = [`one${round}@globex.test`, `other${round}@globex.test`];
    for (const email of [one, other]) {
      await owner(
        "with u as (insert into iam.users (email) values ($1) returning id), m as (insert into iam.tenant_members (tenant_id, user_id) select t.id, u.id from u, iam.tenants t where t.slug = 'globex') insert into iam.identities (provider_id, subject, user_id) select p.id, $1, u.id from u, iam.providers p where p.code = 'demo'",
        [email],
      );
      await owner(
        "insert into iam.grants (tenant_id, user_id, role_id, scope_id) select s.tenant_id, u.id, r.id, s.id from iam.scopes s, iam.users u, iam.roles r where s.key = 'globex' and u.email = $1 and r.code = 'tenant_owner'",
        [email],
      );
    }
    await owner(
      "delete from iam.grants g using iam.users u, iam.roles r where u.id = g.user_id and u.email <> all ($1) and r.id = g.role_id and r.code = 'tenant_owner' and g.tenant_id = (select id from iam.tenants where slug = 'globex')",
      [[one, other]],
    );
    const answers = await Promise.all([mutate(one, removal(other)), mutate(other, removal(one))]);
    expect(answers.filter(({ errors }) => errors === undefined)).toHaveLength(1);
    expect(await ownersLeft()).toBe(1);
  });

  it("denies one of two who leave at once (E3)", async () => {
    await owner(
      "insert into iam.grants (tenant_id, user_id, role_id, scope_id) select s.tenant_id, u.id, r.id, s.id from iam.scopes s, iam.users u, iam.roles r where s.key = 'globex' and u.email = 'carol@globex.test' and r.code = 'tenant_owner'",
    );
    const { rows } = await owner(
      "select u.email from iam.grants g join iam.users u on u.id = g.user_id join iam.tenants t on t.id = g.tenant_id join iam.roles r on r.id = g.role_id where t.slug = 'globex' and r.code = 'tenant_owner'",
    );
    const answers = await Promise.all(rows.map(({ email }) => mutate(email, removal(email))));
    expect(rows).toHaveLength(2);
    expect(
      answers.flatMap(({ errors = [] }) => errors.map(({ extensions }: { extensions: object }) => extensions)),
    ).toMatchObject([{ reason: 52280 }]);
    expect(await ownersLeft()).toBe(1);
  });
});

describe("time and order", () => {
  it("denies what has run out to the second, without anybody sweeping (E7)", async () => {
    const until = new Date(Date.now() + 4_000);
    await succeeds(
      "olive",
      `grantFeature(input: { feature: "approve_payments", user: "ann@acme.test", scope: "campus/miami", until: "${until.toISOString()}" }) { grant { id } }`,
    );
    await succeeds(
      "olive",
      'grantFeature(input: { feature: "approve_payments", group: "Crew", scope: "store/42" }) { grant { id } }',
    );
    await succeeds(
      "olive",
      `addGroupMember(input: { group: "Crew", user: "ann@acme.test", until: "${until.toISOString()}" }) { group { id } }`,
    );
    const held = async () => [
      await can("ann", "approve_payments", "campus/miami"),
      await can("ann", "approve_payments", "store/42"),
    ];
    expect(await held()).toEqual([true, true]);
    await new Promise((resolve) => setTimeout(resolve, until.getTime() - Date.now() + 20));
    expect(await held()).toEqual([false, false]);
  });

  it.each([
    ["DENY", "ALLOW"],
    ["ALLOW", "DENY"],
  ])("denies whatever is denied: %s, then %s (E8)", async (...effects) => {
    const user = effects[0] === "DENY" ? "heir@acme.test" : "off2@acme.test";
    if (user === "off2@acme.test") await succeeds("uma", `createUser(input: { email: "${user}" }) { user { id } }`);
    if (user === "off2@acme.test")
      await owner(
        "insert into iam.identities (provider_id, subject, user_id) select p.id, u.email, u.id from iam.providers p, iam.users u where p.code = 'demo' and u.email = $1",
        [user],
      );
    for (const effect of effects)
      await succeeds(
        "olive",
        `grantFeature(input: { feature: "view_sales_page", effect: ${effect}, user: "${user}", scope: "${effect === "DENY" ? "store/42" : "campus/chicago"}" }) { grant { id } }`,
      );
    expect([
      await can(user, "view_sales_page", "campus/chicago"),
      await can(user, "view_sales_page", "store/42"),
    ]).toEqual([true, false]);
  });
});

describe("names", () => {
  it("hides from who comes back what he had: a group, a role, a member (E10)", async () => {
    await succeeds("olive", 'createRole(input: { code: "phoenix", name: "Phoenix" }) { role { id } }');
    await succeeds(
      "olive",
      'addRoleFeatures(input: { role: "phoenix", features: ["approve_payments"] }) { role { id } }',
    );
    await succeeds("olive", 'createGroup(input: { name: "Phoenix" }) { group { id } }');
    await succeeds("olive", 'addGroupMember(input: { group: "Phoenix", user: "dora@acme.test" }) { group { id } }');
    await succeeds(
      "olive",
      'grantFeature(input: { feature: "todos.read", group: "Phoenix", scope: "campus/miami" }) { grant { id } }',
    );
    await succeeds(
      "olive",
      'grantRole(input: { role: "phoenix", user: "dora@acme.test", scope: "campus/miami" }) { grant { id } }',
    );
    const held = async () => [
      await can("dora", "todos.read", "campus/miami"),
      await can("dora", "approve_payments", "campus/miami"),
    ];
    expect(await held()).toEqual([true, true]);
    await succeeds("olive", 'deleteGroup(input: { group: "Phoenix" }) { id }');
    await succeeds("olive", 'createGroup(input: { name: "Phoenix" }) { group { id } }');
    expect(await held()).toEqual([false, true]);
    await succeeds("olive", 'deleteRole(input: { role: "phoenix" }) { id }');
    await succeeds("olive", 'createRole(input: { code: "phoenix", name: "Phoenix" }) { role { id } }');
    await succeeds(
      "olive",
      'addRoleFeatures(input: { role: "phoenix", features: ["approve_payments"] }) { role { id } }',
    );
    expect(await held()).toEqual([false, false]);
    await succeeds(
      "olive",
      'grantRole(input: { role: "phoenix", user: "dora@acme.test", scope: "campus/miami" }) { grant { id } }',
    );
    await succeeds("olive", 'removeTenantMember(input: { user: "dora@acme.test" }) { id }');
    await succeeds("olive", 'addTenantMember(input: { user: "dora@acme.test" }) { user { id } }');
    expect(await held()).toEqual([false, false]);
  });

  it.each(["office", "OFFICE", "Office ", "Offi\u0441e", "Office\u200b", "O\ufb03ce"])(
    "rejects %j, which is not Office (E11)",
    async (name) => {
      const { body } = await world.ask(
        emailOf("gwen"),
        "mutation ($group: String!) { lockGroup(input: { group: $group }) { group { id } } }",
        { group: name },
      );
      expect(body.errors[0].extensions).toMatchObject({ code: "NOT_FOUND", reason: 52171 });
    },
  );

  it.each([
    "Group:60000000-0000-4000-8000-000000000001 ",
    "group:60000000-0000-4000-8000-000000000001",
    "Group:60000000000040008000000000000001",
    "Group:{60000000-0000-4000-8000-000000000001}",
    "Group:60000000-0000-4000-8000-00000000000A",
  ])("rejects %j, which is not the id of Office (E11)", async (id) => {
    const { body } = await world.ask(
      emailOf("gwen"),
      "mutation ($group: String!) { lockGroup(input: { group: $group }) { group { id } } }",
      { group: id },
    );
    expect(["BAD_USER_INPUT", "NOT_FOUND"]).toContain(body.errors[0].extensions.code);
  });
});
