/** In charge of the cases of one-time tokens: uma holds iam.users in acme, invites with no role, and olive holds everything. */
import { expect } from "vitest";
import { bad, type Cases, lacks, numbered } from "../mutation-cases.js";

const email = "guest@nowhere.test";
const secret = expect.stringMatching(/^ot_[\w-]{43}$/);
const unknown = { secret: `ot_${"A".repeat(43)}` };
const denied = [
  numbered("ann", 52279, "FORBIDDEN", { secret: "#token-dora" }, "a token that was made for somebody else"),
  numbered("dora", 52277, "NOT_FOUND", unknown, "a token that never was"),
  numbered("dora", 52278, "BAD_USER_INPUT", { secret: "#token-ended" }, "a token that has ended"),
  numbered("dora", 52278, "BAD_USER_INPUT", { secret: "#token-orphan" }, "a token whose maker may not any more"),
  numbered("dora", 52276, "CONFLICT", { secret: "#token-used" }, "a token that was used"),
];

export const tokenCases: Cases = {
  createToken: {
    selects: "token { purpose email role { code } createdBy { email } } secret",
    allows: [
      {
        as: "uma",
        why: "an invitation without a role",
        input: { email: "Guest@nowhere.test" },
        answers: { token: { purpose: "invitation", email, role: null, createdBy: { email: "uma@acme.test" } }, secret },
        event: 50401,
      },
      {
        as: "olive",
        why: "an invitation with a role that she holds",
        input: { email, role: "sales_manager", scope: "campus/chicago" },
        answers: {
          token: {
            purpose: "invitation",
            email,
            role: { code: "sales_manager" },
            createdBy: { email: "olive@acme.test" },
          },
          secret,
        },
        event: 50401,
      },
    ],
    refuses: [
      lacks("bob", "iam.users.create", { email }, "who may not make members"),
      lacks("rita", "iam.users.create", { email, role: "sales_manager" }, "who may see the role and not make members"),
      numbered("uma", 52177, "NOT_FOUND", { email, role: "sales_manager" }, "a role that she may not see"),
      numbered("uma", 52103, "NOT_FOUND", { user: "carol@globex.test" }, "a stranger"),
      bad("uma", {}, "nobody"),
      bad("uma", { email, user: "bob@acme.test" }, "two at once"),
      bad("uma", { email: "no address" }, "an address that is none"),
      bad("uma", { email, purpose: "gift" }, "a purpose that is none"),
      bad("uma", { email, expiresAt: "2001-01-01T00:00:00Z" }, "an end in the past"),
    ],
  },
  validateToken: {
    selects: "token { purpose }",
    allows: [{ as: "dora", why: "her own", input: { secret: "#token-dora" }, answers: { token: null }, event: 50402 }],
    refuses: denied,
  },
  useToken: {
    selects: "tenant { slug }",
    allows: [
      {
        as: "dora",
        why: "her own",
        input: { secret: "#token-dora" },
        answers: { tenant: { slug: "acme" } },
        event: 50403,
      },
    ],
    refuses: denied,
  },
  revokeToken: {
    selects: "token { purpose revokedAt }",
    allows: [
      {
        as: "uma",
        why: "what she made",
        input: { id: "#id-token-open" },
        answers: { token: { purpose: "verification", revokedAt: expect.any(String) } },
        event: 50404,
      },
      {
        as: "olive",
        why: "what somebody else made",
        input: { id: "#id-token-ended" },
        answers: { token: { purpose: "verification", revokedAt: expect.any(String) } },
        event: 50404,
      },
    ],
    refuses: [
      numbered("dora", 52277, "NOT_FOUND", { id: "#id-token-open" }, "what was only made for her"),
      numbered("rita", 52277, "NOT_FOUND", { id: "#id-token-open" }, "what she may not see"),
      lacks("ulla", "iam.users.create", { id: "#id-token-open" }, "who may see it and not make members"),
      numbered("carol@globex.test", 52277, "NOT_FOUND", { id: "#id-token-open" }, "of another tenant"),
      numbered("uma", 52276, "CONFLICT", { id: "#id-token-used" }, "what was used"),
      bad("uma", { id: "Grant:00000000-0000-4000-8000-000000000000" }, "what is no token"),
    ],
  },
};
