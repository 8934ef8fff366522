/** In charge of the seed flow S3.21: a feature held at one campus opens that campus, what is below it, and nothing else. */
import { describe, expect, it } from "vitest";
import { asking } from "../../support/asking.js";
import { useWorld } from "../../support/world.js";

const world = useWorld();
const { reads, refuses } = asking(world);

const check = "query ($feature: String!, $scope: String!) { can(feature: $feature, scope: $scope) }";
const idOfMiami = async () => {
  const { rows } = await world.database.owner.query(
    "select 'Sale:' || id as id from public.sales where campus = 'miami'",
  );
  return rows[0].id as string;
};

describe("a sales manager and finance officer at campus/chicago", () => {
  it("reads the checks as they are written", async () => {
    const query = `query Check {
      a: can(feature: "view_sales_page", scope: "campus/chicago")
      b: can(feature: "view_sales_page", scope: "campus/miami")
      canAll(checks: [{ feature: "todos.read", scope: "tenant/acme" }]) }`;
    expect(await reads("jane", query)).toEqual({ a: true, b: false, canAll: [false] });
    expect(await reads("alice", query)).toEqual({ a: true, b: true, canAll: [true] });
    expect(await reads("bob", query)).toEqual({ a: false, b: false, canAll: [false] });
  });

  it.each([
    { feature: "view_sales_page", scope: "campus/chicago" },
    { feature: "approve_payments", scope: "campus/chicago" },
    { feature: "view_sales_page", scope: "store/42" },
    { feature: "approve_payments", scope: "store/42" },
  ])("allows $feature at $scope", async (asked) => {
    expect(await reads("jane", check, asked)).toEqual({ can: true });
  });

  it.each([
    { feature: "view_sales_page", scope: "campus/miami" },
    { feature: "approve_payments", scope: "campus/miami" },
    { feature: "view_sales_page", scope: "tenant/acme" },
    { feature: "view_sales_page", scope: "global/all" },
    { feature: "view_sales_page", scope: "tenant/globex" },
    { feature: "view_sales_page", scope: "campus/nowhere" },
    { feature: "view_sales_page.more", scope: "campus/chicago" },
    { feature: "view_sales", scope: "campus/chicago" },
    { feature: "*", scope: "campus/chicago" },
    { feature: "", scope: "" },
  ])("denies $feature at $scope", async (asked) => {
    expect(await reads("jane", check, asked)).toEqual({ can: false });
  });

  it("denies it at the same campus to somebody of another tenant, who owns that one", async () => {
    expect(await reads("carol", check, { feature: "view_sales_page", scope: "campus/chicago" })).toEqual({
      can: false,
    });
  });

  it("reads the sales of chicago only", async () => {
    const query = "query Sales { sales { edges { node { campus amount } } } }";
    expect(await reads("jane", query)).toEqual({
      sales: { edges: [{ node: { campus: "chicago", amount: "1000.00" } }] },
    });
  });

  it("hides miami from counts, filters, orders and ids", async () => {
    const id = await idOfMiami();
    const query = `query ($id: ID!) {
      sale(id: $id) { amount }
      node(id: $id) { id }
      miami: sales(filter: { campus: { eq: "miami" } }) { totalCount nodes { amount } }
      dearest: sales(orderBy: [{ amount: DESC }], first: 1) { totalCount nodes { campus } pageInfo { hasNextPage } }
      notChicago: sales(filter: { not: { campus: { eq: "chicago" } } }) { totalCount }
      byId: sales(filter: { id: { in: [$id] } }) { totalCount } }`;
    expect(await reads("jane", query, { id })).toEqual({
      sale: null,
      node: null,
      miami: { totalCount: 0, nodes: [] },
      dearest: { totalCount: 1, nodes: [{ campus: "chicago" }], pageInfo: { hasNextPage: false } },
      notChicago: { totalCount: 0 },
      byId: { totalCount: 0 },
    });
    expect(await reads("alice", query, { id })).toMatchObject({ sale: { amount: "2000.00" }, byId: { totalCount: 1 } });
  });

  it("hides all sales from a plain member, from another tenant and from nobody in particular", async () => {
    for (const who of ["bob", "carol"] as const)
      expect(await reads(who, "{ sales { totalCount nodes { id } } }")).toEqual({
        sales: { totalCount: 0, nodes: [] },
      });
    expect(await refuses(null, "{ sales { totalCount } }")).toMatchObject({ code: "FORBIDDEN" });
  });

  it("hides what a campus' own key in another tenant would open", async () => {
    await world.database.owner.query(
      `with campus as (
         insert into iam.scopes (tenant_id, type, key, name, parent_id)
         select tenant_id, 'campus', 'miami', 'Their Miami', id from iam.scopes where type = 'tenant' and key = 'globex' returning tenant_id
       ) insert into public.sales (tenant_id, campus, amount) select tenant_id, 'miami', 7 from campus`,
    );
    expect(await reads("carol", "{ sales { nodes { amount } } }")).toEqual({ sales: { nodes: [{ amount: "7.00" }] } });
    expect(await reads("jane", "{ sales { totalCount } }")).toEqual({ sales: { totalCount: 1 } });
  });
});
