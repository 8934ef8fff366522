/** In charge of the mutations of roles: what a role gives, defined by the tenant at run time. */
import { role } from "../../resources/role.js";
import { optional, required, roleArgument } from "./arguments.js";
import { addAuthorityMutations } from "./authority-mutation.js";

const featuresArgument = required("Strings", "The features, by code or global id.");
const includedArgument = required("String", "The role inside, by code or global id.");

addAuthorityMutations({
  createRole: {
    description: "Creates an empty role of the tenant. Needs `iam.roles.create`.",
    calls: "create_role",
    input: {
      code: required("String", "Its code, unique in the tenant and none of the system's."),
      name: required("String", "Its name."),
      description: optional("String", "What it is for."),
    },
    answers: role,
  },
  updateRole: {
    description: "Renames or describes a role. Needs `iam.roles.update`.",
    calls: "update_role",
    input: {
      role: roleArgument,
      name: optional("String", "Its new name."),
      description: optional("String", "What it is for."),
    },
    answers: role,
  },
  deleteRole: {
    description: "Deletes a role with every grant of it. Needs `iam.roles.delete`.",
    calls: "delete_role",
    input: { role: roleArgument },
    answers: { deleted: "Role" },
  },
  addRoleFeatures: {
    description: "Lets a role give more. Refused when somebody would gain by it what the caller doesn't hold.",
    calls: "add_role_features",
    input: { role: roleArgument, features: featuresArgument },
    answers: role,
  },
  removeRoleFeatures: {
    description: "Lets a role give less, to everybody who has it. Needs `iam.roles.update`.",
    calls: "remove_role_features",
    input: { role: roleArgument, features: featuresArgument },
    answers: role,
  },
  includeRole: {
    description:
      "Lets a role give everything that another gives. Refused when somebody would gain what the caller doesn't hold.",
    calls: "include_role",
    input: { role: roleArgument, included: includedArgument },
    answers: role,
  },
  excludeRole: {
    description: "Takes a role out of a role. Needs `iam.roles.update`.",
    calls: "exclude_role",
    input: { role: roleArgument, included: includedArgument },
    answers: role,
  },
  setRoleAssignable: {
    description: "Says whether a role can be granted from now on. Needs `iam.roles.update`.",
    calls: "set_role_assignable",
    input: { role: roleArgument, isAssignable: required("Boolean", "Whether it can.") },
    answers: role,
  },
});
