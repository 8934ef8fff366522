/** That every mutation is either told by somebody's `access`, or named here with the argument that its answer depends on. */
import { getNamedType, isInputObjectType } from "graphql";
import { describe, expect, it } from "vitest";
import { resources } from "../../src/resources/resources.js";
import { schema } from "../../src/schema/index.js";

const functions = resources.flatMap(({ name, functions: of }) =>
  [...of].map(([command, { mutation, writes = [] }]) => ({ name, command, mutation, writes })),
);
const told = new Set(functions.map(({ mutation }) => mutation));
const byPolicies = resources
  .filter(({ table }) => table.schema !== "iam")
  .flatMap(({ name, commands }) => [...commands].map((command) => `${command}${name}`));
const mutations = schema.getMutationType()?.getFields() ?? {};

/** What is told only when it is tried, and why. */
const untold: Readonly<Record<string, string>> = {
  moveScope: "where to",
  addGroupMember: "for how long",
  addGroupMembers: "for how long",
  removeGroupMember: "whom: oneself, or another",
  addRoleFeatures: "which features",
  removeRoleFeatures: "which features",
  includeRole: "which role",
  excludeRole: "which role",
  grantToApiKey: "which features, where",
  revokeFromApiKey: "which features, where",
  grantRole: "which role, to whom, where",
  grantRoleToMany: "which role, to whom, where",
  grantFeature: "which feature, to whom, where",
  createTenant: "there is no row yet",
  createUser: "there is no row yet",
  createGroup: "there is no row yet",
  createRole: "there is no row yet",
  createFeature: "there is no row yet",
  createProvider: "there is no row yet",
  createScope: "there is no row yet",
  createApiKey: "there is no row yet",
  createToken: "there is no row yet",
  addTenantMember: "the caller's tenant, and somebody who isn't here yet",
  assignTenantOwner: "the caller's tenant, and whom",
  selectTenant: "the caller himself",
  useToken: "the secret",
  validateToken: "the secret",
};

describe("what access tells", () => {
  it("is every mutation but those whose answer depends on more than the row", () => {
    const others = Object.keys(mutations).filter((name) => !told.has(name) && !isByPolicies(name));
    expect(others.sort()).toEqual(Object.keys(untold).sort());
  });

  it.each(functions)("names a mutation that takes a $name: $mutation", ({ mutation, writes }) => {
    const input = getNamedType(mutations[mutation]?.args[0]?.type);
    if (!isInputObjectType(input)) throw new TypeError(`${mutation} has no input.`);
    expect(Object.keys(input.getFields())).toEqual(expect.arrayContaining([...writes]));
  });
});

function isByPolicies(mutation: string): boolean {
  return byPolicies.includes(mutation.replace(/^unshare/, "share"));
}
