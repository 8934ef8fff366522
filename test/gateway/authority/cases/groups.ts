/** In charge of the cases of groups: gwen holds iam.groups in acme and nothing else; bob is in Office and Commune. */
import { anId, bad, type Cases, lacks, numbered, type Refused } from "../mutation-cases.js";

const readsGroup = "group { name }";
const answersGroup = (name: string) => ({ group: { name } });

// Office shows itself to bob, who is in it; Crew doesn't.
const membersMayNot = (input: object): Refused =>
  numbered("bob", 52281, "FORBIDDEN", { group: "Office", ...input }, "who is only a member of the group");
const strangersSeeNothing = (input: object): Refused =>
  numbered("bob", 52171, "NOT_FOUND", { group: "Crew", ...input }, "who may not see the group");
const foreign = (input: object): Refused =>
  numbered(
    "gwen",
    52171,
    "NOT_FOUND",
    { group: "Group:60000000-0000-4000-8000-000000000003", ...input },
    "a group of another tenant",
  );
const systemGroup = (input: object): Refused =>
  numbered("gwen", 52271, "FORBIDDEN", { group: "Core", ...input }, "a system group");
const lockedGroup = (input: object): Refused =>
  numbered("gwen", 52172, "FORBIDDEN", { group: "Frozen", ...input }, "a locked group");
const giving = (input: object): Refused =>
  lacks("gwen", "view_sales_page", { group: "Sellers", ...input }, "what the group holds and she does not");

