/** In charge of the columns by which policies choose rows: without an index that leads to one, they read a whole table. */
import { StartupError } from "../../errors.js";
import { fileOf } from "../check/refuse.js";
import { isMissing, type KnownTables, spellings, type Table } from "./missing-tables.js";
import type { Protection } from "./protection.js";
import { listed } from "./spelling.js";

/** The columns of a protected table, and of the table with its shares. */
export interface ChoosingColumns {
  readonly columns: readonly string[];
  readonly columnsOfShares: readonly string[];
}

/** By which columns a table's policies choose rows, and its shares'. */
export function choosingColumns({ owner, scope, group, parent, shares }: Protection): ChoosingColumns {
  const columns = ["tenant_id", owner, scope?.column, group?.column, parent?.column];
  return {
    columns: [...new Set(columns.flatMap((column) => (column == null ? [] : [column])))],
    columnsOfShares: shares === null ? [] : ["group_id", "user_id", shares.row],
  };
}

/** True when an index on these columns finds rows by that one. The tenant is the same for every row that a caller can see, so it may stand first. */
export function leadsTo([first, second]: readonly string[], column: string): boolean {
  return first === column || (first === "tenant_id" && second === column);
}

/** A table, the model that says so, and the columns by which its policies choose rows. */
export interface DeclaredTable extends Table {
  readonly model: string;
  readonly chosenBy: readonly { readonly column: string; readonly field: string }[];
}

/** Stops where a table is about to be made without an index that its policies need. One that is there is the doctor's. */
export function requireIndexes(declared: readonly DeclaredTable[], known: KnownTables): void {
  for (const table of declared.filter((one) => isMissing(one, known))) {
    const bare = columnsWithoutIndex(table, known.tables);
    if (bare.length === 0) continue;
    const lines = bare.map((field) => `@@index([${[...new Set(["tenantId", field])].join(", ")}])`);
    throw new StartupError(
      `${fileOf(table.model)}: no index of ${table.model} leads to ${listed(bare)}, by which its policies choose rows.`,
      `Write ${lines.join(" and ")} in its Prisma model.`,
    );
  }
}

function columnsWithoutIndex(table: DeclaredTable, script: string): readonly string[] {
  const names = spellings(table);
  const made = [...script.matchAll(/^CREATE (?:UNIQUE )?INDEX "[^"]+" ON ((?:"[^"]+"\.)?"[^"]+")\((.*)\);$/gm)];
  const indexes = made
    .filter(([, on]) => on !== undefined && names.includes(on))
    .map(([, , columns = ""]) => [...columns.matchAll(/"([^"]+)"/g)].map(([, column]) => column ?? ""));
  const lacking = table.chosenBy.filter(({ column }) => !indexes.some((columns) => leadsTo(columns, column)));
  return lacking.map(({ field }) => field);
}
