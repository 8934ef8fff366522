/** In charge of the filter of a resource: one comparison type per type of column, and `and`, `or`, `not`. */
import { builder } from "../../builder/builder.js";
import type { FilterInput } from "../read/filter.js";
import type { Column, Resource } from "../resource.js";
import { behind, type Resources } from "../resources.js";
import { comparisonInput } from "./comparison-input.js";
import { describe, spoken } from "./describe.js";

type FilterType = ReturnType<typeof builder.inputRef<FilterInput>>;
const filterTypes = new Map<string, FilterType>();

/** The filter input of a resource, `TodoFilter`; made once. */
export function filterInput(resource: Resource, resources: Resources): FilterType {
  const known = filterTypes.get(resource.name);
  if (known) return known;
  const type = builder.inputRef<FilterInput>(`${resource.name}Filter`);
  filterTypes.set(resource.name, type);
  type.implement({
    description: `Which ${spoken(resource.plural)}: all conditions given must hold. On a row where the caller may not read a field, the field counts as empty.`,
    fields: (t) => ({
      and: t.field({ type: [type], description: "All of these must hold." }),
      or: t.field({ type: [type], description: "At least one of these must hold." }),
      not: t.field({ type, description: "This must not hold." }),
      ...Object.fromEntries(
        [...resource.columns.values()]
          .filter(isComparable)
          .map((column) => [
            column.name,
            t.field({ type: comparisonInput(column), description: describe(column.description, column.name) }),
          ]),
      ),
      ...Object.fromEntries(
        toOneLinks(resource, resources).map((name) => [
          name,
          t.field({ type: comparisonInput({ isId: true }), description: `By the id of the ${spoken(name)}.` }),
        ]),
      ),
    }),
  });
  return type;
}

/** True for a column that can be compared: lists and JSON can't. */
export function isComparable({ isList, type }: Column): boolean {
  return !isList && type !== "Json";
}

function toOneLinks({ links }: Resource, resources: Resources): readonly string[] {
  return [...links.values()].filter(({ isList, model }) => !isList && behind(resources, model)).map(({ name }) => name);
}
