/**
 * In charge of the way to the rows that a caller may see. Row-level security judges each row by a filter, which no index
 * answers; what is written here changes no answer and leads the planner to the caller's own rows, scopes and shares.
 */
import { sql } from "kysely";
import { sharedFunction } from "../policies/terms.js";
import type { Resource } from "../resource.js";
import { type Compilation, tableOf } from "./compilation.js";
import { comparable } from "./guard.js";
import type { OrderTerm } from "./order.js";
import { allOf, anyOf, rowSource, type Source, type Sql } from "./sql.js";

/** Which rows are asked for, whatever table of the statement they come from. */
export interface Wanted {
  readonly where: (row: Source) => Sql;
  readonly order: (row: Source) => Sql;
  /** What the order begins with. */
  readonly leading: OrderTerm | undefined;
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

// Whoever holds more, and much of the tenant with them, meets his rows sooner by walking the tenant in order. Who holds little of it
// may have hardly a row, and would walk past everybody's: his scopes are asked one by one, however many.
const fewScopes = 30;

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
        ? sql`held as materialized (select is_everywhere as is_held, places, places is null as is_walked, ${isMany} as is_many from ${reach(scope.type, { feature, most: isWhole ? null : fewScopes })})`
        : sql`held as materialized (select is_everywhere as is_held, places, is_everywhere as is_walked, is_everywhere as is_many from (select ${holdsAtRoot(feature)}, '{}'::uuid[]) as reach (is_everywhere, places))`,
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

const isMany = sql`coalesce(cardinality(places) > ${sql.lit(fewScopes)}, true)`;

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
const holdsMany = sql`(select is_many from held)`;

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

interface OfEach {
  readonly reason: Reason;
  readonly wanted: Wanted;
}

// Of each value its first rows: all that may be wanted, or, in an order of moments, hardly more than are wanted in all.
function firstOfEach(compilation: Compilation, resource: Resource, { reason, wanted }: OfEach): Sql {
  const { leading } = wanted;
  if (leading !== undefined && isMoment(leading))
    return firstOfNear(compilation, resource, { reason, wanted, leading });
  const [value, found] = [compilation.nextAlias(), compilation.nextAlias()];
  const rows = first(compilation, resource, ofValue(value, { reason, wanted }));
  return sql`(select ${sql.id(found)}.* from ${valuesOf(value, reason)} cross join lateral ${rows} as ${sql.id(found)})`;
}

// Nothing of a value whose first row is not among the first is on the page, and nothing behind the last of those, if they suffice.
function firstOfNear(
  compilation: Compilation,
  resource: Resource,
  { reason, wanted, leading }: OfEach & { readonly leading: OrderTerm },
): Sql {
  const { limit, order } = wanted;
  const [value, found, head] = [compilation.nextAlias(), compilation.nextAlias(), compilation.nextAlias()];
  const near = sql.id(compilation.nextAlias());
  const moment = (row: Source): Sql => comparable(resource, leading.column, row);
  const ofIt = ofValue(value, { reason, wanted });
  const heads = first(compilation, resource, { ...ofIt, limit: 1 });
  const rows = first(compilation, resource, {
    ...ofIt,
    where: (row) => allOf([ofIt.where(row), isWithin(moment(row), { near, leading, limit })]),
  });
  return sql`(with ${near} as materialized (
    select ${sql.id(value)}.value, ${moment(rowSource(head))} as moment
    from ${valuesOf(value, reason)} cross join lateral ${heads} as ${sql.id(head)}
    order by ${order(rowSource(head))} limit ${sql.lit(limit)}
  )
  select ${sql.id(found)}.* from ${near} as ${sql.id(value)} cross join lateral ${rows} as ${sql.id(found)})`;
}

function valuesOf(alias: string, { value }: Reason): Sql {
  return sql`unnest(${value}) as ${sql.id(alias)}(value)`;
}

function ofValue(alias: string, { reason, wanted }: OfEach): Wanted {
  return {
    ...wanted,
    where: (row) => allOf([sql`${row(reason.column)} = ${sql.id(alias, "value")}`, wanted.where(row)]),
  };
}

// What every row has, and of which there is a first and a last.
function isMoment({ column, isNullable }: OrderTerm): boolean {
  return !isNullable && column.native.startsWith("timestamp");
}

interface Bound {
  readonly near: Sql;
  readonly leading: OrderTerm;
  readonly limit: number;
}

// A subquery as a whole, so that an index answers the comparison: under row-level security it does so for little else.
function isWithin(moment: Sql, { near, leading, limit }: Bound): Sql {
  const last = (which: Sql, end: Sql) =>
    sql`(select case when count(*) = ${sql.lit(limit)} then ${which}(moment) else ${end} end from ${near})`;
  return leading.direction === "DESC"
    ? sql`${moment} >= ${last(sql`min`, sql`'-infinity'`)}`
    : sql`${moment} <= ${last(sql`max`, sql`'infinity'`)}`;
}

/** What a query makes of all of them at once, e.g. their count. The ways that are not taken are never run, nor workers started for them. */
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
  return sql`case when ${seesAll} then ${over(where)} when ${isReadAlone} then ${asking(inOneProcess)} else ${asking()} end`;
}

/** Whether there is one. */
export function existsVisible(compilation: Compilation, resource: Resource, where: Wanted["where"]): Sql {
  const exists = (condition: (row: Source) => Sql): Sql => {
    const alias = compilation.nextAlias();
    return sql`exists (select from ${tableOf(resource, alias)} where ${condition(rowSource(alias))})`;
  };
  const asking = exists((row) => allOf([hasReason(resource, row), where(row)]));
  return sql`case when ${holdsMany} then ${exists(where)} else ${asking} end`;
}

// Each worker loads the catalogue and plans the policies' functions first, and one process alone finds the rows of many scopes sooner.
const isReadAlone = sql`(select cardinality(places) <= 100 from held)`;

// Only a leader may call this function, so there are no workers.
const inOneProcess = sql`pg_backend_pid() > 0`;

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
