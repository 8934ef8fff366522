/** In charge of the indexes without which a policy makes the planner read a whole table. */
import { leadsTo } from "../protect/policies/needed-indexes.js";
import { name, qualified } from "../protect/policies/spelling.js";
import type { Ask, Finding } from "./finding.js";
import type { Table } from "./guard.js";
import type { Guarded } from "./guarded.js";

interface Index {
  /** Its columns in order; none for a table without indexes. */
  readonly columns: readonly string[];
  readonly isPartitioned: boolean;
}

/** Finds the columns by which a table's policies choose rows, and its shares', that no index leads to. */
export async function findMissingIndexes(ask: Ask, guarded: Guarded): Promise<readonly Finding[]> {
  const { shares, columns, columnsOfShares } = guarded;
  const ofShares = shares === null ? [] : await missing(ask, shares, columnsOfShares);
  return [...(await missing(ask, guarded, columns)), ...ofShares];
}

async function missing(ask: Ask, table: Table, wanted: readonly string[]): Promise<readonly Finding[]> {
  const on = qualified(table);
  const indexes = await ask<Index>(
    `select c.relkind = 'p' as "isPartitioned",
            array(
              select a.attname::text
              from unnest(i.indkey::int2[]) with ordinality as key (attnum, place)
              join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = key.attnum
              where key.place <= i.indnkeyatts
              order by key.place
            ) as columns
     from pg_catalog.pg_class c
     left join pg_catalog.pg_index i on i.indrelid = c.oid and i.indisvalid and i.indpred is null and i.indexprs is null
     where c.oid = to_regclass($1)`,
    [on],
  );
  const [first] = indexes;
  if (first === undefined) return [];
  const how = first.isPartitioned ? "" : "concurrently ";
  return wanted
    .filter((column) => !indexes.some(({ columns }) => leadsTo(columns, column)))
    .map((column) => ({
      id: "PC040",
      problem: `No index of ${on} leads to ${column}, by which its policies choose rows.`,
      mend: `create index ${how}on ${on} (${column === "tenant_id" ? "tenant_id" : `tenant_id, ${name(column)}`});`,
    }));
}
