/** In charge of turning a query builder's tree into a statement. Nothing here has a connection, and nothing is ever glued from strings. */
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
  sql,
} from "kysely";
import type { Statement } from "../../database/session.js";

/** A piece of SQL with its parameters. */
export type Sql = RawBuilder<unknown>;

/** Where the value of a column comes from: a row of the statement, or a value known beforehand. */
export type Source = (column: string) => Sql;

const compiler = new Kysely<unknown>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

/** Compiles to text and parameters. The text depends on the shape of the question only: the same shape, the same prepared statement. */
export function toStatement(query: Sql): Statement {
  const { sql: text, parameters } = query.compile(compiler);
  return { sql: text, parameters };
}

/** The columns of a row in the statement. */
export function rowSource(alias: string): Source {
  return (column) => sql.id(alias, column);
}

/** Columns whose values are known before the statement, e.g. the id of the row a mutation has just written. */
export function valueSource(values: Readonly<Record<string, string>>): Source {
  return (column) => typed(values[column] ?? null, "uuid");
}

// A quoted "integer" is no type: Postgres knows these by another name.
const quotableTypes: Readonly<Record<string, string>> = {
  integer: "int4",
  bigint: "int8",
  smallint: "int2",
  boolean: "bool",
  decimal: "numeric",
  "double precision": "float8",
  real: "float4",
};

/** A parameter with its Postgres type, so that its text form is read the same wherever it stands. */
export function typed(value: unknown, native: string): Sql {
  return sql`${value}::${sql.id(...(quotableTypes[native] ?? native).split("."))}`;
}

/** Conditions that must all hold; none is `true`. */
export function allOf(conditions: readonly Sql[]): Sql {
  return conditions.length === 0 ? sql`true` : sql`(${sql.join(conditions, sql` and `)})`;
}

/** Conditions of which one must hold; none is `false`. */
export function anyOf(conditions: readonly Sql[]): Sql {
  return conditions.length === 0 ? sql`false` : sql`(${sql.join(conditions, sql` or `)})`;
}

// Postgres takes at most 100 arguments to a function.
const pairsPerCall = 50;

/** A JSON object of the pairs, however many there are. */
export function jsonObject(pairs: readonly (readonly [string, Sql])[]): Sql {
  if (pairs.length <= pairsPerCall) return sql`json_build_object(${joinPairs(pairs)})`;
  const calls = chunksOf(pairs, pairsPerCall).map((chunk) => sql`jsonb_build_object(${joinPairs(chunk)})`);
  return sql`(${sql.join(calls, sql` || `)})`;
}

function joinPairs(pairs: readonly (readonly [string, Sql])[]): Sql {
  return sql.join(pairs.map(([key, value]) => sql`${sql.lit(key)}, ${value}`));
}

function chunksOf<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
