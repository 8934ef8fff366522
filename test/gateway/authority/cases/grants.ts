/** In charge of the cases of grants: gus holds iam.grants, view_sales_page and iam.roles.read at campus/chicago. */
import { bad, type Cases, lacks, numbered } from "../mutation-cases.js";

const store = "store/42";
const toBob = { user: "bob@acme.test", scope: store } as const;
const role = "sales_manager";
const feature = "view_sales_page";

export const grantCases: Cases = {
  grantRole: {
    selects: "grant { effect role { code } user { email } scope { key } }",
    allows: [
      {
        as: "gus",
        why: "a role that he holds, below where he holds it",
        input: { role, ...toBob, until: "2999-01-01T00:00:00Z" },
        // he sees the grant, and not everybody whom it is given to
        answers: { grant: { effect: "ALLOW", role: { code: role }, user: null, scope: { key: "42" } } },
        event: 50304,
      },
    ],
    refuses: [
      lacks("bob", "iam.grants.create", { role, ...toBob, scope: "tenant/acme" }, "who may not grant"),
      lacks("gus", "iam.grants.create", { role, ...toBob, scope: "tenant/acme" }, "above where he may"),
      lacks("gus", "approve_payments", { role: "finance_officer", ...toBob }, "what he does not hold (E1)"),
      lacks(
        "gus",
        "approve_payments",
        { role: "finance_officer", user: "gus@acme.test", scope: store },
        "himself what he does not hold (E2)",
      ),
      lacks("gus", "*", { role: "tenant_owner", ...toBob }, "the owner's role"),
      {
        as: "gus",
        why: "at a scope he may not see",
        input: { role, ...toBob, scope: "campus/miami" },
        code: "NOT_FOUND",
      },
      {
        as: "gus",
        why: "at another tenant's scope",
        input: { role, ...toBob, scope: "tenant/globex" },
        code: "NOT_FOUND",
      },
      {
        as: "gus",
        why: "at another tenant's scope by its id",
        input: { role, ...toBob, scope: "Scope:5c000000-0000-4000-8000-000000000002" },
        code: "NOT_FOUND",
      },
      { as: "gus", why: "at no scope", input: { role, ...toBob, scope: "chicago" }, code: "NOT_FOUND" },
      numbered("gus", 52175, "FORBIDDEN", { role: "sealed", ...toBob }, "a role that is not assignable"),
      numbered("gus", 52177, "NOT_FOUND", { role: "nothing", ...toBob }, "a role that is none"),
      numbered(
        "gus",
        52177,
        "NOT_FOUND",
        { role: "Role:00000000-0000-4000-8000-000000000000", ...toBob },
        "a role that never was",
      ),
      numbered("gus", 52273, "BAD_USER_INPUT", { role: "", ...toBob }, "no role"),
      numbered("gus", 52272, "BAD_USER_INPUT", { role, scope: store }, "to nobody"),
      numbered("gus", 52272, "BAD_USER_INPUT", { role, ...toBob, group: "Office" }, "to a user and a group"),
      numbered(
        "gus",
        52103,
        "NOT_FOUND",
        { role, scope: store, user: "carol@globex.test" },
        "to somebody of another tenant",
      ),
      numbered("gus", 52171, "NOT_FOUND", { role, scope: store, group: "Crew" }, "to a group he may not see"),
      bad("gus", { role, ...toBob, until: "2001-01-01T00:00:00Z" }, "until a moment that is over"),
      bad("gus", { role, ...toBob, from: "2999-01-02T00:00:00Z", until: "2999-01-01T00:00:00Z" }, "from after the end"),
      {
        ...bad("petra", { role: "auditor", group: "Crew", scope: "global/all" }, "to a group above its tenant"),
        tenant: "acme",
      },
    ],
  },
  grantFeature: {
    selects: "grant { effect feature { code } scope { key } }",
    allows: [
      {
        as: "gus",
        why: "a feature that he holds",
        input: { feature, ...toBob },
        answers: { grant: { effect: "ALLOW", feature: { code: feature }, scope: { key: "42" } } },
        event: 50304,
      },
      {
        as: "gus",
        why: "a deny of a feature that he holds",
        input: { feature, user: "ann@acme.test", scope: store, effect: "DENY" },
        answers: { grant: { effect: "DENY", feature: { code: feature }, scope: { key: "42" } } },
        event: 50304,
      },
    ],
    refuses: [
      lacks("bob", "iam.grants.create", { feature, ...toBob, scope: "tenant/acme" }, "who may not grant"),
      lacks("gus", "approve_payments", { feature: "approve_payments", ...toBob }, "what he does not hold (E1)"),
      lacks("gus", "iam", { feature: "iam", ...toBob }, "what stands above what he holds"),
      lacks(
        "gus",
        "approve_payments",
        { feature: "approve_payments", ...toBob, effect: "DENY" },
        "a deny of what he does not hold",
      ),
      numbered(
        "petra",
        52176,
        "FORBIDDEN",
        { feature: "retired", user: "petra@acme.test", scope: "global/all" },
        "a feature that is not assignable",
      ),
      numbered("gus", 52274, "BAD_USER_INPUT", { feature: "", ...toBob }, "no feature"),
      numbered("gus", 52275, "NOT_FOUND", { feature: "no.such", ...toBob }, "a feature that is none"),
      numbered("gus", 52272, "BAD_USER_INPUT", { feature, scope: store }, "to nobody"),
      numbered("gus", 52272, "BAD_USER_INPUT", { feature, ...toBob, group: "Crew" }, "to a user and a group"),
      bad("olive", { feature, group: "Crew", scope: store, effect: "DENY" }, "a deny to a group"),
      bad("gus", { feature, ...toBob, until: "2001-01-01T00:00:00Z" }, "until a moment that is over"),
      numbered(
        "olive",
        52280,
        "FORBIDDEN",
        { feature: "iam.grants", user: "alice@acme.test", scope: "tenant/acme", effect: "DENY" },
        "a deny to the last owner (E3)",
      ),
    ],
  },
  revokeGrant: {
    selects: "revoked",
    allows: [
      {
        as: "gus",
        why: "a grant of what he does not hold (E6)",
        input: { id: "#strongs" },
        answers: { revoked: true },
        event: 50305,
      },
      { as: "gus", why: "a deny of what he holds", input: { id: "#lifted" }, answers: { revoked: true }, event: 50305 },
    ],
    refuses: [
      lacks("ann", "iam.grants.delete", { id: "#anns" }, "her own grant, who may not revoke"),
      lacks("gus", "approve_payments", { id: "#deny" }, "a deny of what he does not hold"),
      numbered("olive", 52280, "FORBIDDEN", { id: "#alices" }, "the last owner's (E3)"),
      { as: "bob", why: "what he may not see", input: { id: "#anns" }, code: "NOT_FOUND" },
      { as: "gus", why: "at a scope that is not his", input: { id: "#miamis" }, code: "NOT_FOUND" },
      { as: "olive", why: "another tenant's", input: { id: "#carols" }, code: "NOT_FOUND" },
      {
        as: "gus",
        why: "what never was",
        input: { id: "Grant:00000000-0000-4000-8000-000000000000" },
        code: "NOT_FOUND",
      },
      { as: "gus", why: "what is not an id", input: { id: "view_sales_page" }, code: "NOT_FOUND" },
    ],
  },
};
