/** In charge of calling the functions of iam: they alone write authority, and hold every check of it. */
import { sql } from "kysely";
import type { Session } from "../database/session.js";
import { toStatement, typed } from "../protect/read/sql.js";

/** An argument: a value, or a value with its Postgres type where that is not text. */
export type FunctionArgument =
  | string
  | null
  | undefined
  | { readonly value: unknown; readonly type: "timestamptz" | "boolean" };

/** Calls `iam.<name>` with named arguments and answers what it returns. What is null or left out keeps the function's default. */
export async function callFunction<Result = string>(
  session: Session,
  name: string,
  given: Readonly<Record<string, FunctionArgument>>,
): Promise<Result> {
  const parameters = Object.entries(given).flatMap(([argument, value]) => {
    const parameter = toParameter(value);
    return parameter ? [sql`${sql.id(argument)} => ${parameter}`] : [];
  });
  const call = sql`select ${sql.id("iam", name)}(${sql.join(parameters)}) as result`;
  const [row] = await session.run<{ result: Result }>(toStatement(call));
  if (row === undefined) throw new TypeError(`iam.${name} answered nothing.`);
  return row.result;
}

/** A moment as an argument. */
export function moment(value: string | null | undefined): FunctionArgument {
  return { value, type: "timestamptz" };
}

/** A truth value as an argument. */
export function truth(value: boolean | null | undefined): FunctionArgument {
  return { value, type: "boolean" };
}

function toParameter(argument: FunctionArgument) {
  const { value, type } =
    typeof argument === "object" && argument !== null ? argument : { value: argument, type: "text" };
  return value === null || value === undefined ? undefined : typed(value, type);
}
