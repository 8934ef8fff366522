/** What of authority is read, and by whom: members, groups, identities, mappings, providers, the menu, the trail. */
import { describe, expect, it } from "vitest";
import { emailOf } from "./mutation-cases.js";
import { useDelegates } from "./prove-cases.js";

const world = useDelegates();
const reads = async (who: string, query: string, tenant?: string) => {
  const { body } = await world.ask(emailOf(who), query, undefined, tenant === undefined ? {} : { "x-tenant": tenant });
  expect(body.errors).toBeUndefined();
  return body.data;
};
const sorted = (nodes: readonly Record<string, string>[], key: string) => nodes.map((node) => node[key]).sort();

describe("a tenant", () => {
  const query =
    "{ viewer { tenant { members(first: 100) { totalCount nodes { email } } groups(first: 100) { nodes { name } } } } }";

  it("reads all its members and groups to who may see them", async () => {
    const { tenant: byUma } = (await reads("uma", query)).viewer;
    const { rows } = await world.database.owner.query(
      "select count(*)::int as n from iam.tenant_members m join iam.tenants t on t.id = m.tenant_id where t.slug = 'acme' and m.deleted_at is null",
    );
    expect(byUma.members.totalCount).toBe(rows[0].n);
    expect((await reads("gwen", query)).viewer.tenant.groups.nodes).toHaveLength(20);
  });

  it("hides from a member whom he shares nothing with, and groups that he is not in", async () => {
    const { tenant } = (await reads("bob", query)).viewer;
    expect(sorted(tenant.members.nodes, "email")).toEqual(["alice@acme.test", "ann@acme.test", "bob@acme.test"]);
    expect(sorted(tenant.groups.nodes, "name")).toEqual(["Commune", "Office"]);
  });

  it("hides its groups from who may see its users only, and its users from who may see its groups only", async () => {
    expect((await reads("uma", query)).viewer.tenant.groups.nodes).toEqual([]);
    expect(sorted((await reads("gwen", query)).viewer.tenant.members.nodes, "email")).not.toContain("uma@acme.test");
  });

  it("hides itself from another tenant's owner", async () => {
    expect(
      await reads(
        "carol@globex.test",
        '{ node(id: "Tenant:acacacac-0000-4000-8000-000000000001") { id } tenants { nodes { slug } } }',
      ),
    ).toEqual({
      node: null,
      tenants: { nodes: [{ slug: "globex" }] },
    });
  });
});

describe("identities", () => {
  const query = "{ identities(first: 100) { totalCount nodes { subject } } }";

  it("reads to everybody his own", async () => {
    expect((await reads("bob", query)).identities).toEqual({ totalCount: 1, nodes: [{ subject: "bob@acme.test" }] });
  });

  it("reads those of the tenant's members with iam.identities.read, and hides the others", async () => {
    const subjects = sorted((await reads("uma", query)).identities.nodes, "subject");
    expect(subjects).toContain("gwen@acme.test");
    expect(subjects).not.toContain("carol@globex.test");
    expect(subjects).not.toContain("ada@portcullis.test");
  });

  it("hides one of another tenant by its id", async () => {
    expect(await reads("uma", `{ node(id: "${world.id("identity-carol")}") { id } }`)).toEqual({ node: null });
    expect(await reads("bob", `{ node(id: "${world.id("identity-jane")}") { id } }`)).toEqual({ node: null });
  });
});

describe("mappings and providers", () => {
  const mappings = "{ groupMappings { nodes { externalRole group { name } } } }";
  const providers = "{ providers(first: 10) { nodes { code users(first: 100) { totalCount } } } }";

  it("reads mappings with iam.groups.read, and hides them from a member and from another tenant", async () => {
    expect((await reads("gwen", mappings)).groupMappings.nodes).toEqual([
      { externalRole: "mapped", group: { name: "Hybrid" } },
    ]);
    for (const who of ["bob", "uma", "carol@globex.test"])
      expect((await reads(who, mappings)).groupMappings.nodes).toEqual([]);
    expect(await reads("bob", `{ node(id: "${world.id("mapping")}") { id } }`)).toEqual({ node: null });
  });

  it("reads providers with iam.providers.read at global/all, and of their users only who may be seen", async () => {
    const { nodes } = (await reads("pia", providers, "acme")).providers;
    expect(sorted(nodes, "code")).toEqual(["demo", "doomed", "late", "spare"]);
    expect(nodes.find(({ code }: { code: string }) => code === "demo").users.totalCount).toBe(1);
  });

  it("hides providers from a tenant's owner", async () => {
    for (const who of ["alice", "olive", "bob"]) expect((await reads(who, providers)).providers.nodes).toEqual([]);
  });
});

describe("the menu", () => {
  const query = "{ authorizedRoutes { route level parent } }";

  it("reads the pages whose feature is held at any scope, and no other", async () => {
    expect((await reads("gus", query)).authorizedRoutes).toEqual([{ route: "/sales", level: 1, parent: null }]);
    expect((await reads("jane", query)).authorizedRoutes.map(({ route }: { route: string }) => route)).toEqual([
      "/sales",
      "/payments",
    ]);
  });

  it("hides every page from who holds no feature of one, and refuses nobody's question", async () => {
    for (const who of ["bob", "gwen", "mallory@nowhere.test"])
      expect((await reads(who, query)).authorizedRoutes).toEqual([]);
  });

  it("hides a page from who is denied its feature wherever he was given it", async () => {
    const deny = (scope: string) =>
      `mutation { grantFeature(input: { feature: "view_sales_page", effect: DENY, user: "jane@acme.test", scope: "${scope}" }) { grant { id } } }`;
    await reads("olive", deny("store/42"));
    expect((await reads("jane", query)).authorizedRoutes).toHaveLength(2);
    await reads("olive", deny("campus/chicago"));
    expect((await reads("jane", query)).authorizedRoutes.map(({ route }: { route: string }) => route)).toEqual([
      "/payments",
    ]);
  });
});

describe("the trail", () => {
  const query = "{ auditEvents(first: 100) { totalCount nodes { code } } }";

  it("reads everything of the tenant to its reader, and nothing to others", async () => {
    await reads("gwen", 'mutation { updateGroup(input: { group: "Crew", name: "Trail" }) { group { id } } }');
    await reads("sam", 'mutation { updateScope(input: { scope: "store/42", name: "Trail" }) { scope { id } } }');
    expect((await reads("audra", query)).auditEvents.nodes.map(({ code }: { code: number }) => code)).toEqual(
      expect.arrayContaining([50202, 50342]),
    );
    for (const who of ["gwen", "sam", "bob", "carol@globex.test", "mallory@nowhere.test"])
      expect((await reads(who, query)).auditEvents).toEqual({ totalCount: 0, nodes: [] });
  });

  it("reads at one place what happened there, and hides the rest", async () => {
    await reads(
      "olive",
      'mutation { grantFeature(input: { feature: "iam.audit.read", user: "erin@acme.test", scope: "campus/miami" }) { grant { id } } }',
    );
    await reads(
      "olive",
      'mutation { grantFeature(input: { feature: "iam.audit.read", user: "ann@acme.test", scope: "campus/chicago" }) { grant { id } } }',
    );
    const codes = (await reads("ann", query)).auditEvents.nodes.map(({ code }: { code: number }) => code);
    expect(codes).toContain(50342);
    expect(codes).not.toContain(50202);
  });
});
