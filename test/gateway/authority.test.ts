/** Who the caller is, what he holds, and the mutations that change it. */
import { describe, expect, it } from "vitest";
import { useWorld } from "../support/world.js";

const world = useWorld();
const office = "Group:60000000-0000-4000-8000-000000000001";
const board = "Group:60000000-0000-4000-8000-000000000003";

describe("the viewer", () => {
  const query = "{ viewer { kind user { email } tenant { slug } } }";

  it("reads a member and the only tenant he has, in one statement", async () => {
    world.takeStatements();
    expect((await world.as("bob", query)).body.data.viewer).toEqual({
      kind: "USER",
      user: { email: "bob@acme.test" },
      tenant: { slug: "acme" },
    });
    expect(world.takeStatements()).toHaveLength(1);
  });

  it("reads somebody without a tenant", async () => {
    expect((await world.as("mallory", query)).body.data.viewer).toEqual({
      kind: "USER",
      user: { email: "mallory@nowhere.test" },
      tenant: null,
    });
  });

  it("reads nobody, under no alias somebody either", async () => {
    const { body } = await world.as(
      null,
      "{ viewer { kind user { email } constructor: user { id } tenant { slug } } }",
    );
    expect(body).toEqual({ data: { viewer: { kind: "ANONYMOUS", user: null, constructor: null, tenant: null } } });
  });
});

describe("checks", () => {
  it("allows and denies by scope, all of them in one statement", async () => {
    world.takeStatements();
    const { body } = await world.as(
      "jane",
      `{ a: can(feature: "view_sales_page", scope: "campus/chicago") b: can(feature: "view_sales_page", scope: "campus/miami")
         c: can(feature: "view_sales_page", scope: "store/42") d: can(feature: "nothing", scope: "campus/chicago") e: can(feature: "view_sales_page", scope: "tenant/globex")
         canAll(checks: [{ feature: "approve_payments", scope: "store/42" }, { feature: "todos.read", scope: "tenant/acme" }]) }`,
    );
    expect(body.data).toEqual({ a: true, b: false, c: true, d: false, e: false, canAll: [true, false] });
    expect(world.takeStatements()).toHaveLength(1);
  });

  it("denies everything to nobody", async () => {
    expect((await world.as(null, '{ can(feature: "todos.read", scope: "tenant/acme") }')).body).toEqual({
      data: { can: false },
    });
  });

  it("agrees with what may be read", async () => {
    expect((await world.as("jane", "{ sales { nodes { campus amount } } }")).body.data.sales.nodes).toEqual([
      { campus: "chicago", amount: "1000.00" },
    ]);
    expect((await world.as("bob", "{ sales { nodes { campus } } }")).body.data.sales.nodes).toEqual([]);
  });
});

describe("groups", () => {
  const members = "members { nodes { email } }";

  it("allows a member to make one, add to it and remove from it again", async () => {
    const made = await world.as(
      "bob",
      `mutation { createGroup(input: { name: "Project Team" }) { group { id owner { email } } } }`,
    );
    const { id, owner } = made.body.data.createGroup.group;
    expect(owner).toEqual({ email: "bob@acme.test" });
    const add = `mutation { addGroupMember(input: { group: "${id}", user: "jane@acme.test", until: "2999-01-01T00:00:00Z" }) { group { ${members} } } }`;
    expect((await world.as("bob", add)).body.data.addGroupMember.group.members.nodes).toContainEqual({
      email: "jane@acme.test",
    });
    const remove = `mutation { removeGroupMember(input: { group: "Project Team", user: "jane@acme.test" }) { group { ${members} } } }`;
    expect((await world.as("bob", remove)).body.data.removeGroupMember.group.members.nodes).not.toContainEqual({
      email: "jane@acme.test",
    });
  });

  it("allows the owner to rename and to delete it", async () => {
    await world.as("bob", 'mutation { createGroup(input: { name: "Short" }) { group { id } } }');
    const renamed = await world.as(
      "bob",
      'mutation { updateGroup(input: { group: "Short", name: "Shorter", membersSeeEachOther: false }) { group { id name membersSeeEachOther } } }',
    );
    const { id, ...group } = renamed.body.data.updateGroup.group;
    expect(group).toEqual({ name: "Shorter", membersSeeEachOther: false });
    expect(
      (await world.as("bob", 'mutation { deleteGroup(input: { group: "Shorter" }) { id } }')).body.data.deleteGroup,
    ).toEqual({ id });
    expect((await world.as("bob", `{ node(id: "${id}") { id } }`)).body.data.node).toBeNull();
  });

  it("denies a member to change a group that is not his, and writes nothing", async () => {
    const { body } = await world.as(
      "bob",
      `mutation { addGroupMember(input: { group: "${office}", user: "erin@acme.test" }) { group { id } } }`,
    );
    expect(body).toMatchObject({ data: null, errors: [{ extensions: { code: "FORBIDDEN" } }] });
    const { rows } = await world.database.owner.query(
      "select from iam.group_members m join iam.users u on u.id = m.user_id where u.email = 'erin@acme.test'",
    );
    expect(rows).toEqual([]);
  });

  it("hides another tenant's group the same way as one that never was", async () => {
    const read = (id: string) => world.as("alice", `mutation { deleteGroup(input: { group: "${id}" }) { id } }`);
    const [foreign, absent] = [await read(board), await read(board.replace(/3$/, "9"))];
    expect(absent.body.errors[0].extensions.code).toBe("NOT_FOUND");
    expect(foreign.body).toEqual(absent.body);
  });
});

