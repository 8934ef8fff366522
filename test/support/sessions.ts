/** In charge of short ways to open sessions for the callers of a test. */
import type { Caller } from "../../src/caller.js";
import type { OpenedSession, SessionOptions, Sessions, Statement } from "../../src/database/session.js";

/** A caller with a token of that subject. */
export function callerNamed(subject: string): Caller {
  return { kind: "token", issuer: "https://issuer.test", subject, tenant: null, actAs: null, expiresAt: 4_102_444_800 };
}

/** A statement from a template: `sql("select $1", 1)`. */
export function sql(text: string, ...parameters: readonly unknown[]): Statement {
  return { sql: text, parameters };
}

/** Opens a session of each form for a subject. */
export function openers(sessions: Sessions) {
  const open = (subject: string, options: Partial<SessionOptions>): OpenedSession =>
    sessions.open(callerNamed(subject), {
      mode: "read",
      isSingleStatement: false,
      changesAuthority: false,
      requestId: "test",
      ...options,
    });
  return {
    single: (subject: string) => open(subject, { isSingleStatement: true }),
    read: (subject: string) => open(subject, {}),
    write: (subject: string, options: Partial<SessionOptions> = {}) => open(subject, { ...options, mode: "write" }),
  };
}

/** What a promise rejects with, as far as tests look at it. */
export async function failureOf(promise: Promise<unknown>): Promise<Record<string, unknown>> {
  const error: unknown = await promise.then(
    () => new TypeError("It did not reject."),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) return { error };
  const extensions = "extensions" in error ? (error.extensions as Record<string, unknown>) : {};
  return { ...extensions, message: error.message, cause: error.cause };
}
