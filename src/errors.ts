/** In charge of every error the gateway can give: its code, its HTTP status and, where the permission model has one, its reason number. */
import { GraphQLError } from "graphql";

/** Every `extensions.code` a client can meet, with the HTTP status it stands for. A closed list: clients may switch over it. */
export const errorStatus = {
  BAD_USER_INPUT: 400,
  GRAPHQL_PARSE_FAILED: 400,
  GRAPHQL_VALIDATION_FAILED: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  RATE_LIMITED: 429,
  INTERNAL_SERVER_ERROR: 500,
  UNAVAILABLE: 503,
  TIMEOUT: 503,
} as const;

/** One of the codes above. */
export type ErrorCode = keyof typeof errorStatus;

/** What a GatewayError may carry besides its code and its text. */
export interface GatewayErrorOptions {
  /** The permission model's number (52103: the user does not exist), or a fixed word where it has none (`TOKEN_EXPIRED`). */
  readonly reason?: number | string | undefined;
  /** More data for the client, e.g. `{ requires: "todos.update" }`. Never the text of a database error. */
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
  /** What happened underneath: for the log, never for the client. */
  readonly cause?: unknown;
}

/** An error that is meant for the client: its text and its extensions reach him as they are, everything else is masked. */
export class GatewayError extends GraphQLError {
  override readonly name = "GatewayError";
  readonly code: ErrorCode;
  readonly reason: number | string | undefined;
  override readonly cause: unknown;

  constructor(code: ErrorCode, message: string, options: GatewayErrorOptions = {}) {
    const { reason, extensions, cause } = options;
    super(message, {
      extensions: {
        ...extensions,
        code,
        ...(reason === undefined ? {} : { reason }),
        http: { status: errorStatus[code], ...(isAnswerOfAnOperation(code) ? { spec: true } : {}) },
      },
    });
    this.code = code;
    this.reason = reason;
    this.cause = cause;
  }
}

/** What is meant for the client stays what it is; everything else is masked, and carried as the cause. */
export function asGatewayError(error: unknown): GatewayError {
  return error instanceof GatewayError
    ? error
    : new GatewayError("INTERNAL_SERVER_ERROR", "Internal server error.", { cause: error });
}

/** The gateway refuses to start: the message says what is wrong, `mend` what to do about it. */
export class StartupError extends Error {
  override readonly name = "StartupError";
  readonly mend: string;

  constructor(message: string, mend: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.mend = mend;
  }
}

// Yoga's `spec` flag: such an error is a well-formed answer, so plain `application/json` keeps its 200.
function isAnswerOfAnOperation(code: ErrorCode): boolean {
  return code === "BAD_USER_INPUT" || code === "FORBIDDEN" || code === "NOT_FOUND" || code === "CONFLICT";
}
