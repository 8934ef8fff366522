/** In charge of the cases of users and identities: uma holds iam.users and iam.identities in acme and nothing else. */
import { anId, bad, type Cases, lacks, numbered, type Refused } from "../mutation-cases.js";

// Others may not, nor she over a system user, over somebody whom another tenant knows too, over one who is above the tenants.
const overUser = (requires: string, input: object = {}): readonly Refused[] => [
  lacks("bob", requires, { user: "dora@acme.test", ...input }, "who may not change others"),
  lacks("uma", requires, { user: "both@acme.test", ...input }, "somebody who is in another tenant too"),
  lacks("uma", requires, { user: "pia@acme.test", ...input }, "somebody who was given something above the tenant"),
  numbered("uma", 52104, "FORBIDDEN", { user: "robot@acme.test", ...input }, "a system user"),
  numbered("uma", 52103, "NOT_FOUND", { user: "carol@globex.test", ...input }, "somebody of another tenant"),
  numbered("uma", 52103, "NOT_FOUND", { user: "#user-carol", ...input }, "somebody of another tenant by his id"),
  numbered("uma", 52103, "NOT_FOUND", { user: "no.one@acme.test", ...input }, "nobody"),
];
const overIdentity = (requires: string): readonly Refused[] => [
  numbered("bob", 52111, "NOT_FOUND", { identity: "#identity-linked" }, "who may not see it"),
  lacks("uma", requires, { identity: "#identity-both" }, "of somebody who is in another tenant too"),
  numbered("uma", 52104, "FORBIDDEN", { identity: "#identity-robot" }, "of a system user"),
  numbered("uma", 52111, "NOT_FOUND", { identity: "#identity-carol" }, "of somebody of another tenant"),
  numbered("uma", 52111, "NOT_FOUND", { identity: "Identity:00000000-0000-4000-8000-000000000000" }, "what never was"),
];
const switched = (isActive: boolean, isLocked: boolean) => ({ user: { isActive, isLocked } });
const readsSwitches = "user { isActive isLocked }";

