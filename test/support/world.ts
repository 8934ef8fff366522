/** In charge of the demo world behind a whole gateway: `world.as("bob", query)` asks as somebody of the cast. */
import { afterAll, beforeAll, inject } from "vitest";
import { signDemoToken } from "../../src/auth/demo-issuer.js";
import { createPool, type Pool } from "../../src/database/pool.js";
import { createSessions, type Sessions, type Statement } from "../../src/database/session.js";
import { schema } from "../../src/schema/index.js";
import { type TestDatabase, useTestDatabase } from "./database.js";
import { type Answer, createTestGateway, graphqlRequest, type TestGateway } from "./gateway.js";

/** Who asks: an owner, a member, a manager at one campus, an auditor, another tenant's owner, and somebody without a tenant. */
export const cast = {
  alice: "alice@acme.test",
  bob: "bob@acme.test",
  jane: "jane@acme.test",
  erin: "erin@acme.test",
  carol: "carol@globex.test",
  mallory: "mallory@nowhere.test",
} as const;

/** Somebody of the cast, or nobody. */
export type Who = keyof typeof cast | null;

/** The demo world, behind a gateway of its own. */
export interface World {
  readonly database: TestDatabase;
  /** The data statements sent since the last call. */
  takeStatements(): readonly string[];
  as(
    who: Who,
    query: string,
    variables?: Readonly<Record<string, unknown>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
  /** Asks with these headers, credentials included. */
  showing(headers: Readonly<Record<string, string>>, query: string): Promise<Answer>;
  /** Sends a body as it is, also one that JSON.stringify would not write. */
  send(who: Who, body: string): Promise<Answer>;
}

/** A world for the whole test file; use it inside of tests only. */
export function useWorld(): World {
  const database = useTestDatabase();
  const sent: string[] = [];
  let pool: Pool | undefined;
  let gateway: TestGateway | undefined;
  beforeAll(() => {
    const opened = createPool({ url: database.url, size: 4, acquireTimeoutMillis: 5_000, prepare: true });
    pool = opened;
    gateway = createTestGateway({
      schema,
      sessions: recording(createSessions(opened), sent),
      providerRows: () => opened.query({ sql: "select * from iam.list_providers()", parameters: [] }),
    });
  });
  afterAll(async () => {
    await pool?.close();
  });
  return {
    database,
    takeStatements: () => sent.splice(0),
    as: async (who, query, variables, headers) => {
      if (gateway === undefined) throw new TypeError("The world is made in beforeAll; use it later.");
      return gateway.as(who && (await tokenOf(who)), headers).query(query, variables);
    },
    showing: async (headers, query) => {
      if (gateway === undefined) throw new TypeError("The world is made in beforeAll; use it later.");
      return gateway.as(null, headers).query(query);
    },
    send: async (who, body) => {
      if (gateway === undefined) throw new TypeError("The world is made in beforeAll; use it later.");
      return gateway.send(graphqlRequest(body, who ? { authorization: `Bearer ${await tokenOf(who)}` } : {}));
    },
  };
}

function tokenOf(who: keyof typeof cast): Promise<string> {
  const email = cast[who];
  return signDemoToken(inject("cluster").demoIssuer, { subject: email, email, lifetimeSeconds: 600 });
}

function recording(sessions: Sessions, sent: string[]): Sessions {
  return {
    open: (caller, options) => {
      const session = sessions.open(caller, options);
      const run = session.run.bind(session);
      session.run = <Row extends Record<string, unknown>>(statement: Statement) => {
        sent.push(statement.sql);
        return run<Row>(statement);
      };
      return session;
    },
  };
}
