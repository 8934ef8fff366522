/** In charge of one-time tokens as GraphQL shows them. They are written by the functions of iam only. */
import { resource } from "../protect/resource.js";

/** A token that can be used once: seen by who made it, and with iam.users.read. The hash of its secret is for nobody. */
export const token = resource("Token", {
  feature: "iam.users",
  hidden: ["secretHash", "createdBy", "usedBy"],
  references: { createdBy: "User", usedBy: "User" },
  functions: { revoke: { mutation: "revokeToken" } },
});
