/** In charge of features as GraphQL shows them. They are written by the functions of iam only. */
import { resource } from "../protect/resource.js";

/** A dotted permission code in the tree of features. */
export const feature = resource("Feature", {
  feature: "iam.features",
  hidden: ["keyGrants"],
  functions: {
    update: { mutation: "updateFeature", writes: ["description", "route", "sortOrder"] },
    setAssignable: { mutation: "setFeatureAssignable", writes: ["isAssignable"] },
  },
  lists: {
    roles: {
      to: "Role",
      through: "RoleFeature",
      from: "featureId",
      by: "roleId",
      description: "The roles that give this very feature.",
    },
  },
});
