/** In charge of the demo world's gateway on a socket, with its audit written into the test's database. */
import { afterAll, beforeAll, expect, vi } from "vitest";
import { writeEvents } from "../../src/audit/audit-database.js";
import { type AuditTrail, type AuditTrailOptions, createAuditTrail } from "../../src/audit/audit-trail.js";
import type { AuditRecord } from "../../src/audit/events.js";
import { createPool, type Pool } from "../../src/database/pool.js";
import { createSessions } from "../../src/database/session.js";
import { listen, type RunningServer } from "../../src/http/server.js";
import type { LogEvent } from "../../src/observe/log.js";
import { schema } from "../../src/schema/index.js";
import { type TestDatabase, useTestDatabase } from "./database.js";
import { type Answer, createTestGateway } from "./gateway.js";
import { tokenFor } from "./gateway-over.js";

/** An event as the owner's connection sees it. */
export interface StoredEvent {
  readonly code: number;
  readonly action: string;
  readonly outcome: string;
  readonly tenant_id: string | null;
  readonly actor_id: string | null;
  readonly user_id: string | null;
  readonly resource_id: string | null;
  readonly request_id: string | null;
  readonly ip_address: string | null;
  readonly user_agent: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into metadata of every shape
  readonly metadata: any;
}

/** Somebody's question, and how it is sent. */
export interface Question {
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly operationName?: string;
}

/** A gateway whose audit is kept. */
export interface AuditedGateway {
  readonly database: TestDatabase;
  readonly pool: Pool;
  readonly logged: LogEvent[];
  readonly trail: AuditTrail;
  /** Asks as somebody, by e-mail; null asks as nobody. */
  ask(email: string | null, query: string, question?: Question): Promise<Answer & { readonly requestId: string }>;
  /** The events of a request, oldest first, when nothing waits to be written. */
  eventsOf(requestId: string): Promise<readonly StoredEvent[]>;
}

interface Parts {
  readonly pool: Pool;
  readonly trail: AuditTrail;
  readonly server: RunningServer;
  readonly logged: LogEvent[];
}

/** A gateway for the whole test file; use it inside of tests only. */
export function useAuditedGateway(options: Pick<AuditTrailOptions, "limit"> = {}): AuditedGateway {
  const database = useTestDatabase();
  let parts: Parts | undefined;
  let waiting = 0;
  beforeAll(async () => {
    const pool = createPool({ url: database.url, size: 4, acquireTimeoutMillis: 5_000, prepare: true });
    const write = async (events: readonly AuditRecord[]) => {
      await writeEvents(pool, events);
      waiting -= events.length;
    };
    const record = (event: AuditRecord) => {
      waiting += 1;
      get().trail.record(event);
    };
    const providerRows = () => pool.query({ sql: "select * from iam.list_providers()", parameters: [] });
    const sessions = createSessions(pool);
    const { gateway, logged } = createTestGateway({ schema, sessions, providerRows, audit: { record } });
    const trail = createAuditTrail({ write, log: { write: (event) => logged.push(event) }, ...options });
    parts = { pool, trail, logged, server: await listen(gateway, { host: "127.0.0.1", port: 0 }) };
  });
  afterAll(async () => {
    await parts?.server.stop(0);
    await parts?.trail.stop(0);
    await parts?.pool.close();
  });
  const get = () => {
    if (parts === undefined) throw new TypeError("The gateway is made in beforeAll; use it later.");
    return parts;
  };
  return {
    database,
    get logged() {
      return get().logged;
    },
    get pool() {
      return get().pool;
    },
    get trail() {
      return get().trail;
    },
    ask: async (email, query, { headers = {}, ...given } = {}) => {
      const credential = email === null ? {} : { authorization: `Bearer ${await tokenFor(email)}` };
      const response = await fetch(`${get().server.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", ...credential, ...headers },
        body: JSON.stringify({ query, ...given }),
      });
      const requestId = response.headers.get("x-request-id") ?? "";
      const { status, headers: answered } = response;
      return { status, headers: answered, requestId, body: await response.json() };
    },
    eventsOf: async (requestId) => {
      await vi.waitFor(() => expect(waiting - get().trail.lost).toBe(0), { timeout: 10_000 });
      const { rows } = await database.owner.query<StoredEvent>(
        `select code, action, outcome, tenant_id, actor_id, user_id, resource_id, request_id, host(ip_address) as ip_address, user_agent, metadata
         from iam.audit_events where request_id = $1 order by number`,
        [requestId],
      );
      return rows;
    },
  };
}
