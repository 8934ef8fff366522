/** In charge of what a guarded table is to the doctor, whether a declaration guards it or `iam.protect()`: its tables, and the SQL that would guard copies of them. */
import { guardTable } from "../protect/policies/guard-table.js";
import type { Protection } from "../protect/policies/protection.js";
import { literal, name, qualified } from "../protect/policies/spelling.js";
import type { Ask } from "./finding.js";
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

/** What a declaration says. */
export function byDeclaration(protection: Protection): Guarded {
  const { schema, table, owner, scope, group, parent, shares } = protection;
  const columns = ["tenant_id", owner, scope?.column, group?.column, parent?.column];
  const copied = copyOfDeclaration(protection);
  return {
    schema,
    table,
    shares: shares && { schema: shares.schema, table: shares.table },
    tables: distinct(tablesOf(protection)),
    columns: [...new Set(columns.flatMap((column) => (column == null ? [] : [column])))],
    columnsOfShares: shares === null ? [] : ["group_id", "user_id", shares.row],
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

function distinct(tables: readonly Table[]): readonly Table[] {
  return tables.filter((one, at) => tables.findIndex((other) => qualified(other) === qualified(one)) === at);
}

/** What `iam.protect()` was asked of one table. */
interface Asked {
  readonly asked: Readonly<Record<string, unknown>>;
  /** As it was called then, and what its functions are called after. */
  readonly called: string;
  readonly suffix: string;
  /** Null when it is no more. */
  readonly own: Table | null;
  readonly shares: Table | null;
  readonly parent: Table | null;
}

/** What `iam.protect()` guards, and the names of what it guarded and what is no more. */
export interface GuardedBySql {
  readonly guarded: readonly Guarded[];
  readonly gone: readonly Pick<Asked, "called" | "suffix">[];
}

/** Reads what `iam.protect()` was asked. */
export async function guardedBySql(ask: Ask): Promise<GuardedBySql> {
  const [{ is } = { is: false }] = await ask<{ is: boolean }>(
    "select to_regprocedure('iam.kept_protections()') is not null as is",
  );
  if (!is) return { guarded: [], gone: [] };
  const all = await ask<Asked>(`
    select k as asked, k ->> 'guarded' as called, k ->> 'suffix' as suffix, ${tableNamed("guarded")} as own,
           ${tableNamed("share_table")} as shares, ${tableNamed("parent_table")} as parent
    from iam.kept_protections() k`);
  return {
    guarded: all.flatMap((one) => (one.own === null ? [] : [toGuarded(one, one.own, all)])),
    gone: all.filter(({ own }) => own === null),
  };
}

function tableNamed(key: string): string {
  return `(
    select json_build_object('schema', n.nspname, 'table', c.relname)
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.oid = to_regclass(k ->> '${key}')
  )`;
}

function toGuarded(one: Asked, own: Table, all: readonly Asked[]): Guarded {
  const { asked, shares } = one;
  const above = followed(one, all);
  const columns = ["tenant_id", ...["owner", "scope", "group", "parent_column"].map((key) => asked[key])];
  return {
    ...own,
    shares,
    tables: distinct(
      [one, ...above].flatMap(({ own: table, shares: given }) => [table, given].filter((x) => x !== null)),
    ),
    columns: columns.filter((column) => typeof column === "string"),
    columnsOfShares: shares === null ? [] : ["group_id", "user_id", String(asked["share_column"])],
    guardsAbove: above.map(guardOfCopy),
    guard: guardOfCopy(one),
  };
}

function followed({ parent }: Asked, all: readonly Asked[]): readonly Asked[] {
  const found = parent && all.find(({ own }) => own !== null && qualified(own) === qualified(parent));
  return found ? [...followed(found, all), found] : [];
}

function guardOfCopy({ asked, own, shares, parent }: Asked): string {
  if (own === null) return "";
  const renamed = {
    ...asked,
    ...(shares ? { share_table: qualified(copyOf(shares)) } : {}),
    ...(parent ? { parent_table: qualified(copyOf(parent)) } : {}),
  };
  return `select iam.guard_as(${literal(qualified(copyOf(own)))}, ${literal(JSON.stringify(renamed))});`;
}

/** What drops the functions of a table that is no more. */
export function dropFunctions(suffix: string): string {
  const of = (prefix: string, types: string) => `iam.${name(`${prefix}${suffix}`)}(${types})`;
  const dropped = [of("asked_of_", ""), of("ways_to_", "uuid, text"), of("shared_", "text, text")];
  return `drop function if exists ${dropped.join(", ")};`;
}
