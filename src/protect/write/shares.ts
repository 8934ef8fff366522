/** In charge of the rows behind shares: opening and closing, as statements. Who may is for the policies of the share's table. */
import { sql } from "kysely";
import type { ModelName } from "../../generated/datamodel.js";
import { shareTableOf } from "../policies/protection-of.js";
import { type Sql, typed } from "../read/sql.js";
import type { Resource } from "../resource.js";
import type { Grantee, ShareFlags } from "./share-input.js";

/** The table of a resource's shares. */
export interface Shares {
  readonly table: Sql;
  /** The column with the id of the shared row. */
  readonly row: Sql;
}

/** Finds the table of a resource's shares, and in it the column that points back. */
export function sharesOf(resource: Resource, model: ModelName): Shares {
  const { schema, table, row } = shareTableOf(resource, model);
  return { table: sql.id(schema, table), row: sql.id(row) };
}

/** Opens a row, or sets anew what was opened. */
export function upsertShare(
  { table, row }: Shares,
  id: string,
  { grantee, flags }: { readonly grantee: Grantee; readonly flags: ShareFlags },
): Sql {
  const to = granteeColumn(grantee);
  return sql`insert into ${table} (${row}, ${to}, can_read, can_write, can_delete)
values (${typed(id, "uuid")}, ${resolved(grantee)}, ${flags.canRead}, ${flags.canWrite}, ${flags.canDelete})
on conflict (${row}, ${to}) do update
set can_read = excluded.can_read, can_write = excluded.can_write, can_delete = excluded.can_delete`;
}

/** Closes a row again; it is no error when it was not open. */
export function deleteShare({ table, row }: Shares, id: string, grantee: Grantee): Sql {
  return sql`delete from ${table} where ${row} = ${typed(id, "uuid")} and ${granteeColumn(grantee)} = ${resolved(grantee)}`;
}

function granteeColumn({ kind }: Grantee): Sql {
  return sql.id(kind === "group" ? "group_id" : "user_id");
}

function resolved({ kind, reference }: Grantee): Sql {
  const text = typed(reference, "text");
  return kind === "group" ? sql`(select iam.resolve_group(${text}))` : sql`(select iam.resolve_user(${text}))`;
}
