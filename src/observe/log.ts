/** In charge of the log: a closed list of events, one JSON line each, on stderr. */
import { pino } from "pino";
import type { Config } from "../config.js";

/** Everything that is ever logged. Never a token, a claim, a variable of an operation or a row. */
export type LogEvent =
  | { readonly event: "listening"; readonly url: string }
  | { readonly event: "stopping"; readonly reason: string }
  | { readonly event: "stopped" }
  | { readonly event: "error_masked"; readonly requestId: string; readonly error: unknown }
  | { readonly event: "credential_refused"; readonly requestId: string; readonly reason: string }
  | { readonly event: "api_key_not_touched"; readonly error: unknown }
  | { readonly event: "audit_sealed"; readonly count: number; readonly head: string }
  | { readonly event: "audit_not_sealed"; readonly error: unknown }
  | { readonly event: "audit_dropped"; readonly count: number }
  | {
      readonly event: "audit_not_written";
      readonly count: number;
      /** Whether they are given up; else they are tried again. */
      readonly isLost: boolean;
      readonly error: unknown;
    }
  | { readonly event: "connection_lost"; readonly error: unknown }
  | { readonly event: "changes_heard" }
  | { readonly event: "changes_not_heard"; readonly error: unknown }
  | { readonly event: "providers_not_read"; readonly error: unknown }
  | { readonly event: "provider_not_usable"; readonly provider: string; readonly problem: string }
  | { readonly event: "key_set_not_fetched"; readonly url: string; readonly error: unknown };

/** Where events go. */
export interface Log {
  write(event: LogEvent): void;
}

const levels = {
  listening: "info",
  stopping: "info",
  stopped: "info",
  error_masked: "error",
  credential_refused: "info",
  api_key_not_touched: "warn",
  audit_sealed: "info",
  audit_not_sealed: "error",
  audit_dropped: "error",
  audit_not_written: "error",
  connection_lost: "warn",
  changes_heard: "info",
  changes_not_heard: "warn",
  providers_not_read: "error",
  provider_not_usable: "warn",
  key_set_not_fetched: "warn",
} as const satisfies Record<LogEvent["event"], "info" | "warn" | "error">;

/** A log at the configured level. */
export function createLog(config: Pick<Config, "logLevel">): Log {
  const options = { level: config.logLevel, serializers: { error: describeError } };
  const logger = pino(options, pino.destination({ dest: 2, sync: true }));
  return { write: (event) => logger[levels[event.event]](event) };
}

// Not pino's own: that one would also print what a database error carries of the row (detail, where, the statement).
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = "code" in error ? { code: error.code } : {};
  const cause = error.cause === undefined ? {} : { cause: describeError(error.cause) };
  return { type: error.name, message: error.message, ...code, stack: error.stack, ...cause };
}

/** A log that keeps nothing. */
export const silentLog: Log = { write: () => undefined };
