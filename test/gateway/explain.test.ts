/** In charge of the question why: what GraphQL answers about the caller, about others, and to whom it says nothing. */
import { describe, expect, it } from "vitest";
import { asking } from "../support/asking.js";
import { useWorld, type Who } from "../support/world.js";

const world = useWorld();
const { reads, refuses } = asking(world);

const query = `query Why($feature: String!, $scope: String!, $user: String) {
  explain(feature: $feature, scope: $scope, user: $user) {
    allowed reason chain { kind label id } missing nearest { feature scope via } denies { feature scope via } } }`;
const why = async (who: Who, feature: string, scope: string, user?: string) =>
  (await reads(who, query, { feature, scope, user })).explain;

describe("explain", () => {
  it("reads the whole chain of somebody else for who holds iam.explain", async () => {
    expect(await why("erin", "view_sales_page", "store/42", "jane@acme.test")).toMatchObject({
      allowed: true,
      reason: "ALLOWED",
      chain: [
        { kind: "USER", label: "jane@acme.test", id: "User:00000000-0000-4000-8000-000000000051" },
        { kind: "ROLE", label: "sales_manager" },
        { kind: "FEATURE", label: "view_sales_page" },
        { kind: "SCOPE", label: "campus/chicago", id: "Scope:5c000000-0000-4000-8000-000000000011" },
      ],
      missing: null,
      nearest: null,
      denies: [],
    });
  });

  it("reads what is missing, and the nearest grant", async () => {
    expect(await why("erin", "view_sales_page", "campus/miami", "jane@acme.test")).toEqual({
      allowed: false,
      reason: "NOT_HELD",
      chain: [],
      missing: "view_sales_page",
      nearest: { feature: "view_sales_page", scope: "campus/chicago", via: "sales_manager" },
      denies: [],
    });
  });

  it("reads for everybody why he may himself", async () => {
    expect(await why("jane", "approve_payments", "store/42")).toMatchObject({ allowed: true });
    expect(await why("bob", "approve_payments", "tenant/acme")).toMatchObject({ allowed: false, reason: "NOT_HELD" });
  });

  it("denies answers about others without iam.explain, whoever they are", async () => {
    const refusals = await Promise.all(
      ["jane@acme.test", "carol@globex.test", "nobody@acme.test"].map((user) =>
        refuses("bob", query, { feature: "view_sales_page", scope: "campus/chicago", user }),
      ),
    );
    expect(new Set(refusals.map((refusal) => JSON.stringify(refusal))).size).toBe(1);
    expect(refusals[0]).toMatchObject({
      code: "FORBIDDEN",
      extensions: { reason: 52109, requires: "iam.explain" },
    });
  });

  it("denies everything to the anonymous", async () => {
    expect((await refuses(null, query, { feature: "view_sales_page", scope: "campus/chicago" })).code).toBe(
      "FORBIDDEN",
    );
  });

  it("hides members of another tenant from the auditor: they don't exist", async () => {
    const asked = { feature: "view_sales_page", scope: "campus/chicago" };
    const [foreign, absent] = await Promise.all(
      ["carol@globex.test", "nobody@acme.test"].map((user) => refuses("erin", query, { ...asked, user })),
    );
    expect(foreign).toMatchObject({ code: "NOT_FOUND", extensions: { reason: 52103 } });
    expect(foreign).toEqual(absent);
  });
});
