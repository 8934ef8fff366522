/** In charge of the answer to an operation that no session is opened for. */
import type { ExecutionResult } from "graphql";
import { errorStatus, type GatewayError } from "../errors.js";

/** The caller may not be here at all, so one answer for the whole operation, always the same, and 403 even as plain JSON. */
export function refused(refusal: GatewayError): ExecutionResult {
  return { errors: [refusal], extensions: { http: { status: errorStatus[refusal.code] } } };
}
