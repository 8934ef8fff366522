/** In charge of users as GraphQL shows them. They are written by the functions of iam only. */
import { resource } from "../protect/resource.js";

/** A user is seen by himself, and by the tenant's members as the policies say. */
export const user = resource("User", {
  feature: "iam.users",
  hidden: ["selectedTenantId", "selectedTenant", "tokens"],
  functions: {
    update: { mutation: "updateUser", writes: ["name"] },
    delete: { mutation: "deleteUser" },
    enable: { mutation: "enableUser" },
    disable: { mutation: "disableUser" },
    lock: { mutation: "lockUser" },
    unlock: { mutation: "unlockUser" },
    linkIdentity: { mutation: "linkIdentity" },
    remove: { mutation: "removeTenantMember" },
  },
});
