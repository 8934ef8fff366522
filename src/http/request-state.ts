/** In charge of what the stages of one request tell each other: its id, and the caller it was found to come from. */
import type { Caller } from "../caller.js";

const ids = new WeakMap<Request, string>();
const callers = new WeakMap<Request, Caller>();

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
