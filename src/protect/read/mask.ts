/** In charge of masks: what stands in the place of a value that the caller may not read. */
import { sql } from "kysely";
import { keepsLast } from "../field-rule.js";
import type { Sql } from "./sql.js";

/** How a hidden text begins, however long it is. */
const veil = "****";

/** A mask as JSON. A constant one is the same for every row, also for one without a value. */
export function masked(mask: unknown, value: Sql): Sql {
  if (!keepsLast(mask)) return sql`${JSON.stringify(mask)}::json`;
  const last = sql.lit(mask.keepLast);
  // Of a short text the end would be most of it.
  return sql`to_json(${sql.lit(veil)} || case when length(${value}) >= 2 * ${last} then right(${value}, ${last}) else '' end)`;
}
