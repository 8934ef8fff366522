/** In charge of chats: who may see and do what with one. */
import { resource } from "../protect/resource.js";

/** A chat belongs to whoever began it, stands at a scope, and can be shared. */
export const chat = resource("Chat", {
  feature: "chats",
  owner: "ownerId",
  scope: "scopeId",
  shares: "ChatShare",
  fields: { reminder: { read: "owner", write: "owner", onDeny: "null" } },
  commands: ["create", "update", "delete", "share"],
});
