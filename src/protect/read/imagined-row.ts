/** In charge of rows that might stand at a scope: what may be done with rows there is judged on one of them. */
import { sql } from "kysely";
import { models } from "../../generated/datamodel.js";
import type { Resource } from "../resource.js";
import { type Source, type Sql, typed } from "./sql.js";

/** A row of somebody else at the scope, shared with nobody, in no group. Empty where it stands when no row can stand there. */
export function rowOfOthersAt(resource: Resource, scope: Sql): Source {
  return imagined(resource, scope, () => null);
}

/** A new row of the caller's own at the scope. */
export function ownRowAt(resource: Resource, scope: Sql): Source {
  const { owner } = resource;
  return imagined(resource, scope, (column) => (column === owner?.column ? sql`iam.caller_id()` : null));
}

function imagined({ name, scope }: Resource, place: Sql, known: (column: string) => Sql | null): Source {
  const fields = Object.values(models[name].fields);
  return (column) => {
    if (column !== scope?.column) return known(column) ?? typed(null, typeOf(fields, column));
    if (scope.type === null) return place;
    return sql`(select s.key from iam.scopes as s where s.id = ${place} and s.type = ${sql.lit(scope.type)})`;
  };
}

function typeOf(fields: readonly { readonly column: string; readonly native: string }[], column: string): string {
  return fields.find((field) => field.column === column)?.native ?? "text";
}
