/** In charge of what is known of an API key only when its session has ended: that it was used, or was not accepted. */
import type { Plugin } from "graphql-yoga";
import type { Log } from "../observe/log.js";
import { eachResult } from "./each-result.js";
import { callerOf, operationOf, requestIdOf } from "./request-state.js";

/** What it rests on. */
export interface ApiKeyOptions {
  /** Writes down that a key was used. */
  readonly touch: (publicId: string) => Promise<void>;
  readonly log: Log;
  readonly now?: () => number;
}

const touchAgainAfterMillis = 60_000;
const mostRemembered = 10_000;

/** Writes the use of a key down, at most once a minute for each key. Nobody waits for it. A refused key is logged. */
export function useApiKey({ touch, log, now = Date.now }: ApiKeyOptions): Plugin {
  const touched = new Map<string, number>();
  const touchLazily = (publicId: string): void => {
    if (now() - (touched.get(publicId) ?? Number.NEGATIVE_INFINITY) < touchAgainAfterMillis) return;
    if (touched.size >= mostRemembered) touched.clear();
    touched.set(publicId, now());
    touch(publicId).catch((error: unknown) => log.write({ event: "api_key_not_touched", error }));
  };
  return eachResult((args) => {
    const { request } = args.contextValue as { readonly request: Request };
    const caller = callerOf(request);
    const session = operationOf(request)?.session;
    if (caller?.kind !== "apiKey" || session === undefined) return;
    if (session.openedFor !== null) touchLazily(caller.publicId);
    else if (session.refusal?.code === "UNAUTHENTICATED")
      log.write({ event: "credential_refused", requestId: requestIdOf(request), reason: "BAD_API_KEY" });
  });
}
