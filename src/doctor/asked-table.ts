/** In charge of what `iam.protect()` guards, as it keeps what it was asked. */
import { literal, name, qualified } from "../protect/policies/spelling.js";
import type { Ask } from "./finding.js";
import type { Table } from "./guard.js";
import { copyOf, distinctTables, type Guarded } from "./guarded.js";

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
    tables: distinctTables(
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
