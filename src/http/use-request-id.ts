/** In charge of the id that names a request in its answer, in the log, in the database session and in the audit. */
import { randomUUID } from "node:crypto";
import type { Plugin } from "graphql-yoga";
import { rememberRequestId, requestIdOf } from "./request-state.js";

const acceptable = /^[A-Za-z0-9._-]{1,64}$/;

/** Takes the header `x-request-id` where it is a plain word, makes an id otherwise, and answers with the same header. */
export function useRequestId(): Plugin {
  return {
    onRequest({ request }) {
      const shown = request.headers.get("x-request-id");
      rememberRequestId(request, shown !== null && acceptable.test(shown) ? shown : randomUUID());
    },
    onResponse({ request, response }) {
      response.headers.set("x-request-id", requestIdOf(request));
    },
  };
}
