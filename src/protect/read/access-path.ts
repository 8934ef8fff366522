/**
 * In charge of the way to the rows that a caller may see. Row-level security judges each row by a filter, which no index
 * answers; what is written here changes no answer and leads the planner to the caller's own rows, scopes and shares.
 */
import { sql } from "kysely";
import { sharedFunction } from "../policies/terms.js";
import type { Resource } from "../resource.js";
import { type Compilation, tableOf } from "./compilation.js";
import { allOf, anyOf, rowSource, type Source, type Sql } from "./sql.js";

/** Which rows are asked for, whatever table of the statement they come from. */
export interface Wanted {
  readonly where: (row: Source) => Sql;
  readonly order: (row: Source) => Sql;
  readonly limit: number;
}

/** One reason to see a row, as what an index answers. */
interface Reason {
  readonly column: string;
  /** One value, or an array of them. */
  readonly value: Sql;
  /** True when a value has many rows, so that the newest of each are had one value at a time. */
  readonly isEach: boolean;
}

// Beyond it, walking the whole tenant in order meets a visible row sooner than asking every scope for its newest.
const mostScopes = 30;

/** The reasons of a resource with generated policies; null when rows are seen for others, or in no order of the caller's. */
export function reasonsToSee(resource: Resource): readonly Reason[] | null {
  const { owner, scope, group, shares, parent, publicRead, table, tenant } = resource;
  if (table.schema === "iam" || !tenant || parent || publicRead) return null;
  return [
    ...(owner ? [{ column: owner.column, value: sql`(select iam.named('caller'))`, isEach: false }] : []),
    ...(scope
      ? [each(scope.column, sql`(select places from held)::${sql.raw(scope.type === null ? "uuid" : "text")}[]`)]
      : []),
    ...(group ? [each(group.column, sql`(select groups from belonging)::uuid[]`)] : []),
    ...(shares ? [each("id", sql`(select rows from shared)::uuid[]`, false)] : []),
  ];
}

function each(column: string, value: Sql, isEach = true): Reason {
  return { column, value, isEach };
}

/**
 * What the statement finds out first: what the caller holds, is in, and was given. Only what is used is ever asked.
 * @param isWhole whether all his rows are wanted, and so every scope of his; a list needs no more than it asks one by one
 */
export function findReasons(resource: Resource, isWhole: boolean): Sql {
  const feature = sql.lit(resource.featureOf("read"));
  const { scope, group, shares } = resource;
  return sql.join(
    [
      scope
        ? sql`held as materialized (select is_everywhere as is_held, places, ${isWalked} as is_walked from ${reach(scope.type, { feature, most: isWhole ? null : mostScopes })})`
        : sql`held as materialized (select is_everywhere as is_held, places, is_everywhere as is_walked from (select ${holdsAtRoot(feature)}, '{}'::uuid[]) as reach (is_everywhere, places))`,
      ...(group ? [sql`belonging as materialized (select array(select iam.groups_named('caller')) as groups)`] : []),
      ...(shares
        ? [
            sql`shared as materialized (select array(select ${sql.raw(sharedFunction({ schema: resource.table.schema, table: resource.table.name }))}('read', 'caller')) as rows)`,
          ]
        : []),
    ],
    sql`, `,
  );
}

const isWalked = sql`coalesce(cardinality(places) > ${sql.lit(mostScopes)}, true)`;

function reach(
  scopeType: string | null,
  { feature, most }: { readonly feature: Sql; readonly most: number | null },
): Sql {
  return scopeType === null
    ? sql`iam.caller_reach(${feature}, ${sql.lit(most)})`
    : sql`iam.caller_key_reach(${feature}, ${sql.lit(scopeType)}, ${sql.lit(most)})`;
}

// A row without a scope stands at the root: held there, every row is seen, whatever is denied below.
function holdsAtRoot(feature: Sql): Sql {
  return sql`(iam.given_everywhere(${feature}, 'caller') or coalesce(iam.named_root_scope_id() in (select iam.scopes_given(${feature}, 'caller')), false))`;
}

// Conditions on no row: Postgres judges them once and leaves out a branch that they exclude.
const seesAll = sql`(select is_held from held)`;
const walks = sql`(select is_walked from held)`;

