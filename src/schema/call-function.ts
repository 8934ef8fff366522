/** In charge of calling the functions of iam: they alone write authority, and hold every check of it. */
import { sql } from "kysely";
import type { Session } from "../database/session.js";
import { toStatement, typed } from "../protect/read/sql.js";

/** One argument with its Postgres type. What is null or undefined keeps the function's default. */
export interface FunctionArgument {
  readonly name: string;
  readonly value: unknown;
  readonly type: "text" | "uuid" | "text[]" | "boolean" | "integer" | "timestamptz" | "jsonb";
}

/** Calls `iam.<name>` with named arguments and answers the row that it returns as `result`. */
export async function callFunction<Result = string>(
  session: Session,
  name: string,
  given: readonly FunctionArgument[],
): Promise<Result> {
  const [row] = await session.run<{ result: Result }>(toStatement(sql`select ${functionCall(name, given)} as result`));
  if (row === undefined) throw new TypeError(`iam.${name} answered nothing.`);
  return row.result;
}

/** Calls `iam.<name>` and answers every row of the table that it returns. */
export function callTable<Row extends Record<string, unknown>>(
  session: Session,
  name: string,
  given: readonly FunctionArgument[],
): Promise<readonly Row[]> {
  return session.run<Row>(toStatement(sql`select * from ${functionCall(name, given)}`));
}

function functionCall(name: string, given: readonly FunctionArgument[]) {
  const parameters = given
    .filter(({ value }) => value !== null && value !== undefined)
    .map((argument) => sql`${sql.id(argument.name)} => ${parameterOf(argument)}`);
  return sql`${sql.id("iam", name)}(${sql.join(parameters)})`;
}

function parameterOf({ value, type }: FunctionArgument) {
  return type === "text[]" ? sql`${value}::text[]` : typed(type === "jsonb" ? JSON.stringify(value) : value, type);
}
