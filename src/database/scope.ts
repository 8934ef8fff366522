/** In charge of how far an error reaches: through the whole transaction, or only through the savepoint it happened in. */
import { GatewayError } from "../errors.js";

/** A stretch of a transaction that an error stops: the whole of it, or a savepoint within. */
export interface Scope {
  readonly parent: Scope | null;
  /** The savepoint that is open inside it: until that ends, nothing else runs here. */
  child: Promise<void> | null;
  /** Why nothing can run in it any more. */
  failure: GatewayError | null;
}

/** The error for a statement that a failure of its scope, or of one around it, keeps from running; null when it may run. */
export function findStop(scope: Scope): GatewayError | null {
  for (let at: Scope | null = scope; at !== null; at = at.parent) if (at.failure !== null) return stoppedBy(at.failure);
  return null;
}

/** The error of what comes behind a failed statement: it was not even tried. */
export function stoppedBy(cause: GatewayError): GatewayError {
  return new GatewayError(cause.code, "Stopped by an earlier error of the same operation.", { cause });
}

/** The error of what comes after the end: a programmer's mistake. */
export function sessionIsOver(): GatewayError {
  return new GatewayError("INTERNAL_SERVER_ERROR", "The session is over.");
}
