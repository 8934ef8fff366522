/** In charge of filters: what a client asks of a row, as conditions on values he may see. */
import { sql } from "kysely";
import { GatewayError } from "../../errors.js";
import { uuidOf } from "../global-id.js";
import { type Column, idColumn, type Link, type Resource } from "../resource.js";
import { modelBehind } from "../resources.js";
import { comparable } from "./guard.js";
import { allOf, anyOf, type Source, type Sql, typed } from "./sql.js";

/** A filter as it comes out of GraphQL: conditions by field, and `and`, `or`, `not`. */
export type FilterInput = Readonly<Record<string, unknown>>;

const mostConditions = 100;

/** The condition a filter stands for; none asked is `true`. BAD_USER_INPUT for null in place of a value, and for too many. */
export function matches(resource: Resource, filter: FilterInput | null | undefined, row: Source): Sql {
  return new FilterCompiler(resource, row).filter(filter ?? {});
}

class FilterCompiler {
  readonly #resource: Resource;
  readonly #row: Source;
  #conditions = 0;

  constructor(resource: Resource, row: Source) {
    this.#resource = resource;
    this.#row = row;
  }

  filter(filter: FilterInput): Sql {
    this.#count();
    return allOf(Object.entries(filter).map(([key, asked]) => this.#entry(key, present(asked))));
  }

  // Filters count as conditions, so that neither their number nor their depth has no end.
  #count(): void {
    this.#conditions += 1;
    if (this.#conditions > mostConditions) throw badInput(`A filter has at most ${mostConditions} conditions.`);
  }

  #entry(key: string, asked: unknown): Sql {
    if (key === "and") return allOf(listOf(asked).map((one) => this.filter(one)));
    if (key === "or") return anyOf(listOf(asked).map((one) => this.filter(one)));
    // A comparison with null is neither true nor false; its opposite must be true all the same.
    if (key === "not") return sql`(${this.filter(asked as FilterInput)}) is not true`;
    return allOf(
      Object.entries(asked as FilterInput).map(([operator, value]) => this.#condition(key, operator, present(value))),
    );
  }

  #condition(field: string, operator: string, value: unknown): Sql {
    this.#count();
    const { columns, links } = this.#resource;
    const column = columns.get(field);
    if (column !== undefined) return columnCondition(this.#resource, column, { operator, value, row: this.#row });
    const link = links.get(field);
    if (link === undefined) throw badInput("Not a field to filter by.");
    return linkCondition(link, { operator, value, row: this.#row });
  }
}

interface Asked {
  readonly operator: string;
  readonly value: unknown;
  readonly row: Source;
}

function columnCondition(resource: Resource, column: Column, { operator, value, row }: Asked): Sql {
  const toText = column.name === "id" ? (id: unknown) => uuidOf(resource.name, String(id)) : (one: unknown) => one;
  const native = column.isEnum ? "text" : column.native;
  return compare(comparable(resource, column, row), { operator, value: mapped(value, toText), native });
}

function linkCondition(link: Link, { operator, value, row }: Asked): Sql {
  const ids = mapped(value, (id) => uuidOf(modelBehind(link.model), String(id)));
  return compare(row(idColumn(link)), { operator, value: ids, native: "uuid" });
}

function compare(
  column: Sql,
  { operator, value, native }: { readonly operator: string; readonly value: unknown; readonly native: string },
): Sql {
  switch (operator) {
    case "isNull":
      return value === true ? sql`${column} is null` : sql`${column} is not null`;
    case "in":
      return sql`${column} = any(${typed(value, native)}[])`;
    case "eq":
      return sql`${column} = ${typed(value, native)}`;
    case "ne":
      return sql`${column} is distinct from ${typed(value, native)}`;
    case "gt":
      return sql`${column} > ${typed(value, native)}`;
    case "gte":
      return sql`${column} >= ${typed(value, native)}`;
    case "lt":
      return sql`${column} < ${typed(value, native)}`;
    case "lte":
      return sql`${column} <= ${typed(value, native)}`;
    case "contains":
      return sql`strpos(${asText(column, native)}, ${typed(value, "text")}) > 0`;
    case "startsWith":
      return sql`starts_with(${asText(column, native)}, ${typed(value, "text")})`;
    default:
      throw badInput("Not a comparison.");
  }
}

// A uuid or an address is told as text as well, and is none.
function asText(column: Sql, native: string): Sql {
  return native === "text" ? column : sql`${column}::text`;
}

function mapped(value: unknown, map: (one: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => map(present(one)));
  return typeof value === "boolean" ? value : map(value);
}

// Left out, a null would widen the answer without a word.
function present(value: unknown): unknown {
  if (value === null) throw badInput("A filter compares with values. For no value write isNull: true.");
  return value;
}

function listOf(value: unknown): readonly FilterInput[] {
  return (Array.isArray(value) ? value : [value]).map((one) => present(one) as FilterInput);
}

function badInput(message: string): GatewayError {
  return new GatewayError("BAD_USER_INPUT", message);
}
