/** In charge of asking a gateway as somebody: `as(token).query(...)`, through its fetch, without a socket. */
import type { GraphQLSchema } from "graphql";
import type { AuditTrail } from "../../src/audit/audit-trail.js";
import { createAuthenticate } from "../../src/auth/authenticate.js";
import { explainToken } from "../../src/auth/explain-token.js";
import { createProviders } from "../../src/auth/providers.js";
import type { Admit } from "../../src/database/admission.js";
import type { Changes } from "../../src/database/changes.js";
import type { Sessions } from "../../src/database/session.js";
import { createGateway, type Gateway } from "../../src/gateway.js";
import { createSubscriptions, type Subscriptions } from "../../src/http/subscriptions.js";
import type { Log, LogEvent } from "../../src/observe/log.js";
import type { Metrics } from "../../src/observe/metrics.js";

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any;
}

/** What a gateway of the tests is made of. */
export interface TestGatewayOptions {
  readonly schema: GraphQLSchema;
  readonly sessions: Sessions;
  readonly providerRows: () => Promise<readonly unknown[]>;
  readonly isProduction?: boolean;
  readonly corsOrigins?: readonly string[];
  /** Where its events go; nowhere by default. */
  readonly audit?: Pick<AuditTrail, "record">;
  readonly isReady?: () => Promise<boolean>;
  readonly metrics?: Metrics;
  /** What stands before the real look at a credential; nothing by default. */
  readonly beforeAuthenticate?: () => void | Promise<void>;
  /** Nobody is provisioned by default. */
  readonly admit?: Admit;
  readonly touchApiKey?: (publicId: string) => Promise<void>;
  /** Nothing ever changes by default. */
  readonly subscriptions?: Subscriptions;
}

/** A gateway, and what it logged. */
export interface TestGateway {
  readonly gateway: Gateway;
  readonly logged: LogEvent[];
  /** Asks with this bearer token; null asks as nobody. */
  as(token: string | null, headers?: Readonly<Record<string, string>>): Asker;
  /** Sends any request. */
  send(request: Request): Promise<Answer>;
}

/** Somebody who asks. */
export interface Asker {
  query(query: string, variables?: Readonly<Record<string, unknown>>): Promise<Answer>;
}

const nothingChanges: Changes = { watch: () => () => undefined, means: "none", stop: async () => undefined };
const fewSubscriptions = { most: 10, mostPerSubscriber: 10, turns: 1 } as const;

/** Puts a gateway together out of the real parts. */
export function createTestGateway(options: TestGatewayOptions): TestGateway {
  const logged: LogEvent[] = [];
  const log: Log = { write: (event) => logged.push(event) };
  const providers = createProviders({ readRows: options.providerRows, log });
  const rules = { findProvider: providers.find, maxLifetimeSeconds: 86_400 };
  const authenticate = createAuthenticate(rules);
  const gateway = createGateway({
    schema: options.schema,
    sessions: options.sessions,
    authenticate: async (shown) => {
      await options.beforeAuthenticate?.();
      return await authenticate(shown);
    },
    explainToken: (token) => explainToken(token, rules),
    admit: options.admit ?? (async () => undefined),
    touchApiKey: options.touchApiKey ?? (async () => undefined),
    subscriptions: options.subscriptions ?? createSubscriptions({ changes: nothingChanges, ...fewSubscriptions }),
    audit: options.audit ?? { record: () => undefined },
    metrics: options.metrics ?? null,
    isReady: options.isReady ?? (async () => true),
    config: { isProduction: options.isProduction ?? false, corsOrigins: options.corsOrigins ?? [] },
    log,
  });
  const send = async (request: Request): Promise<Answer> => {
    const response = await gateway.fetch(request);
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") ?? false;
    return {
      status: response.status,
      headers: response.headers as unknown as Headers,
      body: isJson ? JSON.parse(text) : text,
    };
  };
  return {
    gateway,
    logged,
    send,
    as: (token, headers = {}) => ({
      query: (query, variables) =>
        send(
          graphqlRequest(
            { query, variables },
            { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...headers },
          ),
        ),
    }),
  };
}

/** A request as a GraphQL client sends it. */
export function graphqlRequest(body: unknown, headers: Readonly<Record<string, string>> = {}): Request {
  return new Request("http://gateway.test/graphql", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/graphql-response+json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}
