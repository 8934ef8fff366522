/** In charge of the compiler: a selection on a type becomes one JSON expression, with everything nested below it. */
import { sql } from "kysely";
import type { Session } from "../../database/session.js";
import { GatewayError } from "../../errors.js";
import type { Resource } from "../resource.js";
import { type AskedType, askedOf, type Compilation, tableOf } from "./compilation.js";
import { type FieldPlan, type GuardedPlan, type Match, planOf, type Values } from "./field-plan.js";
import { selectPage } from "./select-page.js";
import { type Operation, type SelectedField, selectedFields } from "./selection.js";
import { jsonObject, rowSource, type Source, type Sql } from "./sql.js";

/**
 * How much one statement can give at most, all its lists together: lists in lists multiply, and so does each name for a field.
 * Checks cost more than what they answer shows, so all statements of a session share theirs.
 */
export const largestResult = { rows: 25_000, values: 250_000, checks: 1_000 } as const;

const checked = new WeakMap<object, number>();

/** Begins a statement for whoever the session is. */
export function compilationOf(operation: Operation, session: Pick<Session, "isAnonymous">): Compilation {
  let tables = 0;
  const spent = { rows: 0, values: 0, checks: checked.get(session) ?? 0 };
  const spend: Compilation["spend"] = (what, count) => {
    spent[what] += count;
    if (what === "checks") checked.set(session, spent.checks);
    if (spent[what] > largestResult[what])
      throw new GatewayError("BAD_USER_INPUT", `Lists in lists ask for more than ${largestResult[what]} ${what}.`);
  };
  const { isAnonymous } = session;
  return { operation, isAnonymous, nextAlias: () => `t${tables++}`, rowsAbove: 1, spend, selectObject };
}

/** What was asked of a type, as a JSON object on one row. */
export function selectObject(compilation: Compilation, { type, nodes }: AskedType, row: Source): Sql {
  // By key: a guarded column that was asked under two names is read once.
  const pairs = new Map<string, Sql>();
  const fields = selectedFields(compilation.operation, type, nodes);
  compilation.spend("values", compilation.rowsAbove * fields.length);
  for (const field of fields) {
    const pair = selectField(compilation, field, row);
    if (pair) pairs.set(...pair);
  }
  return jsonObject([...pairs]);
}

// Undefined for a field that is answered by its own resolver.
function selectField(compilation: Compilation, field: SelectedField, row: Source): [string, Sql] | undefined {
  const plan = planOf(field.definition);
  if (isChecked(plan)) compilation.spend("checks", compilation.rowsAbove);
  switch (plan?.kind) {
    case undefined:
      return undefined;
    case "value":
      return [field.key, plan.expression(row)];
    case "guarded":
      return [plan.key, selectGuarded(plan, row)];
    case "one":
      if (isClosed(compilation, plan.resource)) return [field.key, sql`null`];
      return [field.key, selectOne(compilation, { ...plan, parent: row, ...askedOf(field) })];
    case "many":
      if (isClosed(compilation, plan.resource)) return [field.key, sql`null`];
      return [field.key, selectPage(compilation, { ...plan, parent: row, ...askedOf(field), args: field.args })];
    case "part": {
      const part = { values: plan.values(row, field.args), row, ...askedOf(field) };
      return [field.key, plan.isComputedOnce ? selectPart(compilation, part) : selectInline(compilation, part)];
    }
    case "parts": {
      const parts = plan.values(row).map((values) => selectPart(compilation, { values, row, ...askedOf(field) }));
      return [field.key, sql`json_build_array(${sql.join(parts)})`];
    }
  }
}

function isChecked(plan: FieldPlan | undefined): boolean {
  return (plan?.kind === "value" || plan?.kind === "part") && plan.isChecked === true;
}

// No row of such a table is for the anonymous; nor is the table itself, which the database denies with an error.
function isClosed({ isAnonymous }: Compilation, { audience }: Resource): boolean {
  return isAnonymous && audience !== "public";
}

// Wrapped, so that a value that is null can be told from one that is withheld, with the guard judged once.
function selectGuarded({ guard, expression }: GuardedPlan, row: Source): Sql {
  return sql`case when ${guard(row)} then json_build_array(${expression(row)}) end`;
}

/** An object made of a row and of values besides. */
export interface PartQuery extends AskedType {
  readonly values: Values;
  readonly row: Source;
}

/** An object whose values are computed once, however often they are used. */
export function selectPart(compilation: Compilation, { values, row, ...asked }: PartQuery): Sql {
  const alias = compilation.nextAlias();
  const object = selectObject(compilation, asked, (column) => (column in values ? sql.id(alias, column) : row(column)));
  const computed = sql.join(Object.entries(values).map(([name, value]) => sql`${value} as ${sql.id(name)}`));
  // Without the offset, Postgres would copy each value to wherever it is used.
  return sql`(select ${object} from (select ${computed} offset 0) as ${sql.id(alias)})`;
}

function selectInline(compilation: Compilation, { values, row, ...asked }: PartQuery): Sql {
  return selectObject(compilation, asked, (column) => values[column] ?? row(column));
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
  const object = selectObject(compilation, asked, row);
  return sql`(select ${object} from ${tableOf(resource, alias)} where ${match(row, parent)})`;
}
