/** Aggregates: what is true of all rows of a list together, of those rows and values only that the caller may read. */
import { beforeAll, describe, expect, it } from "vitest";
import { asking } from "../support/asking.js";
import { useWorld } from "../support/world.js";

const world = useWorld();
const { reads } = asking(world);

const ofSales = "aggregates { count sum { amount } avg { amount } min { amount createdAt } max { amount createdAt } }";

beforeAll(async () => {
  await world.database.owner.query(
    "insert into public.sales (tenant_id, campus, amount) select id, 'chicago', 12 from iam.tenants where slug = 'globex'",
  );
});

describe("the aggregates of a list", () => {
  it("reads them over the rows that the caller may see, and hides the others from every one of them", async () => {
    const { sales } = await reads("alice", `{ sales { ${ofSales} } }`);
    expect(sales.aggregates).toEqual({
      count: 2,
      sum: { amount: "3000.00" },
      avg: { amount: "1500.0000000000000000" },
      min: { amount: "1000.00", createdAt: "2026-01-07T12:00:00Z" },
      max: { amount: "2000.00", createdAt: "2026-01-08T12:00:00Z" },
    });
    expect((await reads("jane", `{ sales { ${ofSales} } }`)).sales.aggregates).toEqual({
      count: 1,
      sum: { amount: "1000.00" },
      avg: { amount: "1000.0000000000000000" },
      min: { amount: "1000.00", createdAt: "2026-01-07T12:00:00Z" },
      max: { amount: "1000.00", createdAt: "2026-01-07T12:00:00Z" },
    });
    for (const who of ["bob", "erin"] as const)
      expect((await reads(who, "{ sales { aggregates { count sum { amount } max { createdAt } } } }")).sales).toEqual({
        aggregates: { count: 0, sum: { amount: null }, max: { createdAt: null } },
      });
  });

  it("reads them over the filtered rows of all pages, under any name", async () => {
    const query = `{ sales(first: 1, filter: { amount: { lt: "1500" } }) { a: aggregates { sum { amount } } b: aggregates { total: sum { amount } max { most: amount } } nodes { amount } } }`;
    expect(await reads("alice", query)).toEqual({
      sales: {
        a: { sum: { amount: "1000.00" } },
        b: { total: { amount: "1000.00" }, max: { most: "1000.00" } },
        nodes: [{ amount: "1000.00" }],
      },
    });
    expect((await reads("alice", "{ sales(first: 1) { aggregates { count } nodes { id } } }")).sales).toMatchObject({
      aggregates: { count: 2 },
    });
  });

  it("reads them in one statement, also below a row", async () => {
    world.takeStatements();
    const query = "{ scopes { nodes { key todos { aggregates { count max { createdAt } } } } } }";
    const { scopes } = await reads("jane", query);
    expect(world.takeStatements()).toHaveLength(1);
    expect(scopes.nodes).toContainEqual({
      key: "chicago",
      todos: { aggregates: { count: 1, max: { createdAt: "2026-01-09T09:00:00Z" } } },
    });
  });

  it("reads sums of any size to the last digit", async () => {
    await world.database.owner.query(
      `insert into public.sales (tenant_id, campus, amount)
       select t.id, 'chicago', 9999999999.99 from iam.tenants t, generate_series(1, 1000) where t.slug = 'acme'`,
    );
    const { sales } = await reads(
      "jane",
      '{ sales(filter: { amount: { gt: "5000" } }) { aggregates { sum { amount } } } }',
    );
    expect(sales.aggregates.sum.amount).toBe("9999999999990.00");
  });

  it("reads whole numbers without losing any", async () => {
    await world.database.owner.query("update iam.features set sort_order = 2147483647 where sort_order is not null");
    const { features } = await reads(
      "bob",
      "{ features(filter: { sortOrder: { gt: 1 } }) { aggregates { count sum { sortOrder } avg { sortOrder } max { sortOrder } } } }",
    );
    expect(features.aggregates).toMatchObject({
      sum: { sortOrder: String(2_147_483_647 * features.aggregates.count) },
      max: { sortOrder: 2_147_483_647 },
    });
    expect(Number(features.aggregates.avg.sortOrder)).toBe(2_147_483_647);
  });
});
