/** In charge of todos: who may see and do what with one. */
import { resource } from "../protect/resource.js";

/** A todo belongs to its owner, stands at a scope, and can be shared. */
export const todo = resource("Todo", {
  feature: "todos",
  owner: "ownerId",
  scope: "scopeId",
  shares: "TodoShare",
  commands: ["create", "update", "delete", "share"],
  fields: { internalNote: { read: "todos.audit", write: "todos.audit" } },
});
