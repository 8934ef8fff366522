/** In charge of which columns a client may write, in an input and in a grant: the same ones. */
import { models } from "../generated/datamodel.js";
import { type Column, idColumn, type Link, type Resource } from "./resource.js";
import { behind, type Resources } from "./resources.js";

/** The columns that a mutation takes as they are: none that says whose a row is, or by an id where it stands. */
export function writableColumns(resource: Resource): readonly Column[] {
  const places = placesOf(resource);
  return [...resource.columns.values()].filter(
    ({ name, column }) => !resource.readOnly.has(name) && !resource.links.has(name) && !places.has(column),
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

/** The relation to the row that a new row follows; it follows that one for good. */
export function parentLink({ links, parent }: Resource): Link | undefined {
  return parent === null ? undefined : links.get(parent.link);
}

/** The relations to rows of declared tables that a client may name, and name anew: none that says whose a row is, or where it stands. */
export function referringLinks(resource: Resource, resources: Resources): readonly Link[] {
  const places = placesOf(resource);
  const { fields } = models[resource.name];
  const readOnly = new Set([...resource.readOnly].map((name) => fields[name]?.column));
  return [...resource.links.values()].filter((link) => {
    if (link.isList || link.name === resource.parent?.link || behind(resources, link.model) === undefined) return false;
    const column = idColumn(link);
    return !places.has(column) && !readOnly.has(column);
  });
}

/** The columns that the runtime role may insert. */
export function insertableColumns(resource: Resource, resources: Resources): readonly string[] {
  const parent = parentLink(resource);
  return [
    ...writableColumns(resource).map(({ column }) => column),
    ...(hasScopeId(resource) && resource.scope ? [resource.scope.column] : []),
    ...(resource.group ? [resource.group.column] : []),
    ...(parent ? [idColumn(parent)] : []),
    ...referringLinks(resource, resources).map(idColumn),
  ];
}

/** The columns that the runtime role may update. */
export function updatableColumns(resource: Resource, resources: Resources): readonly string[] {
  return [
    ...editableColumns(resource).map(({ column }) => column),
    ...referringLinks(resource, resources).map(idColumn),
  ];
}
