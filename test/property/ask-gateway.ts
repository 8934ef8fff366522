/** In charge of asking the whole gateway over HTTP, signed tokens and all, what one caller may do in a stored world. */
import type { GraphQLSchema } from "graphql";
import { createPool } from "../../src/database/pool.js";
import { createSessions } from "../../src/database/session.js";
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
  close(): Promise<void>;
}

/** A gateway of its own over a database, trusting the providers of the stored worlds; by default with the schema as it is. */
export async function startGateway(url: string, served: GraphQLSchema = schema): Promise<Gateway> {
  const pool = createPool({ url, size: 2, acquireTimeoutMillis: 30_000, prepare: true });
  const issuers = new Map(await Promise.all([enabledIssuer, disabledIssuer].map(makeIssuer)));
  const rows = [...issuers.values()].map((issuer) => issuer.row);
  const gateway = createTestGateway({ schema: served, sessions: createSessions(pool), providerRows: async () => rows });
  const tokenOf = (stored: StoredWorld, user: string) =>
    issuers.get(stored.issuerOf(user))?.sign({ claims: { sub: stored.id(user) } });
  return {
    ask: async (stored, { user, tenant, apiKey, actAs }, query, variables) => {
      const token = user === null || apiKey !== undefined ? null : ((await tokenOf(stored, user)) ?? null);
      return gateway
        .as(token, {
          ...(tenant === null ? {} : { "x-tenant": stored.slug(tenant) }),
          ...(apiKey === undefined ? {} : { "x-api-key": stored.keyOf(apiKey).text }),
          ...(actAs === undefined ? {} : { "x-act-as": `${stored.id(actAs)}@proof.test` }),
        })
        .query(query, variables);
    },
    close: () => pool.close(),
  };
}

async function makeIssuer(name: string) {
  return [name, await createTestIssuer(name)] as const;
}
