/** In charge of what a GraphQL field stands for in SQL: the machine reads it from the field, wherever the field is asked. */
import type { GraphQLField } from "graphql";
import type { Resource } from "../resource.js";
import type { SelectedField } from "./selection.js";
import type { Source, Sql } from "./sql.js";

/** The condition under which a row of another table belongs to this one. */
export type Match = (child: Source, parent: Source) => Sql;

/** A value of the row itself. */
export interface ValuePlan {
  readonly kind: "value";
  readonly expression: (row: Source) => Sql;
  /** True when a function of `iam` is asked for it, row by row: that costs as much as a hundred values. */
  readonly isChecked?: boolean;
}

/** A value that only some readers of the row may read: it arrives wrapped, and absent where the guard denies. */
export interface GuardedPlan {
  readonly kind: "guarded";
  /** The key it arrives under, whatever it was called in the question. */
  readonly key: string;
  readonly guard: (row: Source) => Sql;
  readonly expression: (row: Source) => Sql;
}

/** At most one row of a resource. */
export interface OnePlan {
  readonly kind: "one";
  readonly resource: Resource;
  readonly match: Match;
}

/** A page of rows of a resource; without `match`, of all of them. */
export interface ManyPlan {
  readonly kind: "many";
  readonly resource: Resource;
  readonly match?: Match;
}

/** What the fields of a part find by name, besides the row's own columns. */
export type Values = Readonly<Record<string, Sql>>;

/** An object made of the row itself. */
export interface PartPlan {
  readonly kind: "part";
  readonly values: (row: Source, args: SelectedField["args"]) => Values;
  /** True when each value is to be computed once for a row, however often it is used. */
  readonly isComputedOnce: boolean;
  /** True when a function of `iam` is asked for it, row by row. */
  readonly isChecked?: boolean;
}

/** A list of objects made of the row itself, each value computed once. */
export interface PartsPlan {
  readonly kind: "parts";
  readonly values: (row: Source) => readonly Values[];
}

/** What a field compiles to. A field without a plan is answered by its own resolver. */
export type FieldPlan = ValuePlan | GuardedPlan | OnePlan | ManyPlan | PartPlan | PartsPlan;

/** The plan a field carries in `extensions.plan`. */
export function planOf(field: GraphQLField<unknown, unknown>): FieldPlan | undefined {
  return field.extensions["plan"] as FieldPlan | undefined;
}

/** Puts a plan where `planOf` finds it: `extensions: carry({ kind: "one", … })`. */
export function carry(plan: FieldPlan): { readonly plan: FieldPlan } {
  return { plan };
}