/** The first rows in an order, as a table: a walk in that order, or the first of each reason. Each row once. */
export function firstVisible(compilation: Compilation, resource: Resource, wanted: Wanted): Sql {
  const reasons = reasonsToSee(resource) ?? [];
  const walk = first(compilation, resource, { ...wanted, where: (row) => allOf([walks, wanted.where(row)]) });
  const branches = reasons.map((reason, index) => {
    const where = (row: Source): Sql =>
      allOf([sql`not ${walks}`, ...reasons.slice(0, index).map((one) => isNot(one, row)), wanted.where(row)]);
    return reason.isEach
      ? firstOfEach(compilation, resource, { reason, wanted: { ...wanted, where } })
      : first(compilation, resource, { ...wanted, where: (row) => allOf([holds(reason, row), where(row)]) });
  });
  return sql`(${sql.join([walk, ...branches], sql` union all `)})`;
}

function first(compilation: Compilation, resource: Resource, { where, order, limit }: Wanted): Sql {
  const alias = compilation.nextAlias();
  const row = rowSource(alias);
  return sql`(select ${sql.id(alias)}.* from ${tableOf(resource, alias)} where ${where(row)} order by ${order(row)} limit ${sql.lit(limit)})`;
}

function firstOfEach(
  compilation: Compilation,
  resource: Resource,
  { reason, wanted }: { readonly reason: Reason; readonly wanted: Wanted },
): Sql {
  const [value, found] = [compilation.nextAlias(), compilation.nextAlias()];
  const isIt = (row: Source): Sql => sql`${row(reason.column)} = ${sql.id(value, "value")}`;
  const newest = first(compilation, resource, { ...wanted, where: (row) => allOf([isIt(row), wanted.where(row)]) });
  return sql`(select ${sql.id(found)}.* from unnest(${reason.value}) as ${sql.id(value)}(value) cross join lateral ${newest} as ${sql.id(found)})`;
}

/** What a query makes of all of them at once, e.g. their count. */
export function ofVisible(
  compilation: Compilation,
  resource: Resource,
  { where, made }: { readonly where: Wanted["where"]; readonly made: (row: Source) => Sql },
): Sql {
  const over = (condition: (row: Source) => Sql): Sql => {
    const alias = compilation.nextAlias();
    const row = rowSource(alias);
    return sql`(select ${made(row)} from ${tableOf(resource, alias)} where ${condition(row)})`;
  };
  const asking = (...more: readonly Sql[]): Sql =>
    over((row) => allOf([...more, hasReason(resource, row), where(row)]));
  return sql`case when ${seesAll} then ${over(where)} when ${walks} then ${asking()} else ${asking(inOneProcess)} end`;
}

/** Whether there is one. */
export function existsVisible(compilation: Compilation, resource: Resource, where: Wanted["where"]): Sql {
  const exists = (condition: (row: Source) => Sql): Sql => {
    const alias = compilation.nextAlias();
    return sql`exists (select from ${tableOf(resource, alias)} where ${condition(rowSource(alias))})`;
  };
  return eitherWay(walks, {
    walking: exists(where),
    asking: exists((row) => allOf([hasReason(resource, row), where(row)])),
  });
}

// Starting workers takes longer than reading the rows of a few scopes: only a leader may call this function, so none are.
const inOneProcess = sql`pg_backend_pid() > 0`;

// The way that is not taken is never run, and no parallel worker started for it.
function eitherWay(condition: Sql, { walking, asking }: { readonly walking: Sql; readonly asking: Sql }): Sql {
  return sql`case when ${condition} then ${walking} else ${asking} end`;
}

// That rows are of the tenant is said by the floor, as a condition that an index answers.
function hasReason(resource: Resource, row: Source): Sql {
  return anyOf((reasonsToSee(resource) ?? []).map((reason) => holds(reason, row)));
}

function holds({ column, value, isEach }: Reason, row: Source): Sql {
  return isEach || column === "id" ? sql`${row(column)} = any(${value})` : sql`${row(column)} = ${value}`;
}

function isNot(reason: Reason, row: Source): Sql {
  return sql`(${holds(reason, row)}) is not true`;
}
