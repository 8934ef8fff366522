/** In charge of what API keys were given, as GraphQL shows it. It is written by the functions of iam only. */
import { resource } from "../protect/resource.js";

/** A feature given to an API key at a scope: seen by who sees the key. */
export const apiKeyGrant = resource("ApiKeyGrant", { feature: "iam.api_keys" });
