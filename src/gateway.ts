/** In charge of the request path: the stages of a request in their order, and why the order matters. */
import type { GraphQLSchema } from "graphql";
import { createYoga, type YogaServerInstance } from "graphql-yoga";
import type { AuditTrail } from "./audit/audit-trail.js";
import type { Authenticate } from "./auth/authenticate.js";
import type { Config } from "./config.js";
import type { Admit } from "./database/admission.js";
import type { Sessions } from "./database/session.js";
import { graphiqlPage } from "./http/graphiql-page.js";
import { rememberDocuments, rememberNothing } from "./http/remembered-documents.js";
import type { Subscriptions } from "./http/subscriptions.js";
import { useApiKey } from "./http/use-api-key.js";
import { useAudit } from "./http/use-audit.js";
import { useCaller } from "./http/use-caller.js";
import { useDocumentLimits } from "./http/use-document-limits.js";
import { useEventStreams } from "./http/use-event-streams.js";
import { type IsReady, useHealth } from "./http/use-health.js";
import { useIntrospection } from "./http/use-introspection.js";
import { useLimits } from "./http/use-limits.js";
import { useMaskedErrors } from "./http/use-masked-errors.js";
import { useMetrics } from "./http/use-metrics.js";
import { useRequestId } from "./http/use-request-id.js";
import { type Doors, useSession } from "./http/use-session.js";
import type { Log } from "./observe/log.js";
import type { Metrics } from "./observe/metrics.js";

/** What a gateway is made of. */
export interface GatewayOptions {
  readonly schema: GraphQLSchema;
  readonly sessions: Sessions;
  /** What a token brings about before its first session. */
  readonly admit: Admit;
  readonly authenticate: Authenticate;
  /** Says what `authenticate` makes of a token. */
  readonly explainToken: Doors["explainToken"];
  readonly audit: Pick<AuditTrail, "record">;
  readonly subscriptions: Subscriptions;
  /** Writes down that an API key was used, for nobody to wait for. */
  readonly touchApiKey: (publicId: string) => Promise<void>;
  readonly isReady: IsReady;
  /** Null: nothing is counted. */
  readonly metrics: Metrics | null;
  readonly config: Pick<Config, "isProduction" | "corsOrigins">;
  readonly log: Log;
}

/** A gateway: a function of Request to Response, and a listener for Node's http server. */
export type Gateway = YogaServerInstance<object, object>;

/**
 * HTTP ─▶ limits ─▶ credential ─▶ caller ─▶ parse/validate ─▶ session ─▶ field scopes ─▶ SQL under RLS ─▶ commit ─▶ mask errors.
 * Nothing touches the database for data before the request is authenticated, parsed and valid.
 */
export function createGateway(options: GatewayOptions): Gateway {
  const { schema, sessions, admit, authenticate, explainToken, audit, subscriptions } = options;
  const { touchApiKey, isReady, metrics, config, log } = options;
  return createYoga<object, object>({
    schema,
    graphqlEndpoint: "/graphql{/stream}?",
    plugins: [
      useRequestId(), // first: whatever is refused below has an id to be found by
      useHealth(isReady), // before all refusals: an orchestrator shows no credential
      useLimits(), // what is too large or of another form is not worth a signature check
      useCaller(authenticate, log), // before the body is read: a bad credential costs neither memory nor a query
      useDocumentLimits(), // at parsing: validation itself can be made to run for seconds
      useIntrospection(config.isProduction),
      useSession({ sessions, admit, explainToken, authenticate, subscriptions }), // at execution only: a connection is taken for valid operations of known callers
      useEventStreams(), // beside it: how its events travel
      useApiKey({ touch: touchApiKey, audit, log }), // behind the session: only the database knows whether there is such a key
      useAudit(audit), // round the session: what it tells of is over, and the connection is free
      useMaskedErrors({ log, isProduction: config.isProduction }), // behind them all: it sees the answer of every stage above
      useMetrics(metrics), // last: it counts what really leaves
    ],
    ...graphiqlPage(config.isProduction),
    cors: config.corsOrigins.length === 0 ? false : corsFor(config.corsOrigins),
    parserAndValidationCache: { documentCache: rememberDocuments(), errorCache: rememberNothing },
    maskedErrors: false,
    maxRequestBodySize: false,
    multipart: false,
    batching: false,
    landingPage: false,
    logging: false,
  });
}

// Credentials here are cookies; the gateway knows none.
function corsFor(origins: readonly string[]) {
  return {
    origin: [...origins],
    credentials: false,
    methods: ["POST"],
    allowedHeaders: ["authorization", "content-type", "x-act-as", "x-api-key", "x-request-id", "x-tenant"],
    exposedHeaders: ["x-request-id", "www-authenticate"],
    maxAge: 600,
  };
}
