/** In charge of the demo world's gateway over a pool of the test's choice: few connections, or a proxy in between. */
import { inject } from "vitest";
import { signDemoToken } from "../../src/auth/demo-issuer.js";
import type { Pool } from "../../src/database/pool.js";
import { createSessions } from "../../src/database/session.js";
import { schema } from "../../src/schema/index.js";
import { type Answer, createTestGateway, type TestGateway } from "./gateway.js";

/** Asks as somebody, by e-mail, which is his subject at the demo issuer. */
export type AskAs = (
  email: string,
  query: string,
  variables?: Readonly<Record<string, unknown>>,
  headers?: Readonly<Record<string, string>>,
) => Promise<Answer>;

/** A token of the demo issuer. */
export function tokenFor(email: string): Promise<string> {
  return signDemoToken(inject("cluster").demoIssuer, { subject: email, email, lifetimeSeconds: 600 });
}

/** Puts a gateway on a pool. */
export function gatewayOver(pool: Pool): TestGateway & { readonly ask: AskAs } {
  const gateway = createTestGateway({
    schema,
    sessions: createSessions(pool),
    providerRows: () => pool.query({ sql: "select * from iam.list_providers()", parameters: [] }),
  });
  const ask: AskAs = async (email, query, variables, headers) =>
    gateway.as(await tokenFor(email), headers).query(query, variables);
  return { ...gateway, ask };
}
