/** In charge of deciding whom a request comes from, before a byte of its body is read. */
import type { Plugin } from "graphql-yoga";
import type { Authenticate, ShownCredentials } from "../auth/authenticate.js";
import { CredentialError } from "../auth/credential-error.js";
import type { Log } from "../observe/log.js";
import { rememberCaller, requestIdOf } from "./request-state.js";

/** Authenticates every GraphQL request. A credential that is not accepted ends it here, with 401 and without a database query. */
export function useCaller(authenticate: Authenticate, log: Log): Plugin {
  return {
    async onRequestParse({ request }) {
      try {
        rememberCaller(request, await authenticate(shownIn(request)));
      } catch (error) {
        if (error instanceof CredentialError)
          log.write({ event: "credential_refused", requestId: requestIdOf(request), reason: String(error.reason) });
        throw error;
      }
    },
  };
}

/** What a request shows of who is asking. */
export function shownIn({ headers }: Request): ShownCredentials {
  return {
    authorization: headers.get("authorization"),
    apiKey: headers.get("x-api-key"),
    tenant: headers.get("x-tenant"),
    actAs: headers.get("x-act-as"),
  };
}
