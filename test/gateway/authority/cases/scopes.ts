/** In charge of the cases of scopes: sam holds iam.scopes at campus/chicago and below. */
import { anId, bad, type Cases, inTenant, lacks, type Refused } from "../mutation-cases.js";

const hidden = (input: object): Refused => ({
  as: "bob",
  why: "who may not see the scope",
  input: { scope: "wing/east", ...input },
  code: "NOT_FOUND",
});
const elsewhere = (input: object): Refused => ({
  as: "sam",
  why: "at a scope that is not his",
  input: { scope: "campus/miami", ...input },
  code: "NOT_FOUND",
});
const foreign = (input: object): Refused => ({
  as: "sam",
  why: "another tenant's scope",
  input: { scope: "Scope:5c000000-0000-4000-8000-000000000002", ...input },
  code: "NOT_FOUND",
});
const root = (input: object): Refused => bad("olive", { scope: "tenant/acme", ...input }, "the root of the tenant");
const at = { parent: "campus/chicago", type: "store", key: "43" } as const;

export const scopeCases: Cases = {
  createScope: {
    selects: "scope { type key name }",
    allows: [
      {
        as: "sam",
        why: "below his own",
        input: { ...at, name: "Store 43" },
        answers: { scope: { type: "store", key: "43", name: "Store 43" } },
        event: 50341,
      },
    ],
    refuses: [
      lacks("jane", "iam.scopes.create", at, "who may only see the scope"),
      lacks("sam", "iam.scopes.create", { ...at, parent: "tenant/acme" }, "above his own"),
      {
        as: "sam",
        why: "below a scope that is not his",
        input: { ...at, parent: "campus/miami" },
        code: "NOT_FOUND",
      },
      { as: "sam", why: "below another tenant's", input: { ...at, parent: "tenant/globex" }, code: "NOT_FOUND" },
      { as: "sam", why: "a key in use", input: { ...at, key: "42" }, code: "CONFLICT" },
      bad("sam", { ...at, type: "Big Store" }, "a type that is none"),
      bad("sam", { ...at, type: "global" }, "the type of the global scope"),
      bad("sam", { ...at, key: "" }, "an empty key"),
      bad("sam", { ...at, key: "4/3" }, "a key with a slash"),
      bad("sam", { ...at, name: "" }, "an empty name"),
      inTenant("acme", bad("petra", { ...at, parent: "global/all" }, "below the global scope")),
    ],
  },
  updateScope: {
    selects: "scope { name }",
    allows: [
      {
        as: "sam",
        why: "below his own",
        input: { scope: "store/42", name: "The Store" },
        answers: { scope: { name: "The Store" } },
        event: 50342,
      },
    ],
    refuses: [
      lacks("jane", "iam.scopes.update", { scope: "store/42", name: "Mine" }, "who may only see the scope"),
      hidden({ name: "Mine" }),
      elsewhere({ name: "Mine" }),
      foreign({ name: "Mine" }),
      root({ name: "Mine" }),
      bad("sam", { scope: "store/42", name: "" }, "an empty name"),
    ],
  },
  moveScope: {
    selects: "scope { key parent { key } }",
    allows: [
      {
        as: "sam",
        why: "among his own",
        input: { scope: "shop/1", parent: "wing/north" },
        answers: { scope: { key: "1", parent: { key: "north" } } },
        event: 50343,
      },
    ],
    refuses: [
      lacks("jane", "iam.scopes.update", { scope: "shop/1", parent: "wing/west" }, "who may only see the scopes"),
      lacks("sam", "iam.scopes.update", { scope: "shop/1", parent: "tenant/acme" }, "out of his own, up (E13)"),
      lacks("sam", "iam.scopes.update", { scope: "campus/chicago", parent: "tenant/acme" }, "his own top (E13)"),
      {
        as: "sam",
        why: "out of his own, to where he sees nothing (E13)",
        input: { scope: "shop/1", parent: "campus/miami" },
        code: "NOT_FOUND",
      },
      {
        as: "sam",
        why: "into his own, from where he sees nothing (E13)",
        input: { scope: "campus/miami", parent: "wing/east" },
        code: "NOT_FOUND",
      },
      lacks(
        "sam",
        "approve_payments",
        { scope: "shop/1", parent: "wing/west" },
        "to where others would gain what he does not hold",
      ),
      { as: "sam", why: "into itself", input: { scope: "wing/east", parent: "shop/1" }, code: "CONFLICT" },
      bad("sam", { scope: "wing/east", parent: "wing/east" }, "onto itself"),
      root({ parent: "campus/chicago" }),
      hidden({ parent: "wing/west" }),
    ],
  },
  deleteScope: {
    selects: "id",
    allows: [
      {
        as: "sam",
        why: "where nothing stands",
        input: { scope: "shop/3" },
        answers: { id: anId("Scope") },
        event: 50344,
      },
    ],
    refuses: [
      lacks("jane", "iam.scopes.delete", { scope: "shop/3" }, "who may only see the scope"),
      lacks("sam", "iam.scopes.delete", { scope: "campus/chicago" }, "his own top"),
      { as: "sam", why: "where scopes stand below", input: { scope: "wing/east" }, code: "CONFLICT" },
      { as: "sam", why: "where a todo stands", input: { scope: "shop/2" }, code: "CONFLICT" },
      hidden({}),
      elsewhere({}),
      foreign({}),
      root({}),
    ],
  },
};
