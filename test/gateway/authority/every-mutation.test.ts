/** Whether a mutation is missing: a new one fails here until somebody has said who may, who may not, and what is no input. */
import { expect, it } from "vitest";
import { schema } from "../../../src/schema/index.js";
import { grantCases } from "./cases/grants.js";
import { groupCases } from "./cases/groups.js";
import { keyCases } from "./cases/keys.js";
import { roleCases } from "./cases/roles.js";
import { rowCases } from "./cases/rows.js";
import { scopeCases } from "./cases/scopes.js";
import { tenantCases } from "./cases/tenants.js";
import { tokenCases } from "./cases/tokens.js";
import { userCases } from "./cases/users.js";
import type { Cases } from "./mutation-cases.js";

const cases: Cases = {
  ...grantCases,
  ...groupCases,
  ...keyCases,
  ...roleCases,
  ...rowCases,
  ...scopeCases,
  ...tenantCases,
  ...tokenCases,
  ...userCases,
};
/** Their refusals are data, not errors: bulk-mutations.test.ts. */
const bulk = ["addGroupMembers", "grantRoleToMany"];
const mutations = Object.keys(schema.getMutationType()?.getFields() ?? {});

it("names every mutation of the schema, and no other", () => {
  expect([...Object.keys(cases), ...bulk].sort()).toEqual(mutations.sort());
});

it.each(Object.entries(cases))(
  "names who may and who is denied %s, on what the other may",
  (_mutation, { allows, refuses }) => {
    expect(allows.length).toBeGreaterThan(0);
    expect(refuses.some(({ code }) => code === "FORBIDDEN" || code === "NOT_FOUND")).toBe(true);
    expect(refuses.some(({ as, code }) => as !== allows[0]?.as && code !== "BAD_USER_INPUT")).toBe(true);
  },
);
