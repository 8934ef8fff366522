/** In charge of the cases of roles and features: rita holds iam.roles and view_sales_page in acme, fay iam.features at global/all. */
import { anId, bad, type Cases, lacks, numbered, type Refused } from "../mutation-cases.js";

const system = (input: object): Refused => ({
  as: "rita",
  why: "a system role",
  input: { role: "tenant_owner", ...input },
  code: "FORBIDDEN",
});
// jane holds it, so that she sees it
const holdersMayNot = (input: object): Refused =>
  lacks("jane", "iam.roles.update", { role: "sales_manager", ...input }, "who only holds the role");
const unseen = (input: object): Refused =>
  numbered("bob", 52177, "NOT_FOUND", { role: "blank", ...input }, "who may not see the role");
const readsRole = "role { code }";
const answersRole = (code: string) => ({ role: { code } });

export const roleCases: Cases = {
  createRole: {
    selects: "role { code name }",
    allows: [
      {
        as: "rita",
        why: "an empty one",
        input: { code: "clerk", name: "Clerk" },
        answers: { role: { code: "clerk", name: "Clerk" } },
        event: 50301,
      },
    ],
    refuses: [
      lacks("bob", "iam.roles.create", { code: "mine", name: "Mine" }, "who may not"),
      { as: "rita", why: "a code in use", input: { code: "sales_manager", name: "Sales" }, code: "CONFLICT" },
      { as: "rita", why: "a system role's code", input: { code: "auditor", name: "Auditor" }, code: "CONFLICT" },
      bad("rita", { code: "Not A Code", name: "Code" }, "a code that is none"),
      bad("rita", { code: "", name: "Code" }, "an empty code"),
      bad("rita", { code: "clerks", name: "" }, "an empty name"),
    ],
  },
  updateRole: {
    selects: "role { name description }",
    allows: [
      {
        as: "rita",
        why: "its name and description",
        input: { role: "blank", name: "Blank", description: "Nothing." },
        answers: { role: { name: "Blank", description: "Nothing." } },
        event: 50302,
      },
    ],
    refuses: [
      holdersMayNot({ name: "Mine" }),
      unseen({ name: "Mine" }),
      system({ name: "Mine" }),
      bad("rita", { role: "blank" }, "nothing to change"),
      bad("rita", { role: "blank", name: " " }, "a blank name"),
    ],
  },
  deleteRole: {
    selects: "id",
    allows: [
      { as: "rita", why: "that nobody has", input: { role: "obsolete" }, answers: { id: anId("Role") }, event: 50303 },
    ],
    refuses: [
      lacks("jane", "iam.roles.delete", { role: "sales_manager" }, "who only holds the role"),
      lacks(
        "rita",
        "approve_payments",
        { role: "withheld" },
        "that somebody is denied, and so held back from what she does not hold",
      ),
      unseen({}),
      system({}),
    ],
  },
  addRoleFeatures: {
    selects: readsRole,
    allows: [
      {
        as: "rita",
        why: "to one that nobody has",
        input: { role: "blank", features: ["approve_payments"] },
        answers: answersRole("blank"),
        event: 50311,
      },
      {
        as: "rita",
        why: "what she holds, to one that somebody has",
        input: { role: "finance_officer", features: ["view_sales_page"] },
        answers: answersRole("finance_officer"),
        event: 50311,
      },
    ],
    refuses: [
      holdersMayNot({ features: ["view_sales_page"] }),
      lacks(
        "rita",
        "approve_payments",
        { role: "sales_manager", features: ["approve_payments"] },
        "what she does not hold, to one that somebody has (E2)",
      ),
      unseen({ features: ["view_sales_page"] }),
      system({ features: ["view_sales_page"] }),
      numbered(
        "rita",
        52178,
        "FORBIDDEN",
        { role: "blank", features: ["view_sales_page", "retired"] },
        "a feature that is not assignable among others",
      ),
      numbered(
        "rita",
        52275,
        "NOT_FOUND",
        { role: "blank", features: ["view_sales_page", "no.such"] },
        "a feature that is none among others",
      ),
      numbered("rita", 52274, "BAD_USER_INPUT", { role: "blank", features: [] }, "no features"),
      numbered("rita", 52274, "BAD_USER_INPUT", { role: "blank", features: [""] }, "an empty feature"),
      bad(
        "rita",
        { role: "blank", features: ["Role:00000000-0000-4000-8000-000000000000"] },
        "another type's id as a feature",
      ),
    ],
  },
  removeRoleFeatures: {
    selects: readsRole,
    allows: [
      {
        as: "rita",
        why: "what she does not hold (E6)",
        input: { role: "finance_officer", features: ["approve_payments"] },
        answers: answersRole("finance_officer"),
        event: 50313,
      },
    ],
    refuses: [
      holdersMayNot({ features: ["view_sales_page"] }),
      lacks(
        "rita",
        "approve_payments",
        { role: "withheld", features: ["approve_payments"] },
        "what somebody is denied and she does not hold",
      ),
      unseen({ features: ["view_sales_page"] }),
      system({ features: ["*"] }),
      numbered("rita", 52274, "BAD_USER_INPUT", { role: "blank", features: [] }, "no features"),
      numbered("rita", 52275, "NOT_FOUND", { role: "blank", features: ["no.such"] }, "a feature that is none"),
    ],
  },
  includeRole: {
    selects: readsRole,
    allows: [
      {
        as: "rita",
        why: "in one that nobody has",
        input: { role: "blank", included: "lower" },
        answers: answersRole("blank"),
        event: 50314,
      },
    ],
    refuses: [
      holdersMayNot({ included: "finance_officer" }),
      lacks(
        "rita",
        "*",
        { role: "sales_manager", included: "tenant_owner" },
        "what she does not hold, in one that somebody has (E2)",
      ),
      unseen({ included: "lower" }),
      system({ included: "lower" }),
      numbered("rita", 52175, "FORBIDDEN", { role: "blank", included: "sealed" }, "a role that is not assignable"),
      numbered("rita", 52177, "NOT_FOUND", { role: "blank", included: "nothing" }, "a role that is none"),
      bad("rita", { role: "blank", included: "blank" }, "a role in itself"),
      { as: "rita", why: "a circle of two", input: { role: "lower", included: "kit" }, code: "CONFLICT" },
      { as: "rita", why: "what is included already", input: { role: "kit", included: "lower" }, code: "CONFLICT" },
    ],
  },
  excludeRole: {
    selects: readsRole,
    allows: [
      {
        as: "rita",
        why: "that is included",
        input: { role: "kit", included: "lower" },
        answers: answersRole("kit"),
        event: 50315,
      },
    ],
    refuses: [
      lacks(
        "jane",
        "iam.roles.update",
        { role: "sales_manager", included: "finance_officer" },
        "who only holds the role",
      ),
      unseen({ included: "lower" }),
      system({ included: "lower" }),
      numbered("rita", 52177, "NOT_FOUND", { role: "blank", included: "kit" }, "what is not included"),
    ],
  },
  setRoleAssignable: {
    selects: "role { isAssignable }",
    allows: [
      {
        as: "rita",
        why: "one of the tenant's",
        input: { role: "blank", isAssignable: false },
        answers: { role: { isAssignable: false } },
        event: 50306,
      },
    ],
    refuses: [holdersMayNot({ isAssignable: false }), unseen({ isAssignable: false }), system({ isAssignable: false })],
  },
  createFeature: {
    selects: "feature { code route parent { code } }",
    allows: [
      {
        as: "fay",
        why: "a page of the menu",
        input: {
          code: "view_sales_page.archive",
          route: "/sales/archive",
          routeParent: "view_sales_page",
          sortOrder: 3,
        },
        answers: {
          feature: { code: "view_sales_page.archive", route: "/sales/archive", parent: { code: "view_sales_page" } },
        },
        event: 50331,
      },
    ],
    refuses: [
      lacks("olive", "iam.features.create", { code: "mine" }, "who holds everything in one tenant only"),
      numbered("fay", 52179, "NOT_FOUND", { code: "nothing.child" }, "below a feature that is none"),
      numbered("fay", 52275, "NOT_FOUND", { code: "fresh", routeParent: "no.such" }, "below a page that is none"),
      { as: "fay", why: "a code in use", input: { code: "todos.read" }, code: "CONFLICT" },
      { as: "fay", why: "a route in use", input: { code: "fresh", route: "/sales" }, code: "CONFLICT" },
      bad("fay", { code: "Fresh Feature" }, "a code that is none"),
      bad("fay", { code: "*" }, "the code of everything"),
      bad("fay", { code: "" }, "an empty code"),
    ],
  },
  updateFeature: {
    selects: "feature { code description sortOrder }",
    allows: [
      {
        as: "fay",
        why: "its description and place",
        input: { feature: "approve_payments", description: "Pay.", sortOrder: 7, routeParent: "view_sales_page" },
        answers: { feature: { code: "approve_payments", description: "Pay.", sortOrder: 7 } },
        event: 50332,
      },
    ],
    refuses: [
      lacks(
        "olive",
        "iam.features.update",
        { feature: "approve_payments", description: "Mine." },
        "who holds everything in one tenant only",
      ),
      bad("fay", { feature: "approve_payments" }, "nothing to change"),
      numbered("fay", 52275, "NOT_FOUND", { feature: "no.such", description: "None." }, "a feature that is none"),
      {
        as: "fay",
        why: "a page below itself",
        input: { feature: "approve_payments", routeParent: "approve_payments" },
        code: "CONFLICT",
      },
      { as: "fay", why: "a route in use", input: { feature: "approve_payments", route: "/sales" }, code: "CONFLICT" },
    ],
  },
  setFeatureAssignable: {
    selects: "feature { code isAssignable }",
    allows: [
      {
        as: "fay",
        why: "one of everybody's",
        input: { feature: "retired", isAssignable: true },
        answers: { feature: { code: "retired", isAssignable: true } },
        event: 50306,
      },
    ],
    refuses: [
      lacks(
        "olive",
        "iam.features.update",
        { feature: "retired", isAssignable: true },
        "who holds everything in one tenant only",
      ),
      numbered("fay", 52275, "NOT_FOUND", { feature: "no.such", isAssignable: true }, "a feature that is none"),
    ],
  },
};
