/** In charge of API keys as GraphQL shows them. They are written by the functions of iam only. */
import { resource } from "../protect/resource.js";

/** A key that lets a machine act as its owner: seen by him, and with iam.api_keys.read. The hash of its secret is for nobody. */
export const apiKey = resource("ApiKey", {
  feature: "iam.api_keys",
  hidden: ["secretHash", "previousHash"],
  functions: {
    update: { mutation: "updateApiKey", writes: ["name", "expiresAt"] },
    rotate: { mutation: "rotateApiKey" },
    revoke: { mutation: "revokeApiKey" },
  },
});
