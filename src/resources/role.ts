/** In charge of roles as GraphQL shows them. They are written by the functions of iam only. */
import { resource } from "../protect/resource.js";

/** A named set of features, of the tenant or of the system. */
export const role = resource("Role", {
  feature: "iam.roles",
  hidden: ["tokens"],
  functions: {
    update: { mutation: "updateRole", writes: ["name", "description"] },
    delete: { mutation: "deleteRole" },
    setAssignable: { mutation: "setRoleAssignable", writes: ["isAssignable"] },
  },
  lists: {
    features: {
      to: "Feature",
      through: "RoleFeature",
      from: "roleId",
      by: "featureId",
      description: "The features that the role itself gives.",
    },
    includes: {
      to: "Role",
      through: "RoleInclude",
      from: "roleId",
      by: "includedRoleId",
      description: "The roles whose features it gives as well.",
    },
  },
});
