/** In charge of what a declaration is to the doctor. */
import { guardTable } from "../protect/policies/guard-table.js";
import { choosingColumns } from "../protect/policies/needed-indexes.js";
import type { Protection } from "../protect/policies/protection.js";
import type { Table } from "./guard.js";
import { copyOf, distinctTables, type Guarded } from "./guarded.js";

/** What a declaration says. */
export function byDeclaration(protection: Protection): Guarded {
  const { schema, table, shares } = protection;
  const copied = copyOfDeclaration(protection);
  return {
    schema,
    table,
    shares: shares && { schema: shares.schema, table: shares.table },
    tables: distinctTables(tablesOf(protection)),
    ...choosingColumns(protection),
    guardsAbove: ancestorsOf(copied).map(guardTable),
    guard: guardTable(copied),
  };
}

function copyOfDeclaration(protection: Protection): Protection {
  const { shares, parent } = protection;
  return {
    ...protection,
    ...copyOf(protection),
    shares: shares && { ...shares, ...copyOf(shares) },
    parent: parent && { ...parent, protection: copyOfDeclaration(parent.protection) },
  };
}

// A row that follows another asks the functions of that one's table.
function ancestorsOf({ parent }: Protection): readonly Protection[] {
  return parent === null ? [] : [...ancestorsOf(parent.protection), parent.protection];
}

function tablesOf({ schema, table, shares, parent }: Protection): readonly Table[] {
  const above = parent === null ? [] : tablesOf(parent.protection);
  return [{ schema, table }, ...(shares ? [{ schema: shares.schema, table: shares.table }] : []), ...above];
}