describe("grants", () => {
  const give = (scope: string) =>
    `mutation { grantRole(input: { user: "bob@acme.test", role: "sales_manager", scope: "${scope}" }) { grant { id role { code } scope { key } user { email } } } }`;

  it("allows an owner to give a role and to take it back, each at once", async () => {
    const { body } = await world.as("alice", give("campus/miami"));
    const { id, ...grant } = body.data.grantRole.grant;
    expect(grant).toEqual({
      role: { code: "sales_manager" },
      scope: { key: "miami" },
      user: { email: "bob@acme.test" },
    });
    expect((await world.as("bob", "{ sales { nodes { campus } } }")).body.data.sales.nodes).toEqual([
      { campus: "miami" },
    ]);
    const revoke = `mutation { revokeGrant(input: { id: "${id}" }) { revoked } }`;
    expect((await world.as("alice", revoke)).body.data.revokeGrant).toEqual({ revoked: true });
    expect((await world.as("bob", "{ sales { nodes { campus } } }")).body.data.sales.nodes).toEqual([]);
  });

  it("allows an owner to give a feature, and to deny it to a user", async () => {
    const grant = (effect: string) =>
      `mutation { grantFeature(input: { user: "bob@acme.test", feature: "view_sales_page", scope: "campus/miami", effect: ${effect} }) { grant { effect feature { code } } } }`;
    expect((await world.as("alice", grant("ALLOW"))).body.data.grantFeature.grant).toEqual({
      effect: "ALLOW",
      feature: { code: "view_sales_page" },
    });
    expect((await world.as("bob", '{ can(feature: "view_sales_page", scope: "campus/miami") }')).body.data.can).toBe(
      true,
    );
    expect((await world.as("alice", grant("DENY"))).body.data.grantFeature.grant.effect).toBe("DENY");
    expect((await world.as("bob", '{ can(feature: "view_sales_page", scope: "campus/miami") }')).body.data.can).toBe(
      false,
    );
  });

  it("denies a caller to give what he doesn't hold, and writes nothing", async () => {
    const before = await world.database.owner.query("select count(*) from iam.grants");
    const role = `mutation { grantRole(input: { user: "jane@acme.test", role: "auditor", scope: "campus/chicago" }) { grant { id } } }`;
    const { body } = await world.as("jane", role);
    expect(body).toMatchObject({ data: null, errors: [{ extensions: { code: "FORBIDDEN" } }] });
    expect((await world.database.owner.query("select count(*) from iam.grants")).rows).toEqual(before.rows);
  });

  it("hides a scope where the caller holds nothing the same way as one that never was", async () => {
    const [hidden, absent] = [
      await world.as("jane", give("campus/miami")),
      await world.as("jane", give("campus/nothing")),
    ];
    expect(absent.body).toMatchObject({ data: null, errors: [{ extensions: { code: "NOT_FOUND" } }] });
    expect(hidden.body).toEqual(absent.body);
  });

  it("denies mutations to nobody, and spends no statement on him", async () => {
    world.takeStatements();
    const { body } = await world.as(null, give("campus/miami"));
    expect(body).toMatchObject({
      data: null,
      errors: [{ extensions: { code: "FORBIDDEN", requires: "authenticated" } }],
    });
    expect(world.takeStatements()).toEqual([]);
  });
});

describe("choosing a tenant", () => {
  it("allows a member his own tenant", async () => {
    expect(
      (await world.as("bob", 'mutation { selectTenant(input: { tenant: "acme" }) { tenant { slug } } }')).body.data
        .selectTenant.tenant,
    ).toEqual({ slug: "acme" });
  });

  it("hides a foreign tenant the same way as one that never was", async () => {
    const choose = (tenant: string) =>
      world.as("bob", `mutation { selectTenant(input: { tenant: "${tenant}" }) { tenant { slug } } }`);
    const [foreign, absent] = [await choose("globex"), await choose("nothing")];
    expect(foreign.body).toMatchObject({ data: null, errors: [{ extensions: { code: "FORBIDDEN", reason: 52108 } }] });
    expect(foreign.body).toEqual(absent.body);
  });
});
