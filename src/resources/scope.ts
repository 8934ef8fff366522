/** In charge of scopes as GraphQL shows them. They are written by the functions of iam only. */
import { resource } from "../protect/resource.js";

/** A place in the tenant's tree. */
export const scope = resource("Scope", {
  feature: "iam.scopes",
  hidden: ["keyGrants", "tokens"],
  functions: {
    update: { mutation: "updateScope", writes: ["name"] },
    delete: { mutation: "deleteScope" },
  },
});
