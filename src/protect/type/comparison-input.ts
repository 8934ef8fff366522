/** In charge of comparisons: what can be asked of a value of one type. */
import { builder } from "../../builder/builder.js";
import type { FilterInput } from "../read/filter.js";
import type { Column } from "../resource.js";
import { leafType } from "./leaf-type.js";

type ComparisonType = ReturnType<typeof builder.inputRef<FilterInput>>;
const comparisonTypes = new Map<string, ComparisonType>();

/** The operators in words. All compare byte for byte: upper and lower case differ. */
const operators = {
  eq: "Equal to this.",
  ne: "Not equal to this; an empty value is not equal to anything.",
  in: "Equal to one of these.",
  gt: "Greater than this.",
  gte: "Greater than or equal to this.",
  lt: "Less than this.",
  lte: "Less than or equal to this.",
  contains: "Has this text in it, in the same case.",
  startsWith: "Begins with this text, in the same case.",
} as const;

type Operator = keyof typeof operators;

const equality: readonly Operator[] = ["eq", "ne", "in"];
const order: readonly Operator[] = ["gt", "gte", "lt", "lte"];
const text: readonly Operator[] = ["contains", "startsWith"];

/** What is known of the value that is compared: a column, or only that it is an id. */
export type Compared = Pick<Column, "type" | "isEnum" | "isId"> | { readonly isId: true };

/** The comparison input of a type, `StringFilter`; made once. */
export function comparisonInput(compared: Compared): ComparisonType {
  const column = "type" in compared ? compared : { type: "String" as const, isEnum: false, isId: true };
  const name = column.isId ? "ID" : column.type;
  const known = comparisonTypes.get(name);
  if (known) return known;
  const type = builder.inputRef<FilterInput>(`${name}Filter`);
  comparisonTypes.set(name, type);
  const leaf = leafType(column);
  type.implement({
    description: `Conditions on a value of type ${name}: all that are given must hold.`,
    fields: (t) => ({
      ...Object.fromEntries(
        operatorsOf(column).map((operator) => [
          operator,
          t.field({ type: operator === "in" ? [leaf] : leaf, description: operators[operator] }),
        ]),
      ),
      isNull: t.boolean({ description: "True: has no value. False: has one." }),
    }),
  });
  return type;
}

function operatorsOf({ type, isEnum, isId }: Pick<Column, "type" | "isEnum" | "isId">): readonly Operator[] {
  if (isId || isEnum || type === "Boolean") return equality;
  return type === "String" ? [...equality, ...order, ...text] : [...equality, ...order];
}