export const groupCases: Cases = {
  createGroup: {
    selects: "group { name owner { email } }",
    allows: [
      {
        as: "bob",
        why: "as a plain member, who owns what he makes",
        input: { name: "Climbers" },
        answers: { group: { name: "Climbers", owner: { email: "bob@acme.test" } } },
        event: 50201,
      },
    ],
    refuses: [
      numbered("mallory@nowhere.test", 52108, "FORBIDDEN", { name: "Mine" }, "who has no tenant"),
      numbered("nobody", 52103, "FORBIDDEN", { name: "Mine" }, "whom nobody knows"),
      bad("bob", { name: "" }, "an empty name"),
      bad("bob", { name: " Mine" }, "a name with a blank before it"),
      bad("bob", { name: "Group:mine" }, "a name in the form of an id"),
      bad("bob", { name: "x".repeat(256) }, "a name that is too long"),
      { as: "bob", why: "a name in use", input: { name: "Office" }, code: "CONFLICT" },
    ],
  },
  updateGroup: {
    selects: "group { name membersSeeEachOther }",
    allows: [
      {
        as: "gwen",
        why: "a group that is not hers",
        input: { group: "Inner", name: "Inner Circle", membersSeeEachOther: false },
        answers: { group: { name: "Inner Circle", membersSeeEachOther: false } },
        event: 50202,
      },
    ],
    refuses: [
      membersMayNot({ name: "Ours" }),
      strangersSeeNothing({ name: "Ours" }),
      foreign({ name: "Ours" }),
      systemGroup({ name: "Ours" }),
      lockedGroup({ name: "Ours" }),
      bad("gwen", { group: "Crew" }, "nothing to change"),
      bad("gwen", { group: "Crew", name: "" }, "an empty name"),
      { as: "gwen", why: "a name in use", input: { group: "Crew", name: "Office" }, code: "CONFLICT" },
    ],
  },
  deleteGroup: {
    selects: "id",
    allows: [
      {
        as: "gwen",
        why: "a group that is not hers",
        input: { group: "Doomed" },
        answers: { id: anId("Group") },
        event: 50203,
      },
    ],
    refuses: [
      membersMayNot({}),
      lacks("bob", "iam.groups.delete", { group: "Commune" }, "who only manages its members"),
      strangersSeeNothing({}),
      foreign({}),
      systemGroup({}),
      lockedGroup({}),
    ],
  },
  enableGroup: {
    selects: "group { name isActive }",
    allows: [
      {
        as: "gwen",
        why: "a group that holds nothing",
        input: { group: "Asleep" },
        answers: { group: { name: "Asleep", isActive: true } },
        event: 50204,
      },
    ],
    refuses: [
      lacks("bob", "iam.groups.update", { group: "Office" }, "who is only a member"),
      lacks("gwen", "view_sales_page", { group: "Sleeping Sellers" }, "what the group holds and she does not"),
      strangersSeeNothing({}),
      foreign({}),
      systemGroup({}),
    ],
  },
  disableGroup: {
    selects: "group { name isActive }",
    allows: [
      {
        as: "gwen",
        why: "a group that is not hers",
        input: { group: "Tired" },
        answers: { group: { name: "Tired", isActive: false } },
        event: 50205,
      },
      // taking away needs no holding (E6)
      {
        as: "gwen",
        why: "a group that holds more than she",
        input: { group: "Sleeping Sellers" },
        answers: { group: { name: "Sleeping Sellers", isActive: false } },
        event: 50205,
      },
    ],
    refuses: [
      lacks("bob", "iam.groups.update", { group: "Office" }, "who is only a member"),
      strangersSeeNothing({}),
      foreign({}),
      systemGroup({}),
    ],
  },
  lockGroup: {
    selects: "group { name isLocked }",
    allows: [
      {
        as: "gwen",
        why: "a group that is not hers",
        input: { group: "ToLock" },
        answers: { group: { name: "ToLock", isLocked: true } },
        event: 50207,
      },
    ],
    refuses: [
      lacks("bob", "iam.groups.update", { group: "Office" }, "who is only a member"),
      strangersSeeNothing({}),
      foreign({}),
      systemGroup({}),
    ],
  },
  setGroupType: {
    selects: "group { name type }",
    allows: [
      {
        as: "gwen",
        why: "to external",
        input: { group: "Heirloom", type: "EXTERNAL" },
        answers: { group: { name: "Heirloom", type: "EXTERNAL" } },
        event: 50208,
      },
      {
        as: "gwen",
        why: "to hybrid",
        input: { group: "Heirloom", type: "HYBRID" },
        answers: { group: { name: "Heirloom", type: "HYBRID" } },
        event: 50209,
      },
      {
        as: "gwen",
        why: "to internal",
        input: { group: "Heirloom", type: "INTERNAL" },
        answers: { group: { name: "Heirloom", type: "INTERNAL" } },
        event: 50212,
      },
    ],
    refuses: [
      membersMayNot({ type: "HYBRID" }),
      strangersSeeNothing({ type: "HYBRID" }),
      foreign({ type: "HYBRID" }),
      systemGroup({ type: "HYBRID" }),
      lockedGroup({ type: "HYBRID" }),
    ],
  },
  setGroupAssignable: {
    selects: "group { name isAssignable }",
    allows: [
      {
        as: "gwen",
        why: "a group that is not hers",
        input: { group: "Heirloom", isAssignable: true },
        answers: { group: { name: "Heirloom", isAssignable: true } },
        event: 50306,
      },
    ],
    refuses: [
      membersMayNot({ isAssignable: false }),
      strangersSeeNothing({ isAssignable: false }),
      foreign({ isAssignable: false }),
      systemGroup({ isAssignable: false }),
      lockedGroup({ isAssignable: false }),
    ],
  },
  assignGroupOwner: {
    selects: "group { name owner { email } }",
    allows: [
      {
        as: "gwen",
        why: "a group that holds nothing",
        input: { group: "Heirloom", user: "heir@acme.test" },
        answers: { group: { name: "Heirloom", owner: { email: "heir@acme.test" } } },
        event: 50215,
      },
    ],
    refuses: [
      membersMayNot({ user: "bob@acme.test" }),
      lacks("bob", "iam.groups.update", { group: "Commune", user: "bob@acme.test" }, "who only manages its members"),
      giving({ user: "gwen@acme.test" }),
      strangersSeeNothing({ user: "bob@acme.test" }),
      systemGroup({ user: "bob@acme.test" }),
      lockedGroup({ user: "bob@acme.test" }),
      numbered(
        "gwen",
        52103,
        "NOT_FOUND",
        { group: "Heirloom", user: "carol@globex.test" },
        "somebody of another tenant",
      ),
    ],
  },
  includeGroup: {
    selects: readsGroup,
    allows: [
      {
        as: "gwen",
        why: "a group in one that holds nothing",
        input: { group: "Heirloom", included: "Crew" },
        answers: answersGroup("Heirloom"),
        event: 50213,
      },
    ],
    refuses: [
      membersMayNot({ included: "Office" }),
      giving({ included: "Crew" }),
      strangersSeeNothing({ included: "Office" }),
      systemGroup({ included: "Crew" }),
      lockedGroup({ included: "Crew" }),
      numbered("gwen", 52173, "FORBIDDEN", { group: "Outer", included: "Crew" }, "into an external group"),
      numbered(
        "gwen",
        52173,
        "FORBIDDEN",
        { group: "Closed", included: "Crew" },
        "into a group that is not assignable",
      ),
      numbered("gwen", 52171, "NOT_FOUND", { group: "Crew", included: "Board" }, "a group of another tenant"),
      bad("gwen", { group: "Crew", included: "Crew" }, "a group in itself"),
      { as: "gwen", why: "a circle of two", input: { group: "Egg", included: "Nest" }, code: "CONFLICT" },
      { as: "gwen", why: "what is included already", input: { group: "Nest", included: "Egg" }, code: "CONFLICT" },
    ],
  },
  excludeGroup: {
    selects: readsGroup,
    allows: [
      {
        as: "gwen",
        why: "a group of one that is not hers",
        input: { group: "Nest", included: "Egg" },
        answers: answersGroup("Nest"),
        event: 50214,
      },
    ],
    refuses: [
      numbered("jane", 52281, "FORBIDDEN", { group: "Office", included: "Chicago Office" }, "who is only a member"),
      strangersSeeNothing({ included: "Office" }),
      systemGroup({ included: "Crew" }),
      lockedGroup({ included: "Crew" }),
      numbered("gwen", 52171, "NOT_FOUND", { group: "Hybrid", included: "Tired" }, "what is not included"),
    ],
  },
  addGroupMember: {
    selects: "group { name members { totalCount } }",
    allows: [
      {
        as: "gwen",
        why: "to a group that holds nothing",
        input: { group: "Crew", user: "ann@acme.test", until: "2999-01-01T00:00:00Z" },
        answers: { group: { name: "Crew", members: { totalCount: 2 } } },
        event: 50131,
      },
      {
        as: "bob",
        why: "to a group whose members manage each other",
        input: { group: "Commune", user: "jane@acme.test" },
        answers: { group: { name: "Commune", members: { totalCount: 3 } } },
        event: 50131,
      },
    ],
    refuses: [
      membersMayNot({ user: "erin@acme.test" }),
      giving({ user: "gwen@acme.test" }),
      strangersSeeNothing({ user: "bob@acme.test" }),
      foreign({ user: "bob@acme.test" }),
      systemGroup({ user: "ann@acme.test" }),
      lockedGroup({ user: "ann@acme.test" }),
      numbered("gwen", 52172, "FORBIDDEN", { group: "Idle", user: "ann@acme.test" }, "to an inactive group"),
      numbered("gwen", 52173, "FORBIDDEN", { group: "Outer", user: "ann@acme.test" }, "to an external group"),
      numbered(
        "gwen",
        52173,
        "FORBIDDEN",
        { group: "Closed", user: "ann@acme.test" },
        "to a group that is not assignable",
      ),
      numbered("gwen", 52103, "NOT_FOUND", { group: "Crew", user: "carol@globex.test" }, "somebody of another tenant"),
      numbered(
        "gwen",
        52103,
        "NOT_FOUND",
        { group: "Crew", user: "#user-carol" },
        "somebody of another tenant by his id",
      ),
      bad(
        "gwen",
        { group: "Crew", user: "ann@acme.test", until: "2001-01-01T00:00:00Z" },
        "until a moment that is over",
      ),
      bad(
        "gwen",
        { group: "Crew", user: "ann@acme.test", from: "2999-01-02T00:00:00Z", until: "2999-01-01T00:00:00Z" },
        "from after the end",
      ),
    ],
  },
  removeGroupMember: {
    selects: readsGroup,
    allows: [
      {
        as: "gwen",
        why: "from a group that is not hers",
        input: { group: "Crew", user: "dora@acme.test" },
        answers: answersGroup("Crew"),
        event: 50133,
      },
      {
        as: "gwen",
        why: "from a group that holds more than she",
        input: { group: "Sellers", user: "ann@acme.test" },
        answers: answersGroup("Sellers"),
        event: 50133,
      },
    ],
    refuses: [
      numbered("jane", 52281, "FORBIDDEN", { group: "Office", user: "bob@acme.test" }, "who is only a member"),
      strangersSeeNothing({ user: "ann@acme.test" }),
      systemGroup({ user: "ann@acme.test" }),
      lockedGroup({ user: "dora@acme.test" }),
      numbered("gwen", 52103, "NOT_FOUND", { group: "Crew", user: "heir@acme.test" }, "somebody who is not in it"),
    ],
  },
  unlockGroup: {
    selects: "group { name isLocked }",
    allows: [
      {
        as: "gwen",
        why: "a locked group",
        input: { group: "Frozen" },
        answers: { group: { name: "Frozen", isLocked: false } },
        event: 50206,
      },
    ],
    refuses: [
      lacks("bob", "iam.groups.update", { group: "Office" }, "who is only a member"),
      strangersSeeNothing({}),
      foreign({}),
      systemGroup({}),
    ],
  },
  createGroupMapping: {
    selects: "groupMapping { externalRole }",
    allows: [
      {
        as: "gabe",
        why: "onto a group that holds nothing",
        input: { group: "Hybrid", provider: "demo", externalRole: "staff" },
        answers: { groupMapping: { externalRole: "staff" } },
        event: 50231,
      },
    ],
    refuses: [
      membersMayNot({ provider: "demo", externalRole: "staff" }),
      lacks(
        "bob",
        "iam.groups.update",
        { group: "Commune", provider: "demo", externalRole: "staff" },
        "who only manages its members",
      ),
      giving({ provider: "demo", externalRole: "staff" }),
      lacks(
        "gwen",
        "iam.users.create",
        { group: "Hybrid", provider: "demo", externalRole: "staff" },
        "who may not make members",
      ),
      systemGroup({ provider: "demo", externalRole: "staff" }),
      numbered(
        "gwen",
        52173,
        "FORBIDDEN",
        { group: "Crew", provider: "demo", externalRole: "staff" },
        "onto an internal group",
      ),
      numbered("gabe", 52174, "BAD_USER_INPUT", { group: "Hybrid", provider: "demo" }, "of neither a group nor a role"),
      numbered(
        "gabe",
        52174,
        "BAD_USER_INPUT",
        { group: "Hybrid", provider: "demo", externalId: "a", externalRole: "b" },
        "of a group and a role",
      ),
      {
        as: "gabe",
        why: "of a provider that is none",
        input: { group: "Hybrid", provider: "nobody", externalRole: "staff" },
        code: "NOT_FOUND",
      },
      {
        as: "gabe",
        why: "what is mapped already",
        input: { group: "Hybrid", provider: "demo", externalRole: "mapped" },
        code: "CONFLICT",
      },
    ],
  },
  deleteGroupMapping: {
    selects: "id",
    allows: [
      {
        as: "gwen",
        why: "of a group that is not hers",
        input: { mapping: "#mapping" },
        answers: { id: anId("GroupMapping") },
        event: 50233,
      },
    ],
    refuses: [
      { as: "bob", why: "who may not see the group", input: { mapping: "#mapping" }, code: "NOT_FOUND" },
      { as: "carol@globex.test", why: "of another tenant", input: { mapping: "#mapping" }, code: "NOT_FOUND" },
      {
        as: "gwen",
        why: "what was never there",
        input: { mapping: "GroupMapping:00000000-0000-4000-8000-000000000000" },
        code: "NOT_FOUND",
      },
    ],
  },
};
