/** In charge of the rows on one side of a cursor, as a condition an index can answer. */
import { sql } from "kysely";
import type { Resource } from "../resource.js";
import type { Position } from "./cursor.js";
import { comparable } from "./guard.js";
import { type OrderTerm, reversed } from "./order.js";
import { allOf, anyOf, type Source, type Sql, typed } from "./sql.js";

/** A place in an ordered list. */
export interface Place {
  readonly resource: Resource;
  readonly terms: readonly OrderTerm[];
  readonly position: Position;
}

/** The rows after a place. */
export function isAfter({ resource, terms, position }: Place, row: Source): Sql {
  const places = terms.map((term, index) => termPlace(resource, term, position[index] ?? null, row));
  if (places.every(({ isNullable, direction }) => !isNullable && direction === places[0]?.direction))
    return rowComparison(places);
  return anyOf(places.map((place, index) => allOf([...places.slice(0, index).map(isEqual), isBeyond(place)])));
}

/** The rows before a place. */
export function isBefore(place: Place, row: Source): Sql {
  return isAfter({ ...place, terms: reversed(place.terms) }, row);
}

/** The row at a place. */
export function isAt({ resource, terms, position }: Place, row: Source): Sql {
  return allOf(terms.map((term, index) => isEqual(termPlace(resource, term, position[index] ?? null, row))));
}

interface TermPlace extends OrderTerm {
  readonly value: Sql;
  /** Null when the row at the place has no value. */
  readonly bound: Sql | null;
}

function termPlace(resource: Resource, term: OrderTerm, bound: string | null, row: Source): TermPlace {
  const { column } = term;
  const value = comparable(resource, column, row);
  return { ...term, value, bound: bound === null ? null : typed(bound, column.isEnum ? "text" : column.native) };
}

// (a, b) < (x, y): the only form for which Postgres walks an index from the place on.
function rowComparison(places: readonly TermPlace[]): Sql {
  const values = sql.join(places.map(({ value }) => value));
  const bounds = sql.join(places.map(({ bound }) => bound));
  return places[0]?.direction === "ASC" ? sql`(${values}) > (${bounds})` : sql`(${values}) < (${bounds})`;
}

function isBeyond({ value, bound, direction, isNullable }: TermPlace): Sql {
  if (direction === "DESC") return bound === null ? sql`${value} is not null` : sql`${value} < ${bound}`;
  if (bound === null) return sql`false`;
  return isNullable ? sql`(${value} > ${bound} or ${value} is null)` : sql`${value} > ${bound}`;
}

function isEqual({ value, bound }: TermPlace): Sql {
  return bound === null ? sql`${value} is null` : sql`${value} = ${bound}`;
}
