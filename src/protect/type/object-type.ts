/** In charge of the GraphQL type of a resource: its columns, what it belongs to, its lists, and the access to it. */
import { sql } from "kysely";
import { audited, type FieldExtensions } from "../../builder/field-extensions.js";
import { type FieldWays, type OnDeny, requirementOf, sayWays } from "../field-rule.js";
import { globalId } from "../global-id.js";
import { carry } from "../read/field-plan.js";
import { mayReadField } from "../read/guard.js";
import { masked } from "../read/mask.js";
import { allOf, type Source, type Sql } from "../read/sql.js";
import type { Column, Resource, Row } from "../resource.js";
import type { Resources } from "../resources.js";
import { accessField } from "./access-type.js";
import { describe } from "./describe.js";
import { columnType } from "./leaf-type.js";
import { linkFields } from "./link-fields.js";
import { Node } from "./node.js";
import type { ObjectFields } from "./object-fields.js";
import { rowScope } from "./row-scope.js";

/** Builds the type. */
export function implementType(resource: Resource, resources: Resources): void {
  const guarded = [...resource.columns.values()].filter(({ rule }) => rule.read !== null && rule.onDeny === "error");
  resource.type.implement({
    description: resource.description,
    interfaces: [Node],
    extensions: { portcullis: audited(resource.audits) },
    ...(guarded.length === 0 ? {} : { grantScopes: (row: Row) => grantsOf(row, guarded) }),
    fields: (t) => ({
      ...Object.fromEntries(
        [...resource.columns.values()].map((column) => [column.name, columnField(t, resource, column)]),
      ),
      ...linkFields(t, resource, resources),
      ...accessField(t, resource, resources),
    }),
  });
}

function columnField(t: ObjectFields, resource: Resource, column: Column) {
  const { name, rule } = column;
  if (name === "id") return idField(t, resource);
  if (rule.read !== null && rule.onDeny === "error") return guardedField(t, resource, { column, read: rule.read });
  return t.field({
    type: columnType(column),
    nullable: !column.isRequired || (rule.read !== null && rule.onDeny === "null"),
    description: describeRuled(column),
    authScopes: rowScope,
    extensions: {
      ...(rule.read === null ? {} : { portcullis: required(rule.read, rule.onDeny) }),
      ...carry({ kind: "value", expression: (row) => selectRuled(resource, column, row) }),
    },
    resolve: (row, _args, _context, info) => row[info.path.key],
  });
}

function describeRuled({ description, name, rule }: Column): string {
  const words = describe(description, name);
  if (rule.read === null) return words;
  const denied = { error: "", null: " Null for everybody else." };
  const others = typeof rule.onDeny === "object" ? " Masked for everybody else." : denied[rule.onDeny];
  return `${words} ${sayWays(rule.read)}${others}`;
}

// Whoever may not read the value gets null or the mask in its place, from the statement itself.
function selectRuled(resource: Resource, column: Column, row: Source): Sql {
  const value = inJson(column, row);
  const readable = mayReadField(resource, column, row);
  const { onDeny } = column.rule;
  if (readable === null) return value;
  if (typeof onDeny === "string") return sql`case when ${readable} then ${value} end`;
  return sql`case when ${readable} then to_json(${value}) else ${masked(onDeny.mask, row(column.column))} end`;
}

function idField(t: ObjectFields, { name }: Resource) {
  return t.id({
    nullable: false,
    description: `The global id: \`${name}:uuid\`.`,
    authScopes: rowScope,
    extensions: carry({ kind: "value", expression: (row) => row("id") }),
    resolve: (row, _args, _context, info) => globalId(name, String(row[info.path.key])),
  });
}

interface Guarded {
  readonly column: Column;
  readonly read: FieldWays;
}

function guardedField(t: ObjectFields, resource: Resource, { column, read }: Guarded) {
  const key = guardedKey(column);
  return t.field({
    type: columnType(column),
    nullable: true,
    description: describeRuled(column),
    authScopes: { $granted: column.name },
    extensions: {
      portcullis: required(read, "error"),
      ...carry({
        kind: "guarded",
        key,
        guard: (row) => mayReadField(resource, column, row) ?? allOf([]),
        expression: (row) => inJson(column, row),
      }),
    },
    resolve: (row) => (row[key] as readonly unknown[])[0],
  });
}

function required(ways: FieldWays, onDeny: OnDeny): FieldExtensions {
  const isOpen = ways.isOwners || typeof onDeny === "object";
  return { requires: requirementOf(ways), ...(isOpen ? {} : { features: ways.features }) };
}

/** The fields that the statement found readable on this row. */
function grantsOf(row: Row, guarded: readonly Column[]): readonly string[] {
  return guarded.filter((column) => Array.isArray(row[guardedKey(column)])).map(({ name }) => name);
}

// With a mark that no GraphQL name has, so that no alias can stand in its place.
function guardedKey({ name }: Column): string {
  return `${name}?`;
}

/** JSON has no exact decimals and no 64-bit integers: they travel as text. A list that was never written is empty, as Prisma has it. */
function inJson({ column, type, isList }: Column, row: Source): Sql {
  if (isList) return sql`coalesce(${row(column)}, '{}')`;
  return type === "Decimal" || type === "BigInt" ? sql`${row(column)}::text` : row(column);
}
