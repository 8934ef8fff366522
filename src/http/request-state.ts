/** In charge of what the stages of one request tell each other: its id, the caller it was found to come from, and his session. */
import type { Caller, RequestOrigin } from "../caller.js";
import type { OpenedSession } from "../database/session.js";

const ids = new WeakMap<Request, string>();
const callers = new WeakMap<Request, Caller>();
const operations = new WeakMap<Request, RunOperation>();

/** What an operation was run in. */
export interface RunOperation {
  readonly session: Pick<OpenedSession, "refusal" | "openedFor">;
  readonly origin: RequestOrigin;
}

/** Remembers the id of a request. */
export function rememberRequestId(request: Request, id: string): void {
  ids.set(request, id);
}

/** The id of a request; "" before the stage that gives it one. */
export function requestIdOf(request: Request): string {
  return ids.get(request) ?? "";
}

/** Remembers whom a request comes from. */
export function rememberCaller(request: Request, caller: Caller): void {
  callers.set(request, caller);
}

/** Whom a request comes from; null before its credential was looked at. */
export function callerOf(request: Request): Caller | null {
  return callers.get(request) ?? null;
}

/** Remembers what the operation of a request runs in. */
export function rememberOperation(request: Request, operation: RunOperation): void {
  operations.set(request, operation);
}

/** What the operation of a request was run in; null when none was. */
export function operationOf(request: Request): RunOperation | null {
  return operations.get(request) ?? null;
}
