/** In charge of giving each operation its session, and of ending it: the only place where a connection is taken, but for subscription.ts. */
import { type ExecutionArgs, type ExecutionResult, print } from "graphql";
import type { Plugin } from "graphql-yoga";
import type { Authenticate } from "../auth/authenticate.js";
import type { Context } from "../builder/context.js";
import { followNothing } from "../builder/follow.js";
import { boundDenials } from "../builder/unauthorized.js";
import type { Caller, RequestOrigin } from "../caller.js";
import type { Admit } from "../database/admission.js";
import type { OpenedSession, Sessions } from "../database/session.js";
import { asGatewayError, GatewayError } from "../errors.js";
import type { Results } from "./endable-results.js";
import { shapeOf } from "./operation-shape.js";
import { refused } from "./refused.js";
import { callerOf, rememberOperation, requestIdOf } from "./request-state.js";
import { beginSubscription } from "./subscription.js";
import type { Subscriptions } from "./subscriptions.js";
import { shownIn } from "./use-caller.js";

type Execute = (args: ExecutionArgs) => ExecutionResult | Promise<ExecutionResult>;

/**
 * One operation, one session. A query gives its transaction back whatever its errors. A mutation is committed when
 * nothing at all went wrong, else rolled back and answered with `data: null`: GraphQL collects errors instead of
 * throwing them, so nobody else would notice. Who hangs up before the end undoes what was not committed yet.
 * A subscription has a session for each of its events.
 */
export function useSession(doors: Doors): Plugin {
  return {
    onExecute({ executeFn, setExecuteFn }) {
      setExecuteFn((args: ExecutionArgs) => executeInSession(args, executeFn as Execute, doors));
    },
    onSubscribe({ setSubscribeFn }) {
      setSubscribeFn((args: ExecutionArgs) => subscribeInSessions(args, doors));
    },
  };
}

/** What an operation is let in by. */
export interface Doors {
  readonly sessions: Sessions;
  readonly admit: Admit;
  readonly explainToken: Context["explainToken"];
  /** Looks at a subscriber's credential again before each event. */
  readonly authenticate: Authenticate;
  readonly subscriptions: Subscriptions;
}

async function executeInSession(args: ExecutionArgs, execute: Execute, doors: Doors): Promise<ExecutionResult> {
  const shape = shapeOf(args.schema, args.document, args.operationName);
  // Without an operation of that name the executor says so, and no resolver runs.
  if (shape === null) return execute(args);
  const request = requestOf(args);
  const visit = await visitOf(args, doors);
  if (visit instanceof GatewayError) return refused(visit);
  const { caller, requestId, origin } = visit;
  const session = doors.sessions.open(caller, { ...shape, requestId, origin });
  rememberOperation(request, { session, origin });
  const hangUp = () => void session.rollback();
  request.signal.addEventListener("abort", hangUp, { once: true });
  try {
    const contextValue: Context = { ...contextOf(visit, doors), session, follow: followNothing };
    const result = boundDenials(await execute({ ...args, contextValue }));
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

async function subscribeInSessions(args: ExecutionArgs, doors: Doors): Promise<ExecutionResult | Results> {
  const request = requestOf(args);
  if (!acceptsEvents(request)) throw new GatewayError("BAD_USER_INPUT", "Subscriptions answer with text/event-stream.");
  const visit = await visitOf(args, doors);
  if (visit instanceof GatewayError) return refused(visit);
  const { caller, requestId, origin } = visit;
  return await beginSubscription({
    args,
    caller,
    subscriptions: doors.subscriptions,
    subscriber: subscriberOf(caller, origin),
    question: JSON.stringify([print(args.document), args.operationName, args.variableValues]),
    context: contextOf(visit, doors),
    hangUp: request.signal,
    authenticate: () => doors.authenticate(shownIn(request)),
    openSession: (who) => {
      const shape = { mode: "read", isSingleStatement: false, changesAuthority: false } as const;
      const session = doors.sessions.open(who, { ...shape, requestId, origin });
      rememberOperation(request, { session, origin });
      return session;
    },
  });
}

/** Who comes with an operation, and from where. */
interface Visit {
  readonly caller: Caller;
  readonly requestId: string;
  readonly origin: RequestOrigin;
}

/** Finds out who comes, and has his provider have its say; the error when that keeps him out. */
async function visitOf(args: ExecutionArgs, { admit }: Doors): Promise<Visit | GatewayError> {
  const request = requestOf(args);
  const caller = callerOf(request);
  if (caller === null) throw new TypeError("use-caller.ts has not run.");
  const refusal = caller.kind === "token" ? await admit(caller).then(() => null, asGatewayError) : null;
  return refusal ?? { caller, requestId: requestIdOf(request), origin: originOf(args) };
}

function contextOf({ caller, requestId, origin }: Visit, { explainToken }: Doors): Omit<Context, "session" | "follow"> {
  return { caller, requestId, request: origin, explainToken };
}

function requestOf({ contextValue }: ExecutionArgs): Request {
  return (contextValue as { readonly request: Request }).request;
}

// A client that says nothing takes anything.
function acceptsEvents(request: Request): boolean {
  return /text\/event-stream|text\/\*|\*\/\*/i.test(request.headers.get("accept") ?? "*/*");
}

function subscriberOf(caller: Caller, { ip }: RequestOrigin): string {
  if (caller.kind === "token") return JSON.stringify([caller.issuer, caller.subject]);
  return caller.kind === "apiKey" ? caller.publicId : `anonymous ${ip}`;
}

interface Incoming {
  readonly request: Request;
  /** Absent where a request comes from a test, without a socket. */
  readonly req?: { readonly socket?: { readonly remoteAddress?: string | undefined } };
}

function originOf({ contextValue }: ExecutionArgs): RequestOrigin {
  const { request, req } = contextValue as Incoming;
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
