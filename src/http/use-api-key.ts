/** In charge of what is known of an API key only when its session has ended: that it was used, or was not accepted. */
import type { Plugin } from "graphql-yoga";
import type { AuditTrail } from "../audit/audit-trail.js";
import { auditEvents } from "../audit/events.js";
import { ipAddressOf, userAgentOf } from "../database/settings.js";
import type { Log } from "../observe/log.js";
import { eachResult } from "./each-result.js";
import { callerOf, operationOf, type RunOperation, requestIdOf } from "./request-state.js";

/** What it rests on. */
export interface ApiKeyOptions {
  /** Writes down that a key was used. */
  readonly touch: (publicId: string) => Promise<void>;
  /** Where it is told that one was refused. */
  readonly audit: Pick<AuditTrail, "record">;
  readonly log: Log;
  readonly now?: () => number;
}

const minuteMillis = 60_000;
const mostRemembered = 10_000;
const mostRefusalsAMinute = 60;

/**
 * Writes the use of a key down, and a refusal, each at most once a minute for each key. Nobody waits for it. Every
 * refusal is logged; the audit gets sixty a minute, lest whoever makes keys up drowns what else it has to tell.
 */
export function useApiKey({ touch, audit, log, now = Date.now }: ApiKeyOptions): Plugin {
  const mayTouch = onceAMinute(now);
  const mayTell = onceAMinute(now);
  const mayTellAny = sixtyAMinute(now);
  const touchLazily = (publicId: string): void => {
    if (mayTouch(publicId))
      touch(publicId).catch((error: unknown) => log.write({ event: "api_key_not_touched", error }));
  };
  const tellRefusal = (publicId: string, request: Request, run: RunOperation): void => {
    const requestId = requestIdOf(request);
    log.write({ event: "credential_refused", requestId, reason: "BAD_API_KEY" });
    if (mayTell(publicId) && mayTellAny()) audit.record(refusalOf(publicId, requestId, run));
  };
  return eachResult((args) => {
    const { request } = args.contextValue as { readonly request: Request };
    const caller = callerOf(request);
    const run = operationOf(request);
    if (caller?.kind !== "apiKey" || run === null) return;
    if (run.session.openedFor !== null) touchLazily(caller.publicId);
    else if (run.session.refusal?.code === "UNAUTHENTICATED") tellRefusal(caller.publicId, request, run);
  });
}

// Whether there is such a key, and in which tenant, is for the database to find out when it is written.
function refusalOf(publicId: string, requestId: string, { origin }: RunOperation): Parameters<AuditTrail["record"]>[0] {
  return {
    code: auditEvents.api_key_refused,
    outcome: "denied",
    ...{ tenant_id: null, actor_id: null, user_id: null },
    request_id: requestId,
    ip_address: ipAddressOf(origin),
    user_agent: userAgentOf(origin),
    metadata: { apiKey: publicId },
    created_at: new Date().toISOString(),
  };
}

function onceAMinute(now: () => number): (name: string) => boolean {
  const names = new Map<string, number>();
  return (name) => {
    if (now() - (names.get(name) ?? Number.NEGATIVE_INFINITY) < minuteMillis) return false;
    if (names.size >= mostRemembered) names.clear();
    names.set(name, now());
    return true;
  };
}

function sixtyAMinute(now: () => number): () => boolean {
  let since = Number.NEGATIVE_INFINITY;
  let count = 0;
  return () => {
    if (now() - since >= minuteMillis) [since, count] = [now(), 0];
    count += 1;
    return count <= mostRefusalsAMinute;
  };
}
