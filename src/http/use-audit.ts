/** In charge of the audit's half that a rollback would eat: what was denied, what failed, and reads that are events themselves. */
import type { ExecutionResult, GraphQLError } from "graphql";
import type { Plugin } from "graphql-yoga";
import type { AuditTrail } from "../audit/audit-trail.js";
import { type AuditRecord, auditEvents } from "../audit/events.js";
import type { Caller } from "../caller.js";
import { ipAddressOf, userAgentOf } from "../database/settings.js";
import { errorStatus } from "../errors.js";
import { type AuditedOperation, auditedOperation, isAnswered } from "./audited-operation.js";
import { eachResult } from "./each-result.js";
import { callerOf, operationOf, type RunOperation, requestIdOf } from "./request-state.js";

type Finding = Pick<AuditRecord, "code" | "outcome" | "metadata">;

const mostErrors = 20;

/**
 * Leaves at most one event of a failed operation, and one of each kind of audited read, when the session has ended and
 * its connection is free. Nobody waits for them. A success is written by the function of iam that did it, in its transaction.
 */
export function useAudit(trail: Pick<AuditTrail, "record">): Plugin {
  return eachResult((args, result) => {
    const { request } = args.contextValue as { readonly request: Request };
    const operation = auditedOperation(args.schema, args.document, args.operationName);
    const run = operationOf(request);
    if (operation === null || run === null) return;
    for (const finding of findingsOf(operation, result, run)) trail.record(recordOf(finding, request, run));
  });
}

function findingsOf(operation: AuditedOperation, result: ExecutionResult, run: RunOperation): readonly Finding[] {
  const failure = failureOf(operation, result, run);
  return [...(failure === null ? [] : [failure]), ...readsOf(operation, result)];
}

function failureOf(
  operation: AuditedOperation,
  { errors = [] }: ExecutionResult,
  { session }: RunOperation,
): Finding | null {
  const codes = errors.map(codeOf);
  const reason = session.refusal?.reason;
  const isDenied = codes.includes("FORBIDDEN") || (typeof reason === "number" && reason >= 52_000);
  // A credential that is not accepted is nobody's; it is in the log.
  const isFailed = operation.kind === "mutation" && errors.length > 0 && !codes.includes("UNAUTHENTICATED");
  if (!isDenied && !isFailed) return null;
  return {
    code: isDenied ? auditEvents.operation_denied : auditEvents.operation_failed,
    outcome: isDenied ? "denied" : "failure",
    metadata: {
      ...describe(operation),
      errors: errors.slice(0, mostErrors).map(describeError),
      ...(errors.length > mostErrors ? { errorCount: errors.length } : {}),
    },
  };
}

/** One of each code, with every coordinate that was answered. What a rolled back mutation read, nobody got to see. */
function readsOf(operation: AuditedOperation, { data }: ExecutionResult): readonly Finding[] {
  const coordinates = new Map<AuditRecord["code"], Set<string>>();
  for (const { code, coordinate, path } of operation.reads) {
    if (isAnswered(data, path)) coordinates.set(code, (coordinates.get(code) ?? new Set()).add(coordinate));
  }
  return [...coordinates].map(([code, found]) => ({
    code,
    outcome: "success",
    metadata: { ...describe(operation), coordinates: [...found] },
  }));
}

function describe({ name, kind, fields }: AuditedOperation) {
  return { operation: name, kind, fields };
}

function describeError(error: GraphQLError): Readonly<Record<string, unknown>> {
  const { coordinate, requires, reason } = error.extensions;
  // JSON leaves out what is undefined.
  return { code: codeOf(error), reason, coordinate, requires, path: error.path };
}

// Whatever has no code of ours is masked after us: an unforeseen error at its field, or a variable of the wrong type at none.
function codeOf({ extensions, path }: GraphQLError): string {
  const { code } = extensions;
  if (typeof code === "string" && Object.hasOwn(errorStatus, code)) return code;
  return path === undefined ? "BAD_USER_INPUT" : "INTERNAL_SERVER_ERROR";
}

function recordOf(
  { code, outcome, metadata }: Finding,
  request: Request,
  { session: { openedFor: identity }, origin }: RunOperation,
): AuditRecord {
  return {
    code,
    outcome,
    tenant_id: identity?.tenantId ?? null,
    actor_id: identity?.actorId ?? null,
    user_id: identity?.userId ?? null,
    request_id: requestIdOf(request),
    ip_address: ipAddressOf(origin),
    user_agent: userAgentOf(origin),
    metadata: { ...metadata, ...credentialOf(callerOf(request), identity !== null) },
    created_at: new Date().toISOString(),
  };
}

// Whom no session was opened for has no ids: what his verified credential says is all that is known. A key is always named.
function credentialOf(caller: Caller | null, isKnown: boolean): Readonly<Record<string, string>> {
  if (caller?.kind === "token" && !isKnown) return { issuer: caller.issuer, subject: caller.subject };
  return caller?.kind === "apiKey" ? { apiKey: caller.publicId } : {};
}
