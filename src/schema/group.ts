/** In charge of changing groups: making, renaming and deleting them, and who is in them. */
import { builder } from "../builder/builder.js";
import { globalId } from "../protect/global-id.js";
import { payloadType } from "../protect/type/payload-type.js";
import { rowScope } from "../protect/type/row-scope.js";
import { group } from "../resources/group.js";
import { callAndRead, changesAuthority } from "./authority-mutation.js";
import { callFunction, moment, truth } from "./call-function.js";

const whichGroup = "The group, by name or global id.";
const whichUser = "The user, by email or global id; a member of the tenant.";

const CreateGroupInput = builder.inputType("CreateGroupInput", {
  description: "A new group.",
  fields: (t) => ({ name: t.string({ required: true, description: "Its name, unique in the tenant." }) }),
});

const UpdateGroupInput = builder.inputType("UpdateGroupInput", {
  description: "Changes of a group. What is left out stays as it is.",
  fields: (t) => ({
    group: t.string({ required: true, description: whichGroup }),
    name: t.string({ description: "Its new name." }),
    membersSeeEachOther: t.boolean({ description: "Whether members see who else is in the group." }),
    membersManageEachOther: t.boolean({ description: "Whether members may add and remove each other." }),
  }),
});

const DeleteGroupInput = builder.inputType("DeleteGroupInput", {
  description: "Which group to delete.",
  fields: (t) => ({ group: t.string({ required: true, description: whichGroup }) }),
});

const AddGroupMemberInput = builder.inputType("AddGroupMemberInput", {
  description: "Whom to add to which group, and for how long.",
  fields: (t) => ({
    group: t.string({ required: true, description: whichGroup }),
    user: t.string({ required: true, description: whichUser }),
    from: t.field({ type: "DateTime", description: "From when on (default now)." }),
    until: t.field({ type: "DateTime", description: "Until when (default without end)." }),
  }),
});

const RemoveGroupMemberInput = builder.inputType("RemoveGroupMemberInput", {
  description: "Whom to remove from which group.",
  fields: (t) => ({
    group: t.string({ required: true, description: whichGroup }),
    user: t.string({ required: true, description: whichUser }),
  }),
});

const DeleteGroupPayload = builder.objectRef<{ readonly id: string }>("DeleteGroupPayload").implement({
  description: "What delete group has done.",
  fields: (t) => ({
    id: t.id({
      nullable: false,
      description: "The global id of the group that is no more.",
      authScopes: rowScope,
      resolve: ({ id }) => id,
    }),
  }),
});

const input = "What to do.";

builder.mutationFields((t) => ({
  createGroup: t.field({
    ...changesAuthority,
    type: payloadType("CreateGroupPayload", group),
    description: "Makes a group; the caller owns it.",
    args: { input: t.arg({ type: CreateGroupInput, required: true, description: input }) },
    resolve: (_root, { input: { name } }, context, info) => callAndRead(context, info, ["create_group", { name }]),
  }),
  updateGroup: t.field({
    ...changesAuthority,
    type: payloadType("UpdateGroupPayload", group),
    description:
      "Renames a group or changes what its members may do. Its owner may, and who holds `iam.groups.update`.",
    args: { input: t.arg({ type: UpdateGroupInput, required: true, description: input }) },
    resolve: (_root, { input: { membersSeeEachOther, membersManageEachOther, ...names } }, context, info) =>
      callAndRead(context, info, [
        "update_group",
        {
          ...names,
          members_see_each_other: truth(membersSeeEachOther),
          members_manage_each_other: truth(membersManageEachOther),
        },
      ]),
  }),
  deleteGroup: t.field({
    ...changesAuthority,
    type: DeleteGroupPayload,
    description: "Deletes a group with its grants, shares and memberships.",
    args: { input: t.arg({ type: DeleteGroupInput, required: true, description: input }) },
    resolve: async (_root, { input: given }, { session }) => ({
      id: globalId("Group", await callFunction(session, "delete_group", { group: given.group })),
    }),
  }),
  addGroupMember: t.field({
    ...changesAuthority,
    type: payloadType("AddGroupMemberPayload", group),
    description: "Adds a user to a group. Refused when he would gain what the caller doesn't hold.",
    args: { input: t.arg({ type: AddGroupMemberInput, required: true, description: input }) },
    resolve: (_root, { input: { from, until, ...names } }, context, info) =>
      callAndRead(context, info, [
        "add_group_member",
        { ...names, valid_from: moment(from), valid_until: moment(until) },
      ]),
  }),
  removeGroupMember: t.field({
    ...changesAuthority,
    type: payloadType("RemoveGroupMemberPayload", group),
    description: "Removes a user from a group.",
    args: { input: t.arg({ type: RemoveGroupMemberInput, required: true, description: input }) },
    resolve: (_root, { input: names }, context, info) =>
      callAndRead(context, info, ["remove_group_member", { ...names }]),
  }),
}));
