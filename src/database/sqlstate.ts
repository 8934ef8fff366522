/** In charge of the one table that turns an SQLSTATE into an error of the gateway; message text is never matched. */
import { type ErrorCode, GatewayError } from "../errors.js";

/** What PostgreSQL said, as far as the translation looks at it. */
export interface DatabaseFault {
  /** The five characters of the SQLSTATE. */
  readonly code: string;
  readonly message: string;
  /** For our own errors a JSON object that is passed on as extensions. */
  readonly detail?: string | undefined;
}

/** Where in a session the statement stood: what refuses to open a session is an answer about the caller, not about a row. */
export type Stage = "open" | "data";

interface Translation {
  readonly code: ErrorCode;
  readonly text: string;
  readonly extensions?: Readonly<Record<string, unknown>>;
}

const badInput: Translation = { code: "BAD_USER_INPUT", text: "A value is missing or is not allowed here." };
const forbidden: Translation = { code: "FORBIDDEN", text: "You are not allowed to do this." };
const taken: Translation = { code: "CONFLICT", text: "This conflicts with what is stored." };
const tryAgain: Translation = {
  code: "CONFLICT",
  text: "Somebody else changed this at the same moment. Try again.",
  extensions: { retryable: true },
};
const tooSlow: Translation = { code: "TIMEOUT", text: "The database took too long to answer." };
const unavailable: Translation = { code: "UNAVAILABLE", text: "The database is not available." };
const unforeseen: Translation = { code: "INTERNAL_SERVER_ERROR", text: "Internal server error." };

const translations: Readonly<Record<string, Translation>> = {
  "42501": forbidden,
  "23505": taken,
  "23503": taken,
  "23001": taken,
  "23P01": taken,
  "23514": badInput,
  "23502": badInput,
  "40001": tryAgain,
  "40P01": tryAgain,
  "55P03": tryAgain,
  "57014": tooSlow,
  "57P01": unavailable,
  "57P02": unavailable,
  "57P03": unavailable,
  "57P05": unavailable,
  "25P03": tooSlow,
  "25P04": tooSlow,
};
const translationsByClass: Readonly<Record<string, Translation>> = {
  "08": unavailable,
  "22": badInput,
  "53": unavailable,
};

const raisedBySql: Readonly<Record<string, ErrorCode>> = {
  PT400: "BAD_USER_INPUT",
  PT401: "UNAUTHENTICATED",
  PT403: "FORBIDDEN",
  PT404: "NOT_FOUND",
  PT409: "CONFLICT",
};

const codeOfReason: Readonly<Record<number, ErrorCode>> = {
  ...reasons("CONFLICT", [52101, 52102, 52276]),
  ...reasons("NOT_FOUND", [52103, 52111, 52171, 52177, 52179, 52275, 52277]),
  ...reasons("BAD_USER_INPUT", [52174, 52272, 52273, 52274, 52278]),
  ...reasons("FORBIDDEN", [52104, 52105, 52106, 52107, 52108, 52109, 52110, 52112, 52172, 52173, 52175, 52176, 52178]),
  ...reasons("FORBIDDEN", [52271, 52279, 52280, 52281]),
};

/** Turns whatever a statement failed with into a GatewayError that carries it as its cause; a GatewayError stays what it is. */
export function translateDatabaseError(error: unknown, stage: Stage = "data"): GatewayError {
  if (error instanceof GatewayError) return error;
  const fault = findFault(error);
  if (fault === null) return fromTable(unforeseen, error);
  return translateOwnError(fault, stage, error) ?? fromTable(lookUp(fault.code), error);
}

/** The error that a SQL function has caught and answers as data: an item of a bulk form. */
export function translateCaught(sqlstate: string, message: string): GatewayError {
  const fault = { code: sqlstate, message };
  return translateOwnError(fault, "data", undefined) ?? fromTable(lookUp(sqlstate), undefined);
}

/** The connection could not be had, or was lost: 503. */
export function databaseUnavailable(cause: unknown, extensions?: Readonly<Record<string, unknown>>): GatewayError {
  return new GatewayError(unavailable.code, unavailable.text, { cause, extensions });
}

/** The database did not answer in time: 503. */
export function databaseTooSlow(cause: unknown): GatewayError {
  return new GatewayError(tooSlow.code, tooSlow.text, { cause });
}

/** The SQLSTATE, message and detail of an error of `pg`, null where it is none. */
function findFault(error: unknown): DatabaseFault | null {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string" || error.code.length !== 5)
    return null;
  const detail = "detail" in error && typeof error.detail === "string" ? error.detail : undefined;
  return { code: error.code, message: error.message, detail };
}

// PTxxx and the 52xxx of the permission model are raised by our own functions with fixed texts, so they may pass.
function translateOwnError(fault: DatabaseFault, stage: Stage, cause: unknown): GatewayError | null {
  const reason = /^52\d{3}$/.test(fault.code) ? Number(fault.code) : undefined;
  const code = raisedBySql[fault.code] ?? (reason === undefined ? undefined : codeOfReason[reason]);
  if (code === undefined) return null;
  const answered = stage === "open" && reason !== undefined ? "FORBIDDEN" : code;
  return new GatewayError(answered, fault.message, { reason, extensions: parseDetail(fault.detail), cause });
}

function lookUp(sqlstate: string): Translation {
  return translations[sqlstate] ?? translationsByClass[sqlstate.slice(0, 2)] ?? unforeseen;
}

function fromTable(translation: Translation, cause: unknown): GatewayError {
  return new GatewayError(translation.code, translation.text, { extensions: translation.extensions, cause });
}

function parseDetail(detail: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (detail === undefined || !detail.startsWith("{")) return undefined;
  try {
    return JSON.parse(detail) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}

function reasons(code: ErrorCode, numbers: readonly number[]): Record<number, ErrorCode> {
  return Object.fromEntries(numbers.map((number) => [number, code]));
}
