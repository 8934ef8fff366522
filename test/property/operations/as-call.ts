/** In charge of a try as SQL: the function of iam, with its arguments by name. */
import type { Statement } from "../../../src/database/session.js";
import type { Operation } from "./operation.js";

/** The call. */
export function asCall({ name, args }: Operation): Statement {
  const given = Object.entries(args).filter(([, value]) => value !== undefined);
  const list = given.map(([key], n) => `"${key}" => $${n + 1}`).join(", ");
  return { sql: `select * from iam.${name}(${list})`, parameters: given.map(([, value]) => parameterOf(value)) };
}

function parameterOf(value: unknown): unknown {
  return typeof value === "object" && !Array.isArray(value) ? JSON.stringify(value) : value;
}
