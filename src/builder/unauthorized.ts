/** In charge of the error of a field whose scopes deny: which field, and what it requires. */
import { type ExecutionResult, GraphQLError, type GraphQLResolveInfo } from "graphql";
import { GatewayError } from "../errors.js";
import type { Context } from "./context.js";
import { coordinateOf, fieldExtensions } from "./field-extensions.js";

/** How many denied fields an answer tells of. */
export const mostDenials = 1_000;

const denials = new WeakMap<Context, number>();

// With a path of its own: the executor locates every other error anew, and a hundred thousand of them take it a minute.
const oneTooMany = new GraphQLError("One denied field too many.", { path: [] });

/** What a field whose scopes deny fails with. Beyond `mostDenials` it is always the same: the answer is thrown away. */
export function denied(context: Context, info: GraphQLResolveInfo): GraphQLError {
  const count = (denials.get(context) ?? 0) + 1;
  denials.set(context, count);
  return count > mostDenials ? oneTooMany : unauthorized(info);
}

/** The result of an operation, or one error in its place where too many of its fields were denied. */
export function boundDenials(result: ExecutionResult): ExecutionResult {
  if ((result.errors?.length ?? 0) <= mostDenials) return result;
  const message = `More than ${mostDenials} fields of the answer are denied. Ask for fewer.`;
  return { data: null, errors: [new GatewayError("FORBIDDEN", message, { reason: "TOO_MANY" })] };
}

/** FORBIDDEN, with the field's coordinate and the feature (or the scope) that was missing. */
export function unauthorized(info: GraphQLResolveInfo): GatewayError {
  const coordinate = coordinateOf(info);
  const field = info.parentType.getFields()[info.fieldName];
  const requires = fieldExtensions(field).requires ?? "authenticated";
  return forbidden(coordinate, requires);
}

/** The one FORBIDDEN: something visible that the caller may not touch. */
export function forbidden(coordinate: string, requires: string): GatewayError {
  return new GatewayError("FORBIDDEN", `Not allowed: ${coordinate} requires ${requires}.`, {
    extensions: { coordinate, requires },
  });
}
