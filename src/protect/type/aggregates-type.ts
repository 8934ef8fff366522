/** In charge of the GraphQL types of aggregates: how many rows, and the sum, average, least and greatest of their values. */
import { builder } from "../../builder/builder.js";
import { type AggregateFunction, type Aggregates, aggregateFunctions, aggregateType } from "../read/aggregate.js";
import type { Column, Resource } from "../resource.js";
import { spoken } from "./describe.js";
import { leafType } from "./leaf-type.js";
import { rowScope } from "./row-scope.js";

const words = { sum: "sum", avg: "average", min: "least", max: "greatest" } as const;
const names = { sum: "Sum", avg: "Avg", min: "Min", max: "Max" } as const;

/** The aggregates of a resource's lists, `SaleAggregates`. To be called once. */
export function aggregatesType(resource: Resource) {
  const made = aggregateFunctions.flatMap((one) => {
    const columns = [...resource.columns.values()].filter((column) => aggregateType(one, column) !== null);
    return columns.length === 0 ? [] : [{ name: one, type: valuesType(resource, one, columns) }];
  });
  return builder.objectRef<Aggregates>(`${resource.name}Aggregates`).implement({
    description: `What is true of all ${spoken(resource.plural)} of a list together, whatever page of it is asked. Where the caller may not read a value, it counts as empty.`,
    fields: (t) => ({
      count: t.int({
        nullable: false,
        description: "How many rows there are.",
        authScopes: rowScope,
        resolve: ({ count = 0 }) => count,
      }),
      ...Object.fromEntries(
        made.map(({ name, type }) => [
          name,
          t.field({
            type,
            nullable: false,
            description: `The ${words[name]} of each field's values.`,
            authScopes: rowScope,
            resolve: (all) => all[name] ?? {},
          }),
        ]),
      ),
    }),
  });
}

function valuesType(resource: Resource, made: AggregateFunction, columns: readonly Column[]) {
  const name = `${resource.name}${names[made]}Aggregates`;
  return builder.objectRef<Readonly<Record<string, unknown>>>(name).implement({
    description: `The ${words[made]} of each field's values over all ${spoken(resource.plural)} of a list.`,
    fields: (t) =>
      Object.fromEntries(
        columns.map((column) => [
          column.name,
          t.field({
            type: leafType({ ...column, type: aggregateType(made, column) ?? column.type }),
            nullable: true,
            description: `The ${words[made]} ${spoken(column.name)}. Null when no row has a value that the caller may read.`,
            authScopes: rowScope,
            resolve: (values) => values[column.name],
          }),
        ]),
      ),
  });
}
