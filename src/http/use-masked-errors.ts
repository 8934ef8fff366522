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
      if (!isSingleResult(result) || result.errors === undefined) return;
      const requestId = requestIdOf(request);
      const errors = result.errors.map((error) => maskError(error, { ...options, requestId }));
      setResult(withStatus({ ...result, errors }));
    },
  };
}

function isSingleResult(result: unknown): result is ExecutionResult {
  return typeof result === "object" && result !== null && !Array.isArray(result) && !(Symbol.asyncIterator in result);
}

function maskError(error: GraphQLError, options: MaskingOptions & { readonly requestId: string }): GraphQLError {
  const own = findGatewayError(error);
  if (own !== null) {
    if (own.code === "INTERNAL_SERVER_ERROR") return internal(error, options);
    return rewrite(error, own.message, own.extensions);
  }
  if (!isOfGraphQL(error)) return internal(error, options);
  const message = options.isProduction ? error.message.replace(/ ?Did you mean [^]*?\?(?=$|\n)/, "") : error.message;
  const code = codeOf(error);
  // Yoga's `spec` flag: a document that is not valid is a well-formed request, so plain `application/json` keeps its 200.
  return rewrite(error, message, { code, http: { status: errorStatus[code], spec: true } });
}

// Execution wraps what a resolver threw, once per place it passes.
function findGatewayError(error: unknown): GatewayError | null {
  if (error instanceof GatewayError) return error;
  return error instanceof GraphQLError && error.originalError !== undefined ? findGatewayError(error.originalError) : null;
}

/**
 * Whether the GraphQL implementation itself made this error: syntax, validation, a variable or an argument of the wrong
 * type. Such an error belongs to no place in the answer, or knew its place in the document before execution located it.
 */
function isOfGraphQL(error: GraphQLError): boolean {
  const origin = error.originalError;
  if (origin === undefined) return error.path === undefined;
  return origin instanceof GraphQLError && (origin.nodes !== undefined || error.path === undefined) && isOfGraphQL(origin);
}

function codeOf(error: GraphQLError): ErrorCode {
  const { code } = error.extensions;
  return code === "GRAPHQL_PARSE_FAILED" || code === "GRAPHQL_VALIDATION_FAILED" ? code : "BAD_USER_INPUT";
}

function internal(error: GraphQLError, { log, requestId }: MaskingOptions & { readonly requestId: string }): GraphQLError {
  log.write({ event: "error_masked", requestId, error: error.originalError ?? error });
  const masked = new GatewayError("INTERNAL_SERVER_ERROR", "Internal server error.", { extensions: { requestId } });
  return rewrite(error, masked.message, masked.extensions);
}

function rewrite(error: GraphQLError, message: string, extensions: Readonly<Record<string, unknown>>): GraphQLError {
  return new GraphQLError(message, { nodes: error.nodes ?? null, source: error.source, positions: error.positions, path: error.path, extensions });
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
  return { ...result, errors: isPartial ? errors.map(withoutStatus) : errors, extensions: { ...result.extensions, http } };
}

function headersFor(errors: readonly GraphQLError[]): Readonly<Record<string, string>> {
  const codes = errors.map((error) => error.extensions["code"]);
  return {
    "cache-control": "no-store",
    ...(codes.includes("UNAUTHENTICATED") ? { "www-authenticate": "Bearer" } : {}),
    ...(codes.includes("METHOD_NOT_ALLOWED") ? { allow: "POST" } : {}),
  };
}

function httpOf(extensions: ExecutionResult["extensions"]): { readonly status?: number; readonly headers?: Readonly<Record<string, string>> } {
  const http = extensions?.["http"];
  return typeof http === "object" && http !== null ? http : {};
}

function withoutStatus(error: GraphQLError): GraphQLError {
  const { http: _, ...extensions } = error.extensions;
  return rewrite(error, error.message, extensions);
}
