/** In charge of the menu: which pages it shows to whom, in which order, by GraphQL and by SQL. */
import { beforeAll, describe, expect, it } from "vitest";
import { asking } from "../support/asking.js";
import { useCallers } from "../support/callers.js";
import { useWorld } from "../support/world.js";

const query = "{ authorizedRoutes { route sortOrder level parent } }";
const world = useWorld();
const { reads } = asking(world);
const { as, database } = useCallers(2);

// /sales stands at 10, /payments at 20; a report below the sales page, its details below that
async function arrangeReports(owner: typeof database.owner): Promise<void> {
  for (const [code, route, parent, sortOrder] of [
    ["reports", "/sales/reports", "view_sales_page", 2],
    ["exports", "/sales/exports", "view_sales_page", 1],
    ["details", "/sales/reports/details", "reports", 1],
  ])
    await owner.query(
      `insert into iam.features (code, parent_id, route, route_parent_id, sort_order)
       select $1, root.id, $2, above.id, $4 from iam.features root, iam.features above where root.code = '*' and above.code = $3`,
      [code, route, parent, sortOrder],
    );
  await owner.query(
    `insert into iam.role_features (role_id, feature_id, tenant_id)
     select r.id, f.id, r.tenant_id from iam.roles r, iam.features f where r.code = 'sales_manager' and f.code in ('reports', 'details')`,
  );
}

beforeAll(async () => {
  await arrangeReports(world.database.owner);
  await arrangeReports(database.owner);
});

describe("the menu", () => {
  it("reads for jane the pages of her roles, level by level in their order", async () => {
    expect((await reads("jane", query)).authorizedRoutes).toEqual([
      { route: "/sales", sortOrder: 10, level: 1, parent: null },
      { route: "/payments", sortOrder: 20, level: 1, parent: null },
      { route: "/sales/reports", sortOrder: 2, level: 2, parent: "/sales" },
      { route: "/sales/reports/details", sortOrder: 1, level: 3, parent: "/sales/reports" },
    ]);
  });

  it("reads every page for who holds everything, its siblings by sort order", async () => {
    const { authorizedRoutes } = await reads("alice", query);
    expect(authorizedRoutes.map(({ route }: { readonly route: string }) => route)).toEqual([
      "/sales",
      "/payments",
      "/sales/exports",
      "/sales/reports",
      "/sales/reports/details",
    ]);
  });

  it("hides every page from a plain member", async () => {
    expect((await reads("bob", query)).authorizedRoutes).toEqual([]);
  });

  it("follows a changed order at once", async () => {
    await world.database.owner.query("update iam.features set sort_order = 30 where code = 'view_sales_page'");
    expect((await reads("jane", query)).authorizedRoutes[0].route).toBe("/payments");
  });
});

describe("iam.can_route", () => {
  it.each([
    ["jane@acme.test", "/sales", true],
    ["jane@acme.test", "/sales/exports", false],
    ["jane@acme.test", "/nowhere", false],
    ["jane@acme.test", null, false],
    ["bob@acme.test", "/sales", false],
    ["carol@globex.test", "/sales", true],
  ])("answers %s about %s with %j", async (who, route, may) => {
    expect(await as(who).value("select iam.can_route($1)", route)).toBe(may);
  });

  it("denies a page by a deny at every scope where its feature is held", async () => {
    await database.owner.query(
      `insert into iam.grants (tenant_id, user_id, feature_id, scope_id, effect)
       select s.tenant_id, u.id, f.id, s.id, 'deny' from iam.scopes s, iam.users u, iam.features f
       where s.type = 'campus' and s.key = 'chicago' and u.email = 'jane@acme.test' and f.code = 'view_sales_page'`,
    );
    expect(await as("jane@acme.test").value("select iam.can_route('/sales')")).toBe(false);
    expect(await as("jane@acme.test").value("select iam.can_route('/payments')")).toBe(true);
  });
});