export const userCases: Cases = {
  createUser: {
    selects: "user { email name isService mayLogIn }",
    allows: [
      {
        as: "uma",
        why: "a machine",
        input: { email: "New@acme.test", name: "New", isService: true, mayLogIn: false },
        answers: { user: { email: "new@acme.test", name: "New", isService: true, mayLogIn: false } },
        event: 50101,
      },
      {
        as: "uma",
        why: "who exists already, as a member under his own name",
        input: { email: "mallory@nowhere.test", name: "Changed" },
        answers: { user: { email: "mallory@nowhere.test", name: "Mallory", isService: false, mayLogIn: true } },
        event: 50007,
      },
    ],
    refuses: [
      lacks("bob", "iam.users.create", { email: "mine@acme.test" }, "who may not"),
      bad("uma", { email: "not an address" }, "an address that is none"),
      bad("uma", { email: "" }, "an empty address"),
      bad("uma", { email: "mine@acme.test", name: "" }, "an empty name"),
      { as: "uma", why: "who is a member already", input: { email: "bob@acme.test" }, code: "CONFLICT" },
    ],
  },
  updateUser: {
    selects: "user { name }",
    allows: [
      {
        as: "uma",
        why: "a member's name",
        input: { user: "dora@acme.test", name: "Dora" },
        answers: { user: { name: "Dora" } },
        event: 50102,
      },
      {
        as: "bob",
        why: "his own name",
        input: { user: "bob@acme.test", name: "Robert" },
        answers: { user: { name: "Robert" } },
        event: 50102,
      },
    ],
    refuses: [
      ...overUser("iam.users.update", { name: "Mine" }),
      bad("uma", { user: "dora@acme.test", name: "" }, "an empty name"),
    ],
  },
  enableUser: {
    selects: readsSwitches,
    allows: [
      {
        as: "uma",
        why: "a disabled user who holds nothing",
        input: { user: "off@acme.test" },
        answers: switched(true, false),
        event: 50104,
      },
    ],
    refuses: [
      ...overUser("iam.users.update"),
      lacks("uma", "approve_payments", { user: "weary@acme.test" }, "who holds what she does not"),
    ],
  },
  disableUser: {
    selects: readsSwitches,
    allows: [
      {
        as: "uma",
        why: "who holds what she does not (E6)",
        input: { user: "strong@acme.test" },
        answers: switched(false, false),
        event: 50105,
      },
    ],
    refuses: [
      ...overUser("iam.users.update"),
      numbered("uma", 52280, "FORBIDDEN", { user: "alice@acme.test" }, "the last owner (E3)"),
    ],
  },
  lockUser: {
    selects: readsSwitches,
    allows: [
      { as: "uma", why: "a member", input: { user: "keyed@acme.test" }, answers: switched(true, true), event: 50107 },
    ],
    refuses: [
      ...overUser("iam.users.update"),
      numbered("uma", 52280, "FORBIDDEN", { user: "alice@acme.test" }, "the last owner (E3)"),
    ],
  },
  unlockUser: {
    selects: readsSwitches,
    allows: [
      {
        as: "uma",
        why: "a locked user who holds nothing",
        input: { user: "shut@acme.test" },
        answers: switched(true, false),
        event: 50106,
      },
    ],
    refuses: [
      ...overUser("iam.users.update"),
      lacks("uma", "approve_payments", { user: "weary@acme.test" }, "who holds what she does not"),
    ],
  },
  deleteUser: {
    selects: "id",
    allows: [
      { as: "uma", why: "a member", input: { user: "gone@acme.test" }, answers: { id: anId("User") }, event: 50103 },
    ],
    refuses: [
      ...overUser("iam.users.delete"),
      numbered("uma", 52280, "FORBIDDEN", { user: "alice@acme.test" }, "the last owner (E3)"),
    ],
  },
  linkIdentity: {
    selects: "identity { subject user { email } provider { code } }",
    allows: [
      // she may not see providers; she may name one
      {
        as: "uma",
        why: "to who holds nothing",
        input: { user: "linked@acme.test", provider: "demo", subject: "linked-2" },
        answers: { identity: { subject: "linked-2", user: { email: "linked@acme.test" }, provider: null } },
        event: 50134,
      },
    ],
    refuses: [
      ...overUser("iam.identities.create", { provider: "demo", subject: "linked-3" }),
      lacks(
        "uma",
        "approve_payments",
        { user: "weary@acme.test", provider: "demo", subject: "linked-3" },
        "to who holds what she does not",
      ),
      numbered(
        "uma",
        52102,
        "CONFLICT",
        { user: "linked@acme.test", provider: "demo", subject: "bob@acme.test" },
        "a subject that is in use",
      ),
      {
        as: "uma",
        why: "of a provider that is none",
        input: { user: "linked@acme.test", provider: "nobody", subject: "linked-3" },
        code: "NOT_FOUND",
      },
      bad("uma", { user: "linked@acme.test", provider: "demo", subject: "" }, "an empty subject"),
      bad("uma", { user: "linked@acme.test", provider: "demo", subject: "a b" }, "a subject with a blank"),
    ],
  },
  unlinkIdentity: {
    selects: "id",
    allows: [
      {
        as: "uma",
        why: "a member's",
        input: { identity: "#identity-unkeyed" },
        answers: { id: anId("Identity") },
        event: 50135,
      },
    ],
    refuses: [...overIdentity("iam.identities.delete")],
  },
  enableIdentity: {
    selects: "identity { isEnabled }",
    allows: [
      {
        as: "uma",
        why: "of who holds nothing",
        input: { identity: "#identity-keyed" },
        answers: { identity: { isEnabled: true } },
        event: 50108,
      },
    ],
    refuses: [
      ...overIdentity("iam.identities.update"),
      lacks("uma", "approve_payments", { identity: "#identity-weary" }, "of who holds what she does not"),
    ],
  },
  disableIdentity: {
    selects: "identity { isEnabled }",
    allows: [
      {
        as: "uma",
        why: "a member's",
        input: { identity: "#identity-heir" },
        answers: { identity: { isEnabled: false } },
        event: 50109,
      },
    ],
    refuses: [...overIdentity("iam.identities.update")],
  },
};
