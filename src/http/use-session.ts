/** In charge of giving each operation its session, and of ending it: the only place where a connection is taken. */
import type { ExecutionArgs, ExecutionResult } from "graphql";
import type { Plugin } from "graphql-yoga";
import type { Context } from "../builder/context.js";
import type { RequestOrigin } from "../caller.js";
import type { Admit } from "../database/admission.js";
import type { OpenedSession, Sessions } from "../database/session.js";
import { errorStatus, GatewayError } from "../errors.js";
import { shapeOf } from "./operation-shape.js";
import { callerOf, rememberOperation, requestIdOf } from "./request-state.js";

type Execute = (args: ExecutionArgs) => ExecutionResult | Promise<ExecutionResult>;

/**
 * One operation, one session. A query gives its transaction back whatever its errors. A mutation is committed when
 * nothing at all went wrong, else rolled back and answered with `data: null`: GraphQL collects errors instead of
 * throwing them, so nobody else would notice. Who hangs up before the end undoes what was not committed yet.
 */
export function useSession(doors: Doors): Plugin {
  return {
    onExecute({ executeFn, setExecuteFn }) {
      setExecuteFn((args: ExecutionArgs) => executeInSession(args, executeFn as Execute, doors));
    },
    onSubscribe() {
      throw new GatewayError("BAD_USER_INPUT", "Subscriptions are not served here.");
    },
  };
}

/** What an operation is let in by. */
export interface Doors {
  readonly sessions: Sessions;
  readonly admit: Admit;
  readonly explainToken: Context["explainToken"];
}

async function executeInSession(
  args: ExecutionArgs,
  execute: Execute,
  { sessions, admit, explainToken }: Doors,
): Promise<ExecutionResult> {
  const { request, req } = args.contextValue as { readonly request: Request; readonly req?: IncomingLike };
  const shape = shapeOf(args.schema, args.document, args.operationName);
  const caller = callerOf(request);
  // Without an operation of that name the executor says so, and no resolver runs.
  if (shape === null) return execute(args);
  if (caller === null) throw new Error("use-caller has not run");
  const refusal = caller.kind === "token" ? await admit(caller).then(() => null, asGatewayError) : null;
  if (refusal !== null) return refused(refusal);
  const requestId = requestIdOf(request);
  const origin = originOf(request, req);
  const session = sessions.open(caller, { ...shape, requestId, origin });
  rememberOperation(request, { session, origin });
  const hangUp = () => void session.rollback();
  request.signal.addEventListener("abort", hangUp, { once: true });
  try {
    const contextValue: Context = { caller, session, requestId, request: origin, explainToken };
    const result = await execute({ ...args, contextValue });
    if (request.signal.aborted) return result;
    // An operation that asked for no data has not shown the key to the database yet.
    if (caller.kind === "apiKey") await session.identity().catch(() => undefined);
    return await (shape.mode === "write" ? endMutation(session, result) : endQuery(session, result));
  } finally {
    request.signal.removeEventListener("abort", hangUp);
    // Does nothing after a commit or another rollback.
    await session.rollback();
  }
}

interface IncomingLike {
  readonly socket?: { readonly remoteAddress?: string | undefined };
}

function originOf(request: Request, req: IncomingLike | undefined): RequestOrigin {
  return { ip: req?.socket?.remoteAddress ?? null, userAgent: request.headers.get("user-agent") };
}

async function endQuery(session: OpenedSession, result: ExecutionResult): Promise<ExecutionResult> {
  await session.commit();
  return session.refusal === null ? result : refused(session.refusal);
}

async function endMutation(session: OpenedSession, result: ExecutionResult): Promise<ExecutionResult> {
  if (result.errors !== undefined && result.errors.length > 0) {
    await session.rollback();
    // No `data` at all means that nothing was executed: a variable was wrong.
    return session.refusal === null
      ? { ...result, ...("data" in result ? { data: null } : {}) }
      : refused(session.refusal);
  }
  try {
    await session.commit();
    return result;
  } catch (error) {
    return { data: null, errors: [asGatewayError(error)] };
  }
}

// The caller may not be here at all, so one answer for the whole operation, always the same, and 403 even as plain JSON.
function refused(refusal: GatewayError): ExecutionResult {
  return { errors: [refusal], extensions: { http: { status: errorStatus[refusal.code] } } };
}

function asGatewayError(error: unknown): GatewayError {
  return error instanceof GatewayError
    ? error
    : new GatewayError("INTERNAL_SERVER_ERROR", "Internal server error.", { cause: error });
}
