/**
 * In charge of aggregates in SQL: one pass over the rows that the caller may see. A value that he may not read counts as
 * none, so that no sum, no extreme and no average ever depends on it.
 */
import { sql } from "kysely";
import type { FieldType } from "../../generated/datamodel.js";
import type { Column, Resource } from "../resource.js";
import { askedOf, type Compilation } from "./compilation.js";
import { comparable } from "./guard.js";
import { type SelectedField, selectedFields } from "./selection.js";
import { jsonObject, type Source, type Sql } from "./sql.js";

/** What can be made of a column. */
export const aggregateFunctions = ["sum", "avg", "min", "max"] as const;

/** One of them. */
export type AggregateFunction = (typeof aggregateFunctions)[number];

/** The aggregates of a list, as the statement gives them: by function and field, whatever they were called in the question. */
export interface Aggregates extends Readonly<Partial<Record<AggregateFunction, Readonly<Record<string, unknown>>>>> {
  readonly count?: number;
}

const sums: { readonly [T in FieldType]?: FieldType } = {
  Int: "BigInt",
  BigInt: "Decimal",
  Decimal: "Decimal",
  Float: "Float",
};
const averages: { readonly [T in FieldType]?: FieldType } = {
  Int: "Decimal",
  BigInt: "Decimal",
  Decimal: "Decimal",
  Float: "Float",
};
const numbers = new Set(["smallint", "integer", "bigint", "numeric", "real", "double precision"]);

/** The type of an aggregate of a column, wide enough that nothing is lost; null where it has no such aggregate. */
export function aggregateType(made: AggregateFunction, { type, native, isList, isId }: Column): FieldType | null {
  if (isList || isId) return null;
  if (type === "DateTime") return made === "min" || made === "max" ? type : null;
  if (!numbers.has(native)) return null;
  const types = { sum: sums[type], avg: averages[type], min: type, max: type };
  return types[made] ?? null;
}

/** The aggregates asked of a list, as a JSON object over its rows; `fields` are the places where they were asked. */
export function selectAggregates(
  { operation }: Pick<Compilation, "operation">,
  { resource, fields }: { readonly resource: Resource; readonly fields: readonly SelectedField[] },
  row: Source,
): Sql {
  const asked = new Map<AggregateFunction, Set<string>>();
  for (const field of fields) {
    const { type, nodes } = askedOf(field);
    for (const inner of selectedFields(operation, type, nodes)) addAsked(operation, inner, asked);
  }
  const values = [...asked].map(([made, names]) => [made, selectMade(resource, { made, names }, row)] as const);
  return jsonObject([["count", sql`count(*)`], ...values]);
}

function addAsked(
  operation: Compilation["operation"],
  field: SelectedField,
  asked: Map<AggregateFunction, Set<string>>,
): void {
  const made = aggregateFunctions.find((one) => one === field.definition.name);
  if (made === undefined) return;
  const { type, nodes } = askedOf(field);
  const names = selectedFields(operation, type, nodes).map(({ definition }) => definition.name);
  asked.set(made, new Set([...(asked.get(made) ?? []), ...names]));
}

const functions: { readonly [F in AggregateFunction]: (value: Sql) => Sql } = {
  sum: (value) => sql`sum(${value})`,
  avg: (value) => sql`avg(${value})`,
  min: (value) => sql`min(${value})`,
  max: (value) => sql`max(${value})`,
};

function selectMade(
  resource: Resource,
  { made, names }: { readonly made: AggregateFunction; readonly names: ReadonlySet<string> },
  row: Source,
): Sql {
  const columns = [...resource.columns.values()].filter(({ name }) => names.has(name));
  return jsonObject(
    columns.map((column) => {
      const value = functions[made](comparable(resource, column, row));
      return [column.name, isExact(aggregateType(made, column)) ? sql`${value}::text` : value];
    }),
  );
}

// JSON has no exact decimals and no 64-bit integers: they travel as text.
function isExact(type: FieldType | null): boolean {
  return type === "Decimal" || type === "BigInt";
}
