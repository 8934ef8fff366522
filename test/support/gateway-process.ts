/** In charge of asking gateways that are processes of their own, as the demo world's people. */
import type { Answer } from "./gateway.js";
import { tokenFor } from "./gateway-over.js";
import { type SpawnedGateway, spawnGateway } from "./spawn-gateway.js";

/** A running gateway. */
export interface GatewayProcess extends SpawnedGateway {
  /** Asks over a real connection, as somebody by e-mail. */
  ask(email: string, query: string, variables?: Readonly<Record<string, unknown>>): Promise<Answer>;
  /** Asks over a real connection, with these headers and no other credential. */
  send(headers: Readonly<Record<string, string>>, query: string): Promise<Answer>;
}

/** Starts one on a database that is there already, as in production: nothing is migrated or seeded. */
export async function startGatewayProcess(databaseUrl: string): Promise<GatewayProcess> {
  const spawned = await spawnGateway(databaseUrl);
  const post = async (headers: Readonly<Record<string, string>>, body: object): Promise<Answer> => {
    const response = await fetch(`${spawned.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/graphql-response+json", ...headers },
      body: JSON.stringify(body),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  return {
    ...spawned,
    ask: async (email, query, variables) =>
      post({ authorization: `Bearer ${await tokenFor(email)}` }, { query, variables }),
    send: (headers, query) => post(headers, { query }),
  };
}
