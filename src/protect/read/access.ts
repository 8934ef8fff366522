/** In charge of what the caller may do with a row, as expressions on it: the policies' own text, in the statement that reads the row. */
import { sql } from "kysely";
import type { Protection } from "../policies/protection.js";
import { type JudgedCommand, judgedColumns, judgementOf } from "../policies/row-judgement.js";
import type { Source, Sql } from "./sql.js";

/** Whether the caller may do the command with a row that he sees. */
export function mayDo(protection: Protection, command: JudgedCommand): (row: Source) => Sql {
  const judgement = sql.raw(judgementOf(protection, command));
  const columns = judgedColumns(protection);
  return (row) => {
    const given = sql.join(columns.map((column) => sql`${row(column)} as ${sql.id(column)}`));
    // Under the table's own name and columns, the text means here what it means in the policy.
    return sql`(select coalesce(${judgement}, false) from (select ${given}) as ${sql.id(protection.table)})`;
  };
}
