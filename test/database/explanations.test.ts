/** In charge of the operator's question why: told everything, and only of what there is. */
import { describe, expect, test } from "vitest";
import { explainAsOperator } from "../../src/database/explanations.js";
import { StartupError } from "../../src/errors.js";
import { useTestDatabase } from "../support/database.js";

const database = useTestDatabase();
const why = (user: string, scope: string, tenant: string | null = null) =>
  explainAsOperator(database.adminUrl, { feature: "view_sales_page", scope, user, tenant });

describe("an operator", () => {
  test("reads the chain by which a member holds a feature", async () => {
    const { allowed, chain } = await why("Jane@acme.test", "store/42");
    expect([allowed, ...chain.map(({ label }) => label)]).toEqual([
      true,
      "jane@acme.test",
      "sales_manager",
      "view_sales_page",
      "campus/chicago",
    ]);
  });

  test("reads what is missing, and the nearest grant", async () => {
    expect(await why("jane@acme.test", "campus/miami")).toMatchObject({
      allowed: false,
      reason: "NOT_HELD",
      missing: "view_sales_page",
      nearest: { scope: "campus/chicago", via: "sales_manager" },
    });
  });

  test("reads that somebody is no member of the tenant he names", async () => {
    expect(await why("carol@globex.test", "campus/chicago", "acme")).toMatchObject({ reason: "MEMBER_INACTIVE" });
  });

  test.each([
    ["nobody@acme.test", "store/42", null],
    ["jane@acme.test", "store/43", null],
    ["jane@acme.test", "store/42", "nowhere"],
    ["ada@portcullis.test", "store/42", null],
  ] as const)("is refused for what there is not: %s at %s in %s", async (user, scope, tenant) => {
    await expect(why(user, scope, tenant)).rejects.toBeInstanceOf(StartupError);
  });
});
