/** In charge of the fields that lead from a row to other rows: what it belongs to, and its lists. */
import { sql } from "kysely";
import type { ReadNumber } from "../../audit/events.js";
import { audited } from "../../builder/field-extensions.js";
import { models } from "../../generated/datamodel.js";
import type { Through } from "../declaration.js";
import { connectionOf } from "../read/connection.js";
import { carry, type Match } from "../read/field-plan.js";
import { allOf, rowSource } from "../read/sql.js";
import { fieldOf, idColumn, type Link, type Resource, type Row } from "../resource.js";
import { behind, type Resources } from "../resources.js";
import { connectionType } from "./connection-type.js";
import { describe } from "./describe.js";
import type { ObjectFields } from "./object-fields.js";
import { pageArguments } from "./page-arguments.js";
import { rowScope } from "./row-scope.js";

type LinkField = ReturnType<typeof oneField> | ReturnType<typeof listField>;

/** The fields of every relation and list that leads to a declared resource. */
export function linkFields(
  t: ObjectFields,
  { links, lists }: Resource,
  resources: Resources,
): Readonly<Record<string, LinkField>> {
  const fields: Record<string, LinkField> = {};
  for (const link of links.values()) {
    const resource = link.isList ? resources.get(link.model) : behind(resources, link.model);
    if (resource === undefined) continue;
    const description = describe(link.description, link.name);
    fields[link.name] = link.isList
      ? listField(t, { resource, resources, match: matchColumns(link), description, audits: link.audits })
      : oneField(t, link, resource);
  }
  for (const [name, through] of lists) {
    const resource = resources.get(through.to);
    if (resource)
      fields[name] = listField(t, {
        resource,
        resources,
        match: matchThrough(through),
        description: through.description,
        audits: through.audits,
      });
  }
  return fields;
}

function oneField(t: ObjectFields, link: Link, resource: Resource) {
  return t.field({
    type: resource.type,
    nullable: true,
    description: `${describe(link.description, link.name)} Null when the caller may not see it.`,
    authScopes: rowScope,
    extensions: { portcullis: audited(link.audits), ...carry({ kind: "one", resource, match: matchId(link) }) },
    resolve: (row, _args, _context, info) => row[info.path.key] as Row | null,
  });
}

interface List {
  readonly resource: Resource;
  readonly resources: Resources;
  readonly match: Match;
  readonly description: string;
  readonly audits: ReadNumber | undefined;
}

function listField(t: ObjectFields, { resource, resources, match, description, audits }: List) {
  return t.field({
    type: connectionType(resource),
    nullable: false,
    description,
    args: pageArguments(resource, resources),
    authScopes: rowScope,
    extensions: { portcullis: audited(audits), ...carry({ kind: "many", resource, match }) },
    resolve: (row, args, _context, info) => connectionOf(resource, args, row[info.path.key]),
  });
}

// The foreign key has seen to the tenant already; the id alone is the shorter way to the row.
function matchId(link: Link): Match {
  const column = idColumn(link);
  return (child, parent) => sql`${child("id")} = ${parent(column)}`;
}

function matchColumns({ columns, references }: Link): Match {
  return (child, parent) =>
    allOf(columns.map((column, index) => sql`${child(references[index] ?? column)} = ${parent(column)}`));
}

function matchThrough({ through, from, by }: Through): Match {
  const { schema, table } = models[through];
  const [fromColumn, byColumn] = [fieldOf(through, from).column, fieldOf(through, by).column];
  const joined = rowSource("joined");
  return (child, parent) =>
    sql`${child("id")} in (select ${joined(byColumn)} from ${sql.id(schema, table)} as joined where ${joined(fromColumn)} = ${parent("id")})`;
}
