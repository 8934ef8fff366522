/** In charge of grants as GraphQL shows them. They are written by the functions of iam only. */
import { resource } from "../protect/resource.js";

/** A role or a feature given to a user or a group at a scope. */
export const grant = resource("Grant", {
  feature: "iam.grants",
  scope: "scopeId",
  hidden: ["member", "grantedBy"],
  references: { grantedBy: "User" },
  functions: { revoke: { mutation: "revokeGrant" } },
});
