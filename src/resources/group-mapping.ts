/** In charge of group mappings as GraphQL shows them. They are written by the functions of iam only. */
import { resource } from "../protect/resource.js";

/** What a provider's group or role stands for here. */
export const groupMapping = resource("GroupMapping", {
  feature: "iam.groups",
  functions: { delete: { mutation: "deleteGroupMapping" } },
});
