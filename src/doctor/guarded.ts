/** In charge of what a guarded table is to the doctor: its tables, and the SQL that would guard copies of them. */
import { qualified } from "../protect/policies/spelling.js";
import type { Table } from "./guard.js";

/** A table that somebody has said how to guard. */
export interface Guarded extends Table {
  readonly shares: Table | null;
  /** It and every other table that its guard speaks of. */
  readonly tables: readonly Table[];
  /** The columns by which its policies choose rows, and those of the table with its shares. */
  readonly columns: readonly string[];
  readonly columnsOfShares: readonly string[];
  /** What guards the copies of the tables that its rows follow, the first of them first. */
  readonly guardsAbove: readonly string[];
  /** What guards its own copy. */
  readonly guard: string;
}

/** The copy that stands for a table. No schema of anybody begins so, and the name is always quoted: it can't be mistaken. */
export function copyOf({ schema, table }: Table): Table {
  return { schema: `${copyPrefix}${schema}`, table };
}

/** What the schemas of copies begin with. */
export const copyPrefix = "~";

/** Tables, each once. */
export function distinctTables(tables: readonly Table[]): readonly Table[] {
  return tables.filter((one, at) => tables.findIndex((other) => qualified(other) === qualified(one)) === at);
}
