/** In charge of the mutations of scopes: the tenant's tree of places. */
import { scope } from "../../resources/scope.js";
import { optional, required, scopeArgument } from "./arguments.js";
import { addAuthorityMutations } from "./authority-mutation.js";

const parentArgument = required("String", "The scope above: `type/key`, or its global id.");

addAuthorityMutations({
  createScope: {
    description: "Creates a scope below another. Needs `iam.scopes.create` there.",
    calls: "create_scope",
    input: {
      parent: parentArgument,
      type: required("String", "What kind of place: `campus`."),
      key: required("String", "Which one: `chicago`. Unique among the tenant's scopes of its type."),
      name: optional("String", "Its name for people."),
    },
    answers: scope,
  },
  updateScope: {
    description: "Renames a scope. Needs `iam.scopes.update` there.",
    calls: "update_scope",
    input: { scope: scopeArgument, name: required("String", "Its new name.") },
    answers: scope,
  },
  moveScope: {
    description:
      "Moves a scope with everything below it. Needs `iam.scopes.update` at its parent and at the new one, and to hold what others gain by it.",
    calls: "move_scope",
    input: { scope: scopeArgument, parent: parentArgument },
    answers: scope,
  },
  deleteScope: {
    description:
      "Deletes a scope that nothing stands in, with the grants at it. Needs `iam.scopes.delete` at its parent.",
    calls: "delete_scope",
    input: { scope: scopeArgument },
    answers: { deleted: "Scope" },
  },
});
