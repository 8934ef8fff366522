/** In charge of the cases of API keys: everybody gives his own what he likes; kara holds iam.api_keys in acme and view_sales_page in Chicago; dora holds nothing. */
import { expect } from "vitest";
import { bad, type Cases, lacks, numbered, type Refused } from "../mutation-cases.js";

const wholeKey = expect.stringMatching(/^pk_[0-9A-Za-z]{16}_[0-9A-Za-z]{46}$/);
const sales = { features: ["view_sales_page"], scope: "campus/chicago" };
const missing = (as: string, input: object, why: string): Refused => ({
  as,
  why,
  input: { ...input },
  code: "NOT_FOUND",
});
const over = (input: object = {}): readonly Refused[] => [
  missing("bob", { id: "#key-dora", ...input }, "a key of somebody else"),
  missing("kara", { id: "#key-carol", ...input }, "a key of another tenant"),
  missing("kara", { id: "ApiKey:00000000-0000-4000-8000-000000000000", ...input }, "a key that never was"),
];

export const keyCases: Cases = {
  createApiKey: {
    selects: "apiKey { name owner { email } expiresAt } secret",
    allows: [
      {
        as: "gus",
        why: "a key of his own with what he holds",
        input: { name: "ci", ...sales },
        answers: { apiKey: { name: "ci", owner: { email: "gus@acme.test" }, expiresAt: null }, secret: wholeKey },
        event: 50501,
      },
      {
        as: "bob",
        why: "a key of his own with what he doesn't hold, which does what he may",
        input: { name: "mine", features: ["todos.read"] },
        answers: { apiKey: { name: "mine", owner: { email: "bob@acme.test" }, expiresAt: null }, secret: wholeKey },
        event: 50501,
      },
      {
        as: "kara",
        why: "a key of a member who holds no more than she",
        input: { name: "till", ...sales, user: "dora@acme.test", expiresAt: "2099-01-01T00:00:00Z" },
        answers: { apiKey: { name: "till", owner: null, expiresAt: "2099-01-01T00:00:00Z" }, secret: wholeKey },
        event: 50501,
      },
    ],
    refuses: [
      lacks(
        "kara",
        "approve_payments",
        { name: "ci", ...sales, features: ["approve_payments"], user: "dora@acme.test" },
        "somebody else's with what she doesn't hold",
      ),
      lacks("gus", "iam.api_keys.create", { name: "ci", ...sales, user: "dora@acme.test" }, "a key of somebody else"),
      lacks("kara", "approve_payments", { name: "ci", ...sales, user: "strong@acme.test" }, "a key of who holds more"),
      numbered("kara", 52103, "NOT_FOUND", { name: "ci", ...sales, user: "carol@globex.test" }, "a key of a stranger"),
      numbered("kara", 52275, "NOT_FOUND", { name: "ci", ...sales, features: ["nothing"] }, "a feature that is none"),
      numbered(
        "kara",
        52178,
        "FORBIDDEN",
        { name: "ci", ...sales, features: ["retired"] },
        "a feature not to be given",
      ),
      numbered("kara", 52274, "BAD_USER_INPUT", { name: "ci", ...sales, features: [] }, "no feature at all"),
      bad("gus", { name: "", ...sales }, "no name"),
      bad("gus", { name: "ci", ...sales, expiresAt: "2001-01-01T00:00:00Z" }, "an end in the past"),
      missing("gus", { name: "ci", ...sales, scope: "campus/nowhere" }, "a place that is none"),
    ],
  },
  updateApiKey: {
    selects: "apiKey { name expiresAt }",
    allows: [
      {
        as: "ann",
        why: "the name of her own",
        input: { id: "#key-ann", name: "Renamed" },
        answers: { apiKey: { name: "Renamed", expiresAt: null } },
        event: 50502,
      },
      {
        as: "dora",
        why: "a later end of her own",
        input: { id: "#key-ending", expiresAt: "2101-01-01T00:00:00Z" },
        answers: { apiKey: { name: "key-ending", expiresAt: "2101-01-01T00:00:00Z" } },
        event: 50502,
      },
      {
        as: "kara",
        why: "an earlier end of somebody else's",
        input: { id: "#key-dora", expiresAt: "2099-01-01T00:00:00Z" },
        answers: { apiKey: { name: "key-dora", expiresAt: "2099-01-01T00:00:00Z" } },
        event: 50502,
      },
    ],
    refuses: [
      ...over({ name: "Mine" }),
      bad("ann", { id: "#key-ann" }, "nothing to change"),
      bad("ann", { id: "#key-ann", name: " x" }, "a name with blanks"),
      bad("ann", { id: "#key-ann", expiresAt: "2001-01-01T00:00:00Z" }, "an end in the past"),
    ],
  },
  rotateApiKey: {
    selects: "apiKey { publicId previousUntil } secret",
    allows: [
      {
        as: "ann",
        why: "her own",
        input: { id: "#key-ann" },
        answers: {
          apiKey: { publicId: "keyann00", previousUntil: null },
          secret: expect.stringMatching(/^pk_keyann00_/),
        },
        event: 50506,
      },
      {
        as: "kara",
        why: "of somebody who holds no more than she, with an overlap",
        input: { id: "#key-dora", overlapSeconds: 60 },
        answers: { apiKey: { publicId: "keydora0", previousUntil: expect.any(String) }, secret: expect.any(String) },
        event: 50506,
      },
    ],
    refuses: [
      ...over(),
      lacks("kara", "approve_payments", { id: "#key-strong" }, "a key of who holds more"),
      bad("ann", { id: "#key-ann", overlapSeconds: -1 }, "an overlap before now"),
      bad("ann", { id: "#key-ann", overlapSeconds: 604_801 }, "an overlap of more than a week"),
      { as: "dora", why: "a key that was revoked", input: { id: "#key-revoked" }, code: "CONFLICT" },
    ],
  },
  grantToApiKey: {
    selects: "apiKey { grants(first: 5) { nodes { feature { code } scope { key } } } }",
    allows: [
      {
        as: "gus",
        why: "his own what he holds",
        input: { id: "#key-gus", ...sales },
        answers: {
          apiKey: { grants: { nodes: [{ feature: { code: "view_sales_page" }, scope: { key: "chicago" } }] } },
        },
        event: 50504,
      },
    ],
    refuses: [
      ...over(sales),
      lacks(
        "kara",
        "approve_payments",
        { id: "#key-dora", ...sales, features: ["approve_payments"] },
        "somebody else's with what she doesn't hold",
      ),
      lacks(
        "kara",
        "view_sales_page",
        { id: "#key-dora", features: ["view_sales_page"] },
        "somebody else's at more places than she holds it at",
      ),
      numbered(
        "gus",
        52178,
        "FORBIDDEN",
        { id: "#key-gus", ...sales, features: ["retired"] },
        "a feature not to be given",
      ),
      numbered("gus", 52274, "BAD_USER_INPUT", { id: "#key-gus", ...sales, features: [] }, "no feature at all"),
    ],
  },
  revokeFromApiKey: {
    selects: "apiKey { grants(first: 5) { totalCount } }",
    allows: [
      {
        as: "dora",
        why: "her own, though she doesn't hold it",
        input: { id: "#key-dora", ...sales },
        answers: { apiKey: { grants: { totalCount: 0 } } },
        event: 50505,
      },
    ],
    refuses: [
      ...over(sales),
      missing("ann", { id: "#key-ann", features: ["view_sales_page"] }, "what was given elsewhere"),
      missing("ann", { id: "#key-ann", ...sales, features: ["todos.read"] }, "what was not given"),
    ],
  },
  revokeApiKey: {
    selects: "apiKey { revokedAt }",
    allows: [
      {
        as: "ann",
        why: "her own",
        input: { id: "#key-ann" },
        answers: { apiKey: { revokedAt: expect.any(String) } },
        event: 50503,
      },
      {
        as: "kara",
        why: "of somebody who holds more than she",
        input: { id: "#key-strong" },
        answers: { apiKey: { revokedAt: expect.any(String) } },
        event: 50503,
      },
    ],
    refuses: over(),
  },
};
