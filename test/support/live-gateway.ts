/** In charge of the demo world's gateway on a socket, with everything that subscriptions need. */
import { afterAll, beforeAll } from "vitest";
import type { AuditRecord } from "../../src/audit/events.js";
import { type Changes, createChanges } from "../../src/database/changes.js";
import { createPool, type Pool } from "../../src/database/pool.js";
import { createSessions } from "../../src/database/session.js";
import { listen, type RunningServer } from "../../src/http/server.js";
import { createSubscriptions, type Subscriptions } from "../../src/http/subscriptions.js";
import type { LogEvent } from "../../src/observe/log.js";
import { schema } from "../../src/schema/index.js";
import { dataOf } from "./asking.js";
import { type TestDatabase, useTestDatabase } from "./database.js";
import { type EventStream, openEventStream, readSlowly } from "./event-stream.js";
import { createTestGateway, graphqlRequest, type TestGateway } from "./gateway.js";
import { tokenFor } from "./gateway-over.js";

/** How it hears of changes, and how much it allows. */
export interface LiveOptions {
  /** The address to LISTEN at, made from the database's; null polls. */
  readonly listenUrl?: (database: TestDatabase) => string | null;
  /** What stands before each look at a credential. */
  readonly beforeAuthenticate?: () => void | Promise<void>;
  readonly most?: number;
  readonly mostPerSubscriber?: number;
}

/** A gateway for the whole test file; use it inside of tests only. */
export interface LiveGateway {
  readonly database: TestDatabase;
  readonly url: string;
  readonly pool: Pool;
  readonly changes: Changes;
  readonly subscriptions: Subscriptions;
  readonly testGateway: TestGateway;
  readonly logged: LogEvent[];
  /** What was given to the audit. */
  readonly audited: AuditRecord[];
  /** Subscribes as somebody, by e-mail. */
  follow(email: string, query: string, headers?: Readonly<Record<string, string>>): Promise<EventStream>;
  /** Asks as somebody, where nothing goes wrong. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  ask(email: string, query: string): Promise<any>;
  /** Subscribes without a socket, and takes nothing before it is asked for. */
  readSlowly(email: string, query: string): Promise<Pick<EventStream, "next" | "hangUp">>;
  /** Subscribes with these headers only. */
  followWith(headers: Readonly<Record<string, string>>, query: string): Promise<EventStream>;
}

interface Parts {
  readonly gateway: TestGateway;
  readonly pool: Pool;
  readonly changes: Changes;
  readonly subscriptions: Subscriptions;
  readonly server: RunningServer;
  readonly logged: LogEvent[];
}

/** Puts one together before the first test, and ends it after the last. */
export function useLiveGateway(options: LiveOptions = {}): LiveGateway {
  const database = useTestDatabase();
  const audited: AuditRecord[] = [];
  let parts: Parts | undefined;
  beforeAll(async () => {
    parts = await start(database, options, audited);
  });
  afterAll(async () => {
    parts?.subscriptions.stop();
    await parts?.server.stop(1_000);
    await parts?.changes.stop();
    await parts?.pool.close();
  });
  const get = (): Parts => {
    if (parts === undefined) throw new TypeError("The gateway is made in beforeAll; use it later.");
    return parts;
  };
  const followWith = (headers: Readonly<Record<string, string>>, query: string) =>
    openEventStream(`${get().server.url}/graphql/stream`, { query }, headers);
  return {
    database,
    audited,
    get url() {
      return get().server.url;
    },
    get pool() {
      return get().pool;
    },
    get changes() {
      return get().changes;
    },
    get subscriptions() {
      return get().subscriptions;
    },
    get testGateway() {
      return get().gateway;
    },
    get logged() {
      return get().logged;
    },
    follow: async (email, query, headers = {}) =>
      followWith({ authorization: `Bearer ${await tokenFor(email)}`, ...headers }, query),
    followWith,
    ask: async (email, query) =>
      dataOf(
        await get()
          .gateway.as(await tokenFor(email))
          .query(query),
      ),
    readSlowly: async (email, query) => {
      const headers = { authorization: `Bearer ${await tokenFor(email)}`, accept: "text/event-stream" };
      return readSlowly(await get().gateway.gateway.fetch(graphqlRequest({ query }, headers)));
    },
  };
}

async function start(database: TestDatabase, options: LiveOptions, audited: AuditRecord[]): Promise<Parts> {
  const pool = createPool({ url: database.url, size: 4, acquireTimeoutMillis: 5_000, prepare: true });
  const listenUrl = options.listenUrl === undefined ? database.url : options.listenUrl(database);
  const heard: LogEvent[] = [];
  const changes = createChanges({
    pool,
    listenUrl,
    lingerMillis: 0,
    onListening: (error) =>
      heard.push(error === undefined ? { event: "changes_heard" } : { event: "changes_not_heard", error }),
  });
  const { most = 100, mostPerSubscriber = 20 } = options;
  const subscriptions = createSubscriptions({ changes, most, mostPerSubscriber, turns: 2 });
  const gateway = createTestGateway({
    schema,
    sessions: createSessions(pool),
    providerRows: () => pool.query({ sql: "select * from iam.list_providers()", parameters: [] }),
    subscriptions,
    ...(options.beforeAuthenticate === undefined ? {} : { beforeAuthenticate: options.beforeAuthenticate }),
    audit: { record: (event) => audited.push(event) },
  });
  const server = await listen(gateway.gateway, { host: "127.0.0.1", port: 0 });
  return { gateway, pool, changes, subscriptions, server, logged: gateway.logged };
}
