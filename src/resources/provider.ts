/** In charge of providers as GraphQL shows them. They are written by the functions of iam only. */
import { auditEvents } from "../audit/events.js";
import { resource } from "../protect/resource.js";

/** An issuer of tokens. Its key set is for the gateway alone. */
export const provider = resource("Provider", {
  feature: "iam.providers",
  hidden: ["jwks", "mappings"],
  functions: {
    update: {
      mutation: "updateProvider",
      writes: [
        "name",
        "audience",
        "algorithms",
        "jwksUri",
        "provisions",
        "preset",
        "claims",
        "audienceClaim",
        "tokenTypes",
        "clockToleranceSeconds",
      ],
    },
    delete: { mutation: "deleteProvider" },
    enable: { mutation: "enableProvider" },
    disable: { mutation: "disableProvider" },
  },
  lists: {
    users: {
      to: "User",
      through: "Identity",
      from: "providerId",
      by: "userId",
      audits: auditEvents.provider_users_read,
      description: "The users whom it knows, as far as the caller may see them.",
    },
  },
});
