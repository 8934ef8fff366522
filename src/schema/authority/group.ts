/** In charge of the mutations of groups: their life cycle, who is in them, and what providers map to them. */
import { group } from "../../resources/group.js";
import { groupMapping } from "../../resources/group-mapping.js";
import { groupArgument, optional, period, providerArgument, required, userArgument } from "./arguments.js";
import { addAuthorityMutations } from "./authority-mutation.js";

const includedArgument = required("String", "The group inside, by name or global id.");

addAuthorityMutations({
  createGroup: {
    description: "Makes a group; the caller owns it.",
    calls: "create_group",
    input: { name: required("String", "Its name, unique in the tenant.") },
    answers: group,
  },
  updateGroup: {
    description:
      "Renames a group or changes what its members may do. Its owner may, and who holds `iam.groups.update`.",
    calls: "update_group",
    input: {
      group: groupArgument,
      name: optional("String", "Its new name."),
      membersSeeEachOther: optional("Boolean", "Whether members see who else is in the group."),
      membersManageEachOther: optional("Boolean", "Whether members may add and remove each other."),
    },
    answers: group,
  },
  deleteGroup: {
    description:
      "Deletes a group with its grants, shares and memberships. Its owner may, and who holds `iam.groups.delete`.",
    calls: "delete_group",
    input: { group: groupArgument },
    answers: { deleted: "Group" },
  },
  enableGroup: {
    description: "Lets a group give again what it holds. Needs `iam.groups.update`, and all that it holds.",
    calls: "enable_group",
    input: { group: groupArgument },
    answers: group,
  },
  disableGroup: {
    description: "Ends at once, until it is enabled again, everything that a group gives. Needs `iam.groups.update`.",
    calls: "disable_group",
    input: { group: groupArgument },
    answers: group,
  },
  lockGroup: {
    description: "Freezes a group against changes; it goes on giving what it gives. Needs `iam.groups.update`.",
    calls: "lock_group",
    input: { group: groupArgument },
    answers: group,
  },
  unlockGroup: {
    description: "Lets a frozen group be changed again. Needs `iam.groups.update`.",
    calls: "unlock_group",
    input: { group: groupArgument },
    answers: group,
  },
  setGroupType: {
    description: "Says where a group's members come from: by hand, from a provider, or both.",
    calls: "set_group_type",
    input: { group: groupArgument, type: required("GroupType", "Where they come from.") },
    answers: group,
  },
  setGroupAssignable: {
    description: "Says whether members can be added by hand from now on.",
    calls: "set_group_assignable",
    input: { group: groupArgument, isAssignable: required("Boolean", "Whether they can.") },
    answers: group,
  },
  assignGroupOwner: {
    description: "Gives a group to another owner. Refused unless the caller holds all that the group holds.",
    calls: "assign_group_owner",
    input: { group: groupArgument, user: userArgument },
    answers: group,
  },
  includeGroup: {
    description:
      "Lets the members of one group count as members of another. Refused when they would gain what the caller doesn't hold.",
    calls: "include_group",
    input: { group: groupArgument, included: includedArgument },
    answers: group,
  },
  excludeGroup: {
    description: "Takes a group out of a group.",
    calls: "exclude_group",
    input: { group: groupArgument, included: includedArgument },
    answers: group,
  },
  addGroupMember: {
    description: "Adds a user to a group. Refused when he would gain what the caller doesn't hold.",
    calls: "add_group_member",
    input: { group: groupArgument, user: userArgument, ...period },
    answers: group,
  },
  removeGroupMember: {
    description: "Removes a user from a group; everybody may leave.",
    calls: "remove_group_member",
    input: { group: groupArgument, user: userArgument },
    answers: group,
  },
  createGroupMapping: {
    description:
      "Makes the holders of a provider's group or role members of a group, and of its tenant. Needs `iam.groups.update`, `iam.users.create`, and all that the group holds.",
    calls: "create_group_mapping",
    input: {
      group: groupArgument,
      provider: providerArgument,
      externalId: optional("String", "The provider's id of its group. Either this or its role."),
      externalRole: optional("String", "The provider's role. Either this or its group."),
    },
    answers: groupMapping,
  },
  deleteGroupMapping: {
    description: "Ends a mapping. Needs `iam.groups.update`.",
    calls: "delete_group_mapping",
    input: { mapping: required("ID", "The mapping, by global id.") },
    answers: { deleted: "GroupMapping" },
  },
});
