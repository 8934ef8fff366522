/** In charge of the design's calls: each is sent as it is written there, by one who may and by one who may not. */
import { describe, expect, it } from "vitest";
import { asking } from "../../support/asking.js";
import { useWorld } from "../../support/world.js";

const world = useWorld();
const { reads, refuses } = asking(world);

const me = `query Me { viewer { kind user { email } tenant { slug } permissions(scope: "campus/chicago") {
  features { feature scope } types { name create read update delete fields { name readable writable requires } } } } }`;
const list = `query List { todos(first: 20, filter: { done: { eq: false }, title: { contains: "milk" } }, orderBy: [{ createdAt: DESC }]) {
  totalCount pageInfo { hasNextPage endCursor }
  edges { cursor node { id title done owner { email } access { update delete share fields { title { read write } } } } } } }`;
const check = `query Check { a: can(feature: "view_sales_page", scope: "campus/chicago") b: can(feature: "view_sales_page", scope: "campus/miami")
  canAll(checks: [{ feature: "todos.read", scope: "tenant/acme" }]) }`;
const grantSales =
  'mutation Grant { grantRole(input: { user: "jane@acme.test", role: "sales_manager", scope: "campus/miami" }) { grant { id } } }';
const revoke = "mutation Revoke ($id: ID!) { revokeGrant(input: { id: $id }) { revoked } }";
const grantsOf = async (email: string) => {
  const { rows } = await world.database.owner.query(
    "select count(*)::int as count from iam.grants g join iam.users u on u.id = g.user_id where u.email = $1",
    [email],
  );
  return rows[0].count as number;
};

describe("Me", () => {
  it("reads who is asking and where", async () => {
    const { viewer } = await reads("bob", me);
    expect(viewer).toMatchObject({ kind: "USER", user: { email: "bob@acme.test" }, tenant: { slug: "acme" } });
    expect(viewer.permissions.features).toEqual([]);
    expect((await reads("jane", me)).viewer.permissions.features).toContainEqual({
      feature: "view_sales_page",
      scope: "campus/chicago",
    });
  });

  it("reads nobody in particular without a credential", async () => {
    expect(await reads(null, me)).toEqual({
      viewer: { kind: "ANONYMOUS", user: null, tenant: null, permissions: null },
    });
  });

  it("hides every tenant from who belongs to none", async () => {
    const { viewer } = await reads("mallory", me);
    expect(viewer).toMatchObject({ kind: "USER", user: { email: "mallory@nowhere.test" }, tenant: null });
    expect(viewer.permissions.features).toEqual([]);
    expect(await reads("mallory", "{ tenants { totalCount } }")).toEqual({ tenants: { totalCount: 0 } });
  });
});

describe("List", () => {
  it("reads a page of what is shared with a member", async () => {
    const { todos } = await reads("bob", list);
    const [edge] = todos.edges;
    expect(todos).toEqual({
      totalCount: 1,
      pageInfo: { hasNextPage: false, endCursor: edge.cursor },
      edges: [
        {
          cursor: expect.any(String),
          node: {
            id: "Todo:70d00000-0000-4000-8000-000000000001",
            title: "Buy milk for the office",
            done: false,
            owner: { email: "alice@acme.test" },
            access: { update: true, delete: false, share: false, fields: { title: { read: true, write: true } } },
          },
        },
      ],
    });
  });

  it("hides the same page from another tenant's owner, and denies it to nobody in particular", async () => {
    expect((await reads("carol", list)).todos).toMatchObject({ totalCount: 0, edges: [] });
    expect(await refuses(null, list)).toMatchObject({
      status: 403,
      extensions: { code: "FORBIDDEN", coordinate: "Query.todos", requires: "authenticated" },
    });
  });
});

describe("Check", () => {
  it("allows what is held at the place, and denies it elsewhere and to others", async () => {
    expect(await reads("jane", check)).toEqual({ a: true, b: false, canAll: [false] });
    expect(await reads("erin", check)).toEqual({ a: false, b: false, canAll: [true] });
    expect(await reads(null, check)).toEqual({ a: false, b: false, canAll: [false] });
  });
});

describe("Grant and Revoke", () => {
  const sales = '{ sales { nodes { campus } } can(feature: "view_sales_page", scope: "campus/miami") }';

  it.each(["jane", "bob", "erin"] as const)(
    "denies Grant to %s, who doesn't hold it there, and writes nothing",
    async (who) => {
      const before = await grantsOf("jane@acme.test");
      expect(["FORBIDDEN", "NOT_FOUND"]).toContain((await refuses(who, grantSales)).code);
      expect(await grantsOf("jane@acme.test")).toBe(before);
    },
  );

  it("hides the role and the user from another tenant's owner", async () => {
    expect(await refuses("carol", grantSales)).toMatchObject({ status: 404, code: "NOT_FOUND" });
  });

  it("denies Grant to nobody in particular", async () => {
    expect(await refuses(null, grantSales)).toMatchObject({ status: 403, code: "FORBIDDEN" });
  });

  it("allows Grant to the tenant's owner: open on the next request, and closed again by Revoke", async () => {
    const { grantRole } = await reads("alice", grantSales);
    expect(await reads("jane", sales)).toEqual({
      sales: { nodes: [{ campus: "miami" }, { campus: "chicago" }] },
      can: true,
    });

    expect(["FORBIDDEN", "NOT_FOUND"]).toContain((await refuses("bob", revoke, { id: grantRole.grant.id })).code);
    expect(await refuses("carol", revoke, { id: grantRole.grant.id })).toMatchObject({ code: "NOT_FOUND" });
    expect((await reads("jane", sales)).can).toBe(true);

    expect(await reads("alice", revoke, { id: grantRole.grant.id })).toEqual({ revokeGrant: { revoked: true } });
    expect(await reads("jane", sales)).toEqual({ sales: { nodes: [{ campus: "chicago" }] }, can: false });
  });
});
