/** In charge of the order of a list: total, so that a cursor is one place in it. Null is greater than every value, as Postgres has it. */
import { sql } from "kysely";
import { GatewayError } from "../../errors.js";
import type { Column, Resource } from "../resource.js";
import { comparable } from "./guard.js";
import type { Source, Sql } from "./sql.js";

/** The two ways to sort. */
export type Direction = "ASC" | "DESC";

/** One term of `order by`. */
export interface OrderTerm {
  readonly column: Column;
  readonly direction: Direction;
  /** True when a row may have no value here, or none that this caller sees. */
  readonly isNullable: boolean;
}

/** What a client may ask: one column per entry. */
export type OrderInput = Readonly<Record<string, Direction | null | undefined>>;

/** The terms asked, made total by the id; by default the newest first. */
export function orderTerms(resource: Resource, asked: readonly OrderInput[] | null | undefined): readonly OrderTerm[] {
  const wanted = asked?.length ? asked.flatMap(namedTerms) : defaultOrder(resource);
  const last = wanted.at(-1)?.[1] ?? "ASC";
  const distinct = new Map<string, Direction>();
  for (const [field, direction] of [...wanted, ["id", last] as const]) {
    if (!distinct.has(field)) distinct.set(field, direction);
  }
  return [...distinct].map(([field, direction]) => orderTerm(resource, field, direction));
}

function namedTerms(entry: OrderInput): readonly (readonly [string, Direction])[] {
  return Object.entries(entry).flatMap(([field, direction]) => (direction ? [[field, direction]] : []));
}

function defaultOrder({ columns }: Resource): readonly (readonly [string, Direction])[] {
  return columns.has("createdAt") ? [["createdAt", "DESC"]] : [["id", "ASC"]];
}

function orderTerm({ columns }: Resource, field: string, direction: Direction): OrderTerm {
  const column = columns.get(field);
  if (column === undefined) throw new GatewayError("BAD_USER_INPUT", "Not a field to order by.");
  return { column, direction, isNullable: !column.isRequired || column.rule.read !== null };
}

/** The same order from the other end. */
export function reversed(terms: readonly OrderTerm[]): readonly OrderTerm[] {
  return terms.map((term) => ({ ...term, direction: term.direction === "ASC" ? "DESC" : "ASC" }));
}

/** The `order by` list. */
export function orderBy(resource: Resource, terms: readonly OrderTerm[], row: Source): Sql {
  return sql.join(
    terms.map(({ column, direction }) => {
      const value = comparable(resource, column, row);
      return direction === "ASC" ? sql`${value} asc` : sql`${value} desc`;
    }),
  );
}
