/** In charge of the compiler: a selection on a type becomes one JSON expression, with everything nested below it. */
import { sql } from "kysely";
import type { Resource } from "../resource.js";
import { type AskedType, accessPath, askedOf, type Compilation, tableOf } from "./compilation.js";
import { type GuardedPlan, type Match, planOf } from "./field-plan.js";
import { selectPage } from "./select-page.js";
import { type Operation, type SelectedField, selectedFields } from "./selection.js";
import { allOf, jsonObject, rowSource, type Source, type Sql } from "./sql.js";

/** Begins a statement. */
export function compilationOf(operation: Operation): Compilation {
  let tables = 0;
  const compilation: Compilation = {
    operation,
    nextAlias: () => `t${tables++}`,
    selectObject: (asked, row) => selectObject(compilation, asked, row),
  };
  return compilation;
}

function selectObject(compilation: Compilation, { type, nodes }: AskedType, row: Source): Sql {
  // By key: a guarded column that was asked under two names is read once.
  const pairs = new Map<string, Sql>();
  for (const field of selectedFields(compilation.operation, type, nodes)) {
    const pair = selectField(compilation, field, row);
    if (pair) pairs.set(...pair);
  }
  return jsonObject([...pairs]);
}

/** One asked field on a row, with the key it arrives under; undefined for a field that is answered by its own resolver. */
export function selectField(compilation: Compilation, field: SelectedField, row: Source): [string, Sql] | undefined {
  const plan = planOf(field.definition);
  switch (plan?.kind) {
    case undefined:
      return undefined;
    case "value":
      return [field.key, plan.expression(row)];
    case "guarded":
      return [plan.key, selectGuarded(plan, row)];
    case "one":
      return [field.key, selectOne(compilation, { ...plan, parent: row, ...askedOf(field) })];
    case "many":
      return [field.key, selectPage(compilation, { ...plan, parent: row, ...askedOf(field), args: field.args })];
  }
}

// Wrapped, so that a value that is null can be told from one that is withheld, with the guard judged once.
function selectGuarded({ guard, expression }: GuardedPlan, row: Source): Sql {
  return sql`case when ${guard(row)} then json_build_array(${expression(row)}) end`;
}

/** At most one row of a resource below a parent. */
export interface OneQuery extends AskedType {
  readonly resource: Resource;
  readonly match: Match;
  readonly parent: Source;
}

/** A row of another table as a sub-select; null when there is none that the caller may see. */
export function selectOne(compilation: Compilation, { resource, match, parent, ...asked }: OneQuery): Sql {
  const alias = compilation.nextAlias();
  const row = rowSource(alias);
  const object = compilation.selectObject(asked, row);
  return sql`(select ${object} from ${tableOf(resource, alias)} where ${allOf([match(row, parent), ...accessPath(resource, row)])})`;
}
