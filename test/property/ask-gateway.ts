/** In charge of asking the whole gateway over HTTP, on a socket, signed tokens and all, what one caller may do in a stored world. */
import type { GraphQLSchema } from "graphql";
import { writeEvents } from "../../src/audit/audit-database.js";
import type { AuditRecord } from "../../src/audit/events.js";
import { createPool } from "../../src/database/pool.js";
import { createSessions } from "../../src/database/session.js";
import { listen } from "../../src/http/server.js";
import type { LogEvent } from "../../src/observe/log.js";
import { schema } from "../../src/schema/index.js";
import { type Answer, createTestGateway } from "../support/gateway.js";
import { createTestIssuer } from "../support/tokens.js";
import type { Credential } from "./oracle.js";
import { disabledIssuer, enabledIssuer, type StoredWorld } from "./store-world.js";

/** Asks as a credential of a world. */
export interface Gateway {
  ask(
    stored: StoredWorld,
    who: Credential,
    query: string,
    variables?: Readonly<Record<string, unknown>>,
  ): Promise<Answer>;
  /** When the trail tells of everything that was refused, where it is kept. */
  written(): Promise<void>;
  readonly logged: readonly LogEvent[];
  close(): Promise<void>;
}

/**
 * A gateway of its own over a database, trusting the providers of the stored worlds; by default with the schema as it is.
 * What it refuses goes into the audit only if told to: that costs more than being refused.
 */
export async function startGateway(
  url: string,
  served: GraphQLSchema = schema,
  { keepsTrail = false }: { readonly keepsTrail?: boolean } = {},
): Promise<Gateway> {
  const pool = createPool({ url, size: 2, acquireTimeoutMillis: 30_000, prepare: true });
  const issuers = new Map(await Promise.all([enabledIssuer, disabledIssuer].map(makeIssuer)));
  const rows = [...issuers.values()].map((issuer) => issuer.row);
  let writing = Promise.resolve();
  const record = (event: AuditRecord) => {
    if (keepsTrail) writing = writing.then(() => writeEvents(pool, [event]));
  };
  const { gateway, logged } = createTestGateway({
    schema: served,
    sessions: createSessions(pool),
    providerRows: async () => rows,
    audit: { record },
  });
  const server = await listen(gateway, { host: "127.0.0.1", port: 0 });
  const tokenOf = (stored: StoredWorld, user: string) =>
    issuers.get(stored.issuerOf(user))?.sign({ claims: { sub: stored.id(user) } });
  return {
    logged,
    written: () => writing,
    ask: async (stored, who, query, variables) => {
      const isByToken = who.user !== null && who.apiKey === undefined;
      const token = isByToken ? await tokenOf(stored, who.user) : undefined;
      const headers = { ...sent, ...shown(stored, who), ...(token && { authorization: `Bearer ${token}` }) };
      const body = JSON.stringify({ query, variables });
      const response = await fetch(`${server.url}/graphql`, { method: "POST", headers, body });
      return { status: response.status, headers: response.headers, body: await response.json() };
    },
    close: async () => {
      await server.stop(0);
      await writing;
      await pool.close();
    },
  };
}

const sent = { "content-type": "application/json", accept: "application/graphql-response+json" };

function shown(stored: StoredWorld, { tenant, apiKey, actAs }: Credential): Readonly<Record<string, string>> {
  return {
    ...(tenant === null ? {} : { "x-tenant": stored.slug(tenant) }),
    ...(apiKey === undefined ? {} : { "x-api-key": stored.keyOf(apiKey).text }),
    ...(actAs === undefined ? {} : { "x-act-as": `${stored.id(actAs)}@proof.test` }),
  };
}

async function makeIssuer(name: string) {
  return [name, await createTestIssuer(name)] as const;
}
