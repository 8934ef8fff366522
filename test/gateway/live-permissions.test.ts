/** In charge of following one's own authority: told when it changes by whatever way, and never of anybody else's. */
import { describe, expect, it } from "vitest";
import { dataOf } from "../support/asking.js";
import { tokenFor } from "../support/gateway-over.js";
import { useLiveGateway } from "../support/live-gateway.js";

const live = useLiveGateway();

const alice = "alice@acme.test";
const jane = "jane@acme.test";
const mine = "subscription { permissionsChanged { features { feature scope } } }";

const ask = async (email: string, query: string) => {
  const response = await fetch(`${live.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${await tokenFor(email)}` },
    body: JSON.stringify({ query }),
  });
  return dataOf({ status: response.status, headers: response.headers, body: await response.json() });
};
const grant = async (email: string, feature: string, scope: string): Promise<string> =>
  (
    await ask(
      alice,
      `mutation { grantFeature(input: { feature: "${feature}", user: "${email}", scope: "${scope}" }) { grant { id } } }`,
    )
  ).grantFeature.grant.id;

describe("a subscriber to his permissions", () => {
  it("is told what he holds at once, then what he is given, then that it was taken away", async () => {
    const stream = await live.follow(jane, mine);
    const first = await stream.next();
    expect(first.data.permissionsChanged.features).toContainEqual({
      feature: "view_sales_page",
      scope: "campus/chicago",
    });
    const given = { feature: "todos.read", scope: "campus/miami" };
    expect(first.data.permissionsChanged.features).not.toContainEqual(given);
    const id = await grant(jane, "todos.read", "campus/miami");
    expect((await stream.next()).data.permissionsChanged.features).toContainEqual(given);
    await ask(alice, `mutation { revokeGrant(input: { id: "${id}" }) { revoked } }`);
    expect(await stream.next()).toEqual(first);
    stream.hangUp();
  });
});
