/** In charge of which columns a client may write, in an input and in a grant: the same ones. */
import { type Column, idColumn, type Link, type Resource } from "./resource.js";

/** The columns that a mutation takes as they are: none that says whose a row is, or by an id where it stands. */
export function writableColumns(resource: Resource): readonly Column[] {
  const places = placesOf(resource);
  return [...resource.columns.values()].filter(
    ({ name, column }) => !resource.readOnly.has(name) && !places.has(column),
  );
}

// Most are foreign keys, which are never on show; without a Prisma relation they would be columns like any other, and
// whoever may edit a row could take it.
function placesOf({ tenant, owner, scope, group, parent }: Resource): ReadonlySet<string | undefined> {
  const scopeId = scope?.type === null ? scope.column : undefined;
  return new Set([tenant?.column, owner?.column, group?.column, parent?.column, scopeId]);
}

/** Those of them that an edit may change: where a row stands is no matter of editing. */
export function editableColumns(resource: Resource): readonly Column[] {
  return writableColumns(resource).filter(({ name }) => name !== resource.scope?.field);
}

/** True when the row stands at a scope by its id, so that a client may say which. */
export function hasScopeId({ scope }: Resource): boolean {
  return scope !== null && scope.type === null;
}

/** The relations that a new row may name: the row it follows. */
export function writableLinks({ links, parent }: Resource): readonly Link[] {
  return [...links.values()].filter(({ name }) => name === parent?.link);
}

/** The columns that the runtime role may insert. */
export function insertableColumns(resource: Resource): readonly string[] {
  return [
    ...writableColumns(resource).map(({ column }) => column),
    ...(hasScopeId(resource) && resource.scope ? [resource.scope.column] : []),
    ...(resource.group ? [resource.group.column] : []),
    ...writableLinks(resource).map(idColumn),
  ];
}

/** The columns that the runtime role may update. */
export function updatableColumns(resource: Resource): readonly string[] {
  return editableColumns(resource).map(({ column }) => column);
}
