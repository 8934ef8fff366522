/**
 * In charge of what the caller may do with a row, as expressions on it: the policies' own text, or the checks of the function
 * that would do it, in the statement that reads the row.
 */
import { sql } from "kysely";
import type { Command } from "../declaration.js";
import type { Protection } from "../policies/protection.js";
import { judgedColumns, judgementOf } from "../policies/row-judgement.js";
import type { Resource } from "../resource.js";
import type { Source, Sql } from "./sql.js";

/** Whether the policies of a command let the caller at a row; null where they judge more than the row. */
export function mayDo(protection: Protection, command: Command, row: Source): Sql | null {
  const judgement = judgementOf(protection, command);
  if (judgement === null) return null;
  const given = sql.join(judgedColumns(protection).map((column) => sql`${row(column)} as ${sql.id(column)}`));
  // Under the table's own name and columns, the text means here what it means in the policy.
  return sql`(select coalesce(${sql.raw(judgement)}, false) from (select ${given}) as ${sql.id(protection.table)})`;
}

/** Whether the function of `iam` behind a command would let the caller do it with a row. */
export function mayCall({ name }: Resource, command: string, row: Source): Sql {
  return sql`(select iam.may(${sql.lit(command)}, ${sql.lit(name)}, ${row("id")}))`;
}
