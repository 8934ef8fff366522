/** In charge of what a declared resource says about rows, in the names of columns. */
import { models } from "../../generated/datamodel.js";
import { fieldOf, idColumn, type Resource } from "../resource.js";
import type { Resources } from "../resources.js";
import { spoken } from "../type/describe.js";
import { insertableColumns, referringLinks, updatableColumns } from "../writable.js";
import type { Parent, Protection, Reference, RowCommand, RowCondition, ShareTable } from "./protection.js";

/** The protection of a resource. Throws for a parent that is no resource. */
export function protectionOf(resource: Resource, resources: Resources): Protection {
  const { name, owner, scope, group, shares, commands, featureOf } = resource;
  return {
    schema: resource.table.schema,
    table: resource.table.name,
    singular: spoken(resource.singular),
    plural: spoken(resource.plural),
    owner: owner?.column ?? null,
    scope: scope && { column: scope.column, type: scope.type },
    group: group && { column: group.column, isRequired: group.isRequired },
    shares: shares && shareTableOf(resource, shares),
    parent: parentOf(resource, resources),
    publicRead: resource.publicRead && columnsOf(resource, resource.publicRead),
    isPublic: resource.audience === "public",
    conditions: conditionsOf(resource),
    commands,
    featureOf,
    fieldFeatures: fieldFeaturesOf(resource),
    insertable: insertableColumns(resource, resources),
    updatable: updatableColumns(resource, resources),
    references: referencesOf(resource, resources),
    isStamped: models[name].fields["updatedAt"] !== undefined,
  };
}

function referencesOf(resource: Resource, resources: Resources): readonly Reference[] {
  return referringLinks(resource, resources).map((link) => {
    const column = idColumn(link);
    const { schema, table } = models[link.model];
    return { column, to: { schema, table, column: link.references[link.columns.indexOf(column)] ?? "id" } };
  });
}

/** The table of a resource's shares, and in it the column that points back. */
export function shareTableOf({ name }: Resource, shares: NonNullable<Resource["shares"]>): ShareTable {
  const { schema, table, relations } = models[shares];
  const back = Object.values(relations).find((relation) => relation.model === name && !relation.isList);
  const row = back?.columns[back.references.indexOf("id")];
  if (row === undefined) throw new TypeError(`${shares} doesn't point at ${name} by its id.`);
  return { schema, table, row };
}

function parentOf({ name, parent }: Resource, resources: Resources): Parent | null {
  if (parent === null) return null;
  const found = resources.get(parent.model);
  if (found === undefined) throw new TypeError(`${name} follows ${parent.model}, which is no resource.`);
  return { column: parent.column, protection: protectionOf(found, resources) };
}

function fieldFeaturesOf({ columns }: Resource): Protection["fieldFeatures"] {
  const fields = new Map<string, string[]>();
  for (const { name, rule } of columns.values()) {
    const features = new Set([rule.read, rule.write].flatMap((ways) => ways?.features ?? []));
    for (const feature of features) fields.set(feature, [...(fields.get(feature) ?? []), spoken(name)]);
  }
  return [...fields].map(([feature, names]) => ({ feature, fields: names }));
}

function conditionsOf(resource: Resource): Protection["conditions"] {
  const given = Object.entries(resource.conditions) as [RowCommand, RowCondition][];
  return Object.fromEntries(given.map(([command, condition]) => [command, columnsOf(resource, condition)]));
}

function columnsOf({ name }: Resource, condition: RowCondition): RowCondition {
  return Object.fromEntries(Object.entries(condition).map(([field, value]) => [fieldOf(name, field).column, value]));
}
