/** In charge of subscriptions where two gateways serve one database: a change through one is told by the other. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dataOf } from "../support/asking.js";
import { useTestDatabase } from "../support/database.js";
import { openEventStream } from "../support/event-stream.js";
import { tokenFor } from "../support/gateway-over.js";
import { type GatewayProcess, startGatewayProcess } from "../support/gateway-process.js";

const database = useTestDatabase();
let gateways: readonly [GatewayProcess, GatewayProcess];

beforeAll(async () => {
  gateways = await Promise.all([startGatewayProcess(database.url), startGatewayProcess(database.url)]);
});
afterAll(async () => {
  await Promise.all((gateways ?? []).map((gateway) => gateway.stop()));
});

const alice = "alice@acme.test";
const jane = "jane@acme.test";
const mine = "subscription { permissionsChanged { features { feature scope } } }";

const follow = async ({ url }: GatewayProcess, email: string) =>
  openEventStream(`${url}/graphql/stream`, { query: mine }, { authorization: `Bearer ${await tokenFor(email)}` });
const grant = async (by: GatewayProcess, email: string): Promise<string> => {
  const input = `feature: "todos.share", user: "${email}", scope: "campus/miami"`;
  const data = dataOf(await by.ask(alice, `mutation { grantFeature(input: { ${input} }) { grant { id } } }`));
  return data.grantFeature.grant.id;
};

describe("two gateways on one database", () => {
  it("tell a subscriber of either what was changed through the other, and nobody else", async () => {
    for (const [one, other] of [gateways, [gateways[1], gateways[0]] as const]) {
      const stream = await follow(one, jane);
      const bystander = await follow(one, "bob@acme.test");
      const first = await stream.next();
      await bystander.next();
      const id = await grant(other, jane);
      expect(JSON.stringify(await stream.next())).toContain("todos.share");
      dataOf(await other.ask(alice, `mutation { revokeGrant(input: { id: "${id}" }) { revoked } }`));
      expect(await stream.next()).toEqual(first);
      expect(await bystander.isSilent(500)).toBe(true);
      for (const open of [stream, bystander]) open.hangUp();
    }
  });

  it("end a locked user's subscription at the one when he is locked through the other", async () => {
    const stream = await follow(gateways[0], jane);
    await stream.next();
    dataOf(await gateways[1].ask(alice, `mutation { lockUser(input: { user: "${jane}" }) { user { id } } }`));
    expect((await stream.next()).errors[0].extensions).toEqual({ code: "FORBIDDEN", reason: 52106 });
    expect(await stream.next()).toBeNull();
  });

  it("stop at once while somebody is subscribed, who is told to come back", async () => {
    const stream = await follow(gateways[0], alice);
    await stream.next();
    const [code, last] = await Promise.all([gateways[0].stop(), stream.next()]);
    expect(code).toBe(0);
    expect(last.errors[0].extensions).toEqual({ code: "UNAVAILABLE" });
  });
});
