/** In charge of turning PostgreSQL's text answers into rows of JavaScript values. */
import pg from "pg";
import type { Answer } from "./pipeline.js";
import type { Column } from "./prepared-statements.js";

type Parse = (text: string) => unknown;

const asText: Parse = (text) => text;

// As `to_json` writes it, with its microseconds: a Date would round a cursor, and the two forms of a read would differ.
const asIsoTime: Parse = (text) => text.replace(" ", "T").replace(/([+-]\d{2})$/, "$1:00");

const { builtins } = pg.types;
const parsers: Readonly<Record<number, Parse>> = {
  [builtins.TIMESTAMPTZ]: asIsoTime,
  [builtins.TIMESTAMP]: asIsoTime,
  [builtins.DATE]: asText,
  [builtins.INTERVAL]: asText,
};

/**
 * The rows of an answer as objects: json parsed, bool, int4 and float as such, arrays as arrays, timestamps as ISO text in
 * the session's zone (UTC), everything else (uuid, int8, numeric, date) as text. Of two columns of one name the last wins.
 */
export function readRows<Row extends Record<string, unknown>>(answer: Answer): readonly Row[] {
  const columns = answer.columns.map(toReader);
  return answer.rows.map((row) => readRow(columns, row) as Row);
}

function readRow(columns: ReturnType<typeof toReader>[], row: readonly (string | null)[]): Record<string, unknown> {
  const read: Record<string, unknown> = {};
  for (const [index, { name, parse }] of columns.entries()) {
    const text = row[index];
    read[name] = text === null || text === undefined ? null : parse(text);
  }
  return read;
}

function toReader(column: Column): { readonly name: string; readonly parse: Parse } {
  return {
    name: column.name,
    parse: parsers[column.dataTypeID] ?? (pg.types.getTypeParser(column.dataTypeID, "text") as Parse),
  };
}

/** How many rows a command touched, as its tag says it (`INSERT 0 3`, `UPDATE 2`); 0 where it says none. */
export function countRows(answer: Answer): number {
  return Number(/(\d+)$/.exec(answer.tag)?.[1] ?? 0);
}
