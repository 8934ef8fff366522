/** In charge of the statements that open a session: which facts of the caller Postgres is told, in which order. Pure. */
import { isIP } from "node:net";
import type { Caller, RequestOrigin } from "../caller.js";
import type { Statement } from "./pipeline.js";

/** What a session is opened for, besides its caller. */
export interface SessionOptions {
  /** `read` refuses every write; `write` may change rows and is committed or rolled back as a whole. */
  readonly mode: "read" | "write";
  /** The whole operation is expected to be one statement: it needs no BEGIN and no COMMIT. */
  readonly isSingleStatement: boolean;
  /** The operation changes what people may do: it waits for, and keeps out, every other mutation of the tenant. */
  readonly changesAuthority: boolean;
  readonly requestId: string;
  /** Where the request came from, for the events that it leaves in the audit. */
  readonly origin?: RequestOrigin;
}

const longestUserAgent = 512;

/** How long a session may take, in milliseconds. */
export interface SessionLimits {
  readonly statementTimeoutMillis: number;
  readonly lockTimeoutMillis: number;
  readonly idleInTransactionTimeoutMillis: number;
}

/** What Postgres is told of a caller: with the same facts, it is the same caller. What else a credential says was looked at. */
export function factsOf(caller: Caller): ReadonlyArray<readonly [string, string]> {
  const token = caller.kind === "token" ? caller : null;
  const key = caller.kind === "apiKey" ? caller : null;
  return [
    ["app.issuer", token?.issuer ?? ""],
    ["app.subject", token?.subject ?? ""],
    ["app.key_id", key?.publicId ?? ""],
    ["app.key_hash", key?.secretHash ?? ""],
    ["app.tenant", caller.tenant ?? ""],
    ["app.act_as", token?.actAs ?? ""],
  ];
}

/** The session's settings as names and values, in the order in which Postgres is told. All of them end with the transaction. */
export function settingsFor(
  caller: Caller,
  options: SessionOptions,
  limits: SessionLimits,
): ReadonlyArray<readonly [string, string]> {
  return [
    ...factsOf(caller),
    ["app.request_id", options.requestId],
    ["app.ip_address", ipAddressOf(options.origin) ?? ""],
    ["app.user_agent", userAgentOf(options.origin) ?? ""],
    ["app.lock", lockFor(options)],
    ["statement_timeout", String(limits.statementTimeoutMillis)],
    ["lock_timeout", String(limits.lockTimeoutMillis)],
    ["idle_in_transaction_session_timeout", String(limits.idleInTransactionTimeoutMillis)],
    // Prisma's adapter writes and reads timestamps as if the session stood in UTC.
    ["timezone", "UTC"],
    // Under row-level security a statement takes longer to plan than to run; its text alone decides what is a good plan.
    ["plan_cache_mode", "force_generic_plan"],
  ];
}

/** The address as Postgres reads it; null where it is none, so that what a proxy made up never fails a mutation. */
export function ipAddressOf(origin: RequestOrigin | undefined): string | null {
  // Postgres knows no zones: fe80::1%eth0. IPv4 on an IPv6 socket is the same address: ::ffff:10.0.0.1.
  const address = (origin?.ip ?? "").replace(/%.*$/, "").replace(/^::ffff:(?=\d+\.)/i, "");
  return isIP(address) === 0 ? null : address;
}

/** The header as one line of at most 512 characters, whatever was sent; null where nothing is left. */
export function userAgentOf(origin: RequestOrigin | undefined): string | null {
  const line = (origin?.userAgent ?? "").replace(/\p{Cc}+/gu, " ").trim();
  return line.slice(0, longestUserAgent) || null;
}

/**
 * The statements that open a session: [begin], settings, `iam.open_session()`, role. `open_session` answers with one row.
 * @param isExplicit whether the transaction is opened by a BEGIN, or is the implicit one of a single Sync
 */
export function openingStatements(
  settings: ReadonlyArray<readonly [string, string]>,
  caller: Caller,
  form: { readonly mode: "read" | "write"; readonly isExplicit: boolean },
): readonly Statement[] {
  const readOnly: readonly (readonly [string, string])[] = [["transaction_read_only", "on"]];
  return [
    ...(form.isExplicit ? [beginStatements[form.mode]] : []),
    settingsStatement(form.isExplicit ? settings : [...settings, ...readOnly]),
    openSession,
    { sql: "select set_config('role', $1, true)", parameters: [roleOf(caller)] },
  ];
}

/** The role whose policies judge the caller. A delegate in any other is nobody. */
function roleOf(caller: Caller): "web_anon" | "web_user" | "web_delegate" {
  if (caller.kind === "anonymous") return "web_anon";
  return caller.kind === "apiKey" || caller.actAs !== null ? "web_delegate" : "web_user";
}

/** What begins an explicit transaction. */
export const beginStatements = {
  read: { sql: "begin isolation level repeatable read read only", parameters: [] },
  write: { sql: "begin isolation level read committed read write", parameters: [] },
} as const satisfies Record<"read" | "write", Statement>;

/** The statement whose answer is the session's identity. */
export const openSession: Statement = { sql: "select * from iam.open_session()", parameters: [] };

/** The one statement that tells Postgres all of these, until the transaction ends. */
export function settingsStatement(settings: ReadonlyArray<readonly [string, string]>): Statement {
  const calls = settings.map(([name], index) => `set_config('${name}', $${index + 1}, true)`);
  return { sql: `select ${calls.join(", ")}`, parameters: settings.map(([, value]) => value) };
}

function lockFor(options: SessionOptions): "none" | "shared" | "exclusive" {
  if (options.mode === "read") return "none";
  return options.changesAuthority ? "exclusive" : "shared";
}
