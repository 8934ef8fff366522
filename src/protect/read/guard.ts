/** In charge of the rule of a field, as an expression on the row: judged by Postgres, in the statement that reads the row. */
import { sql } from "kysely";
import type { Column, Resource } from "../resource.js";
import type { Source, Sql } from "./sql.js";

/** Whether the caller may read a field of a row that he may read; null when whoever may read the row may. */
export function mayReadField(resource: Resource, { rule }: Column, row: Source): Sql | null {
  return rule.read === undefined ? null : holdsAtRow(resource, rule.read, row);
}

/** Whether the caller may write a field of a row that he may update; null when whoever may update the row may. */
export function mayWriteField(resource: Resource, { rule }: Column, row: Source): Sql | null {
  return rule.write === undefined ? null : holdsAtRow(resource, rule.write, row);
}

/** True where the caller holds the feature at the row's scope. Both look-ups run once per statement, not per row. */
export function holdsAtRow(resource: Resource, feature: string, row: Source): Sql {
  const code = sql.lit(feature);
  return sql`((select iam.holds_everywhere(${code})) or ${isAtScopeWith(resource, code, row)})`;
}

function isAtScopeWith({ scope }: Resource, code: Sql, row: Source): Sql {
  // A row without a scope of its own stands at the tenant's root.
  if (scope === null) return sql`(select iam.caller_root_scope_id()) in (select iam.scopes_with(${code}))`;
  if (scope.type === null) return sql`${row(scope.column)} in (select iam.scopes_with(${code}))`;
  return sql`${row(scope.column)} in (select iam.scope_keys_with(${code}, ${sql.lit(scope.type)}))`;
}

/**
 * A column as filters, orders and cursors see it: null on a row where the caller may not read it, so that no answer ever
 * depends on a value that he can't see.
 */
export function comparable(resource: Resource, column: Column, row: Source): Sql {
  const value = column.isEnum ? sql`${row(column.column)}::text` : row(column.column);
  const mayRead = mayReadField(resource, column, row);
  return mayRead === null ? value : sql`case when ${mayRead} then ${value} end`;
}
