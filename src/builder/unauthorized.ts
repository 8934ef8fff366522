/** In charge of the error of a field whose scopes deny: which field, and what it requires. */
import type { GraphQLResolveInfo } from "graphql";
import { GatewayError } from "../errors.js";
import { coordinateOf, fieldExtensions } from "./field-extensions.js";

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
