/** In charge of what a resolver may touch: the one door from HTTP to the schema. */
import type { Caller } from "../caller.js";
import type { Session } from "../database/session.js";

/** What is known of where a request came from: for the audit, never for a decision. */
export interface RequestOrigin {
  readonly ip: string | null;
  readonly userAgent: string | null;
}

/** One operation, as its resolvers see it. A fresh one is made per operation, so whatever is cached by it ends with it. */
export interface Context {
  readonly caller: Caller;
  /** Everything read or written goes through it: one transaction, opened for this caller at the first statement. */
  readonly session: Session;
  readonly requestId: string;
  readonly request: RequestOrigin;
}
