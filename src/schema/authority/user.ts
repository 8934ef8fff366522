/** In charge of the mutations of users: membership of the tenant, life cycle, and how providers know them. */
import { identity } from "../../resources/identity.js";
import { user } from "../../resources/user.js";
import { optional, providerArgument, required, userArgument } from "./arguments.js";
import { addAuthorityMutations } from "./authority-mutation.js";

const identityArgument = required("ID", "The identity, by global id.");

addAuthorityMutations({
  createUser: {
    description:
      "Creates a user as a member of the tenant; somebody who has this address already becomes a member instead. Needs `iam.users.create`.",
    calls: "create_user",
    input: {
      email: required("String", "His e-mail address."),
      name: optional("String", "His name."),
      isService: optional("Boolean", "Whether it is a machine (default false)."),
      mayLogIn: optional("Boolean", "Whether it may log in; false for holders of API keys only (default true)."),
    },
    answers: user,
  },
  updateUser: {
    description: "Renames a user; everybody may rename himself. Needs `iam.users.update` over him.",
    calls: "update_user",
    input: { user: userArgument, name: required("String", "His new name.") },
    answers: user,
  },
  deleteUser: {
    description:
      "Ends a user for good, with his identities, memberships and grants. What he wrote stays. Needs `iam.users.delete` over him.",
    calls: "delete_user",
    input: { user: userArgument },
    answers: { deleted: "User" },
  },
  enableUser: {
    description: "Lets a disabled user act again. Needs `iam.users.update` over him, and all that he holds.",
    calls: "enable_user",
    input: { user: userArgument },
    answers: user,
  },
  disableUser: {
    description: "Keeps a user out from now on. Needs `iam.users.update` over him.",
    calls: "disable_user",
    input: { user: userArgument },
    answers: user,
  },
  lockUser: {
    description: "Keeps a user out until he is unlocked. Needs `iam.users.update` over him.",
    calls: "lock_user",
    input: { user: userArgument },
    answers: user,
  },
  unlockUser: {
    description: "Lets a locked user act again. Needs `iam.users.update` over him, and all that he holds.",
    calls: "unlock_user",
    input: { user: userArgument },
    answers: user,
  },
  addTenantMember: {
    description:
      "Makes somebody a member of the tenant; who was one before comes back with nothing. Needs `iam.users.create`.",
    calls: "add_tenant_member",
    input: { user: required("String", "The user, by email.", "user") },
    answers: user,
  },
  removeTenantMember: {
    description:
      "Ends a membership of the tenant with every grant and group membership in it; everybody may end his own. Needs `iam.users.delete`.",
    calls: "remove_tenant_member",
    input: { user: userArgument },
    answers: { deleted: "User" },
  },
  linkIdentity: {
    description:
      "Lets a provider's subject act as a user. Needs `iam.identities.create` over him, and all that he holds.",
    calls: "link_identity",
    input: {
      user: userArgument,
      provider: providerArgument,
      subject: required("String", "The subject, as the provider's tokens write it."),
    },
    answers: identity,
  },
  unlinkIdentity: {
    description:
      "Ends a provider's subject acting as a user; everybody may unlink his own. Needs `iam.identities.delete`.",
    calls: "unlink_identity",
    input: { identity: identityArgument },
    answers: { deleted: "Identity" },
  },
  enableIdentity: {
    description:
      "Lets a disabled identity in again. Needs `iam.identities.update` over its user, and all that he holds.",
    calls: "enable_identity",
    input: { identity: identityArgument },
    answers: identity,
  },
  disableIdentity: {
    description: "Keeps an identity out from now on. Needs `iam.identities.update` over its user.",
    calls: "disable_identity",
    input: { identity: identityArgument },
    answers: identity,
  },
});
