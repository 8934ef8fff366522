/** In charge of groups as GraphQL shows them. They are written by the functions of iam only. */
import { auditEvents } from "../audit/events.js";
import { resource } from "../protect/resource.js";

/** A group of a tenant's members. Who sees its members is for the memberships' own policies. */
export const group = resource("Group", {
  feature: "iam.groups",
  owner: "ownerId",
  audits: { rows: auditEvents.group_read },
  functions: {
    update: { mutation: "updateGroup", writes: ["name", "membersSeeEachOther", "membersManageEachOther"] },
    delete: { mutation: "deleteGroup" },
    enable: { mutation: "enableGroup" },
    disable: { mutation: "disableGroup" },
    lock: { mutation: "lockGroup" },
    unlock: { mutation: "unlockGroup" },
    setType: { mutation: "setGroupType", writes: ["type"] },
    setAssignable: { mutation: "setGroupAssignable", writes: ["isAssignable"] },
    assignOwner: { mutation: "assignGroupOwner" },
    include: { mutation: "includeGroup" },
    exclude: { mutation: "excludeGroup" },
    createMapping: { mutation: "createGroupMapping" },
  },
  lists: {
    members: {
      to: "User",
      through: "GroupMember",
      from: "groupId",
      by: "userId",
      audits: auditEvents.group_members_read,
      description: "The users in the group, as far as the caller may see them.",
    },
  },
});
