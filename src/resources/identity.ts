/** In charge of identities as GraphQL shows them. They are written by the functions of iam only. */
import { resource } from "../protect/resource.js";

/** How a provider knows a user: seen by himself, and with iam.identities.read. */
export const identity = resource("Identity", {
  feature: "iam.identities",
  hidden: ["groupsAsOf"],
  functions: {
    unlink: { mutation: "unlinkIdentity" },
    enable: { mutation: "enableIdentity" },
    disable: { mutation: "disableIdentity" },
  },
});
