/** In charge of what leaves the gateway when something went wrong: our own errors as they are, everything else masked and logged once. */
import { type ExecutionResult, GraphQLError } from "graphql";
import type { Plugin } from "graphql-yoga";
import { type ErrorCode, errorStatus, GatewayError } from "../errors.js";
import type { Log } from "../observe/log.js";
import { requestIdOf } from "./request-state.js";

/** What the masking depends on. */
export interface MaskingOptions {
  readonly log: Log;
  /** "Did you mean …" tells the names of fields: not in production. */
  readonly isProduction: boolean;
}

/** Rewrites every error of every answer, and gives the answer its HTTP status. */
export function useMaskedErrors(options: MaskingOptions): Plugin {
  return {
    onResultProcess({ request, result, setResult }) {
      if (isSingleResult(result)) setResult(maskResult(result, request, options));
    },
    onSubscribe({ args }) {
      const { request } = args.contextValue as { readonly request: Request };
      return {
        onSubscribeResult: () => ({
          onNext: ({ result, setResult }) => setResult(maskResult(result, request, options)),
        }),
      };
    },
  };
}

function maskResult(result: ExecutionResult, request: Request, options: MaskingOptions): ExecutionResult {
  if (result.errors === undefined) return result;
  const masking = { ...options, requestId: requestIdOf(request), alreadyLogged: new Set<unknown>() };
  return withStatus({ ...result, errors: result.errors.map((error) => maskError(error, masking)) });
}

function isSingleResult(result: unknown): result is ExecutionResult {
  return typeof result === "object" && result !== null && !Array.isArray(result) && !(Symbol.asyncIterator in result);
}

interface Masking extends MaskingOptions {
  readonly requestId: string;
  /** What one cause did to ten fields is one line in the log. */
  readonly alreadyLogged: Set<unknown>;
}

function maskError(error: GraphQLError, options: Masking): GraphQLError {
  const own = findGatewayError(error);
  if (own !== null) {
    if (own.code === "INTERNAL_SERVER_ERROR") return internal(error, options);
    return rewrite(error, own.message, {
      ...own.extensions,
      ...(isLimit(own) ? { http: { status: errorStatus[own.code] } } : {}),
    });
  }
  if (!isOfGraphQL(error)) return internal(error, options);
  const message = options.isProduction ? error.message.replace(/ ?Did you mean .*$/s, "") : error.message;
  const code = codeOf(error);
  // Yoga's `spec` flag: a document that is not valid is a well-formed request, so plain `application/json` keeps its 200.
  return rewrite(error, message, { code, http: { status: errorStatus[code], spec: true } });
}

// Yoga marks whatever parsing throws as an answer that plain JSON gets with 200; what is beyond a limit is refused in any form.
function isLimit({ code }: GatewayError): boolean {
  return code === "GRAPHQL_PARSE_FAILED" || code === "GRAPHQL_VALIDATION_FAILED";
}

// Execution wraps what a resolver threw, once per place it passes.
function findGatewayError(error: unknown): GatewayError | null {
  if (error instanceof GatewayError) return error;
  return error instanceof GraphQLError && error.originalError !== undefined
    ? findGatewayError(error.originalError)
    : null;
}

/**
 * Whether the GraphQL implementation itself made this error: syntax, validation, a variable or an argument of the wrong
 * type. Such an error belongs to no place in the answer, or knew its place in the document before execution located it.
 */
function isOfGraphQL(error: GraphQLError): boolean {
  const origin = error.originalError;
  if (origin === undefined) return error.path === undefined;
  return (
    origin instanceof GraphQLError && (origin.nodes !== undefined || error.path === undefined) && isOfGraphQL(origin)
  );
}

function codeOf(error: GraphQLError): ErrorCode {
  const { code } = error.extensions;
  return code === "GRAPHQL_PARSE_FAILED" || code === "GRAPHQL_VALIDATION_FAILED" ? code : "BAD_USER_INPUT";
}

function internal(error: GraphQLError, { log, requestId, alreadyLogged }: Masking): GraphQLError {
  const cause = rootCauseOf(error);
  if (!alreadyLogged.has(cause)) log.write({ event: "error_masked", requestId, error: error.originalError ?? error });
  alreadyLogged.add(cause);
  const masked = new GatewayError("INTERNAL_SERVER_ERROR", "Internal server error.", { extensions: { requestId } });
  return rewrite(error, masked.message, masked.extensions);
}

function rootCauseOf(error: unknown): unknown {
  const inner =
    error instanceof GraphQLError
      ? (error.originalError ?? error.cause)
      : error instanceof Error
        ? error.cause
        : undefined;
  return inner === undefined ? error : rootCauseOf(inner);
}

function rewrite(error: GraphQLError, message: string, extensions: Readonly<Record<string, unknown>>): GraphQLError {
  return new GraphQLError(message, {
    nodes: error.nodes ?? null,
    source: error.source,
    positions: error.positions,
    path: error.path,
    extensions,
  });
}

/** With data beside them errors don't make the answer a failure; without, the gravest decides. A 401 is one either way. */
function withStatus(result: ExecutionResult): ExecutionResult {
  const errors = result.errors ?? [];
  const isUnauthenticated = errors.some((error) => error.extensions["code"] === "UNAUTHENTICATED");
  const isPartial = result.data !== null && result.data !== undefined;
  const given = httpOf(result.extensions);
  const http = {
    ...given,
    ...(isUnauthenticated ? { status: 401 } : isPartial ? { status: 200 } : {}),
    headers: { ...headersFor(errors), ...given.headers },
  };
  return {
    ...result,
    errors: isPartial ? errors.map(withoutStatus) : errors,
    extensions: { ...result.extensions, http },
  };
}

function headersFor(errors: readonly GraphQLError[]): Readonly<Record<string, string>> {
  const codes = errors.map((error) => error.extensions["code"]);
  return {
    "cache-control": "no-store",
    ...(codes.includes("UNAUTHENTICATED") ? { "www-authenticate": "Bearer" } : {}),
    ...(codes.includes("METHOD_NOT_ALLOWED") ? { allow: "POST" } : {}),
  };
}

function httpOf(extensions: ExecutionResult["extensions"]): {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
} {
  const http = extensions?.["http"];
  return typeof http === "object" && http !== null ? http : {};
}

function withoutStatus(error: GraphQLError): GraphQLError {
  const { http: _, ...extensions } = error.extensions;
  return rewrite(error, error.message, extensions);
}
