/** In charge of what a resolver may touch: the one door from HTTP to the schema. */
import type { Caller, RequestOrigin, TokenExplanation } from "../caller.js";
import type { Session } from "../database/session.js";
import type { Follow } from "./follow.js";

/** One operation, as its resolvers see it. A fresh one is made per operation, so whatever is cached by it ends with it. */
export interface Context {
  readonly caller: Caller;
  /** Everything read or written goes through it: one transaction, opened for this caller at the first statement. */
  readonly session: Session;
  readonly requestId: string;
  readonly request: RequestOrigin;
  /** For fields of Subscription: gives an event whenever there is something new. */
  readonly follow: Follow;
  /** Says what the gateway makes of a token. */
  readonly explainToken: (token: string) => Promise<TokenExplanation>;
}
