/** In charge of several gateways on one database: what is taken away through one is gone on the next request to the other. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dataOf } from "../support/asking.js";
import { useTestDatabase } from "../support/database.js";
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
const milk = "Todo:70d00000-0000-4000-8000-000000000001";
const office = "Group:60000000-0000-4000-8000-000000000001";

interface Right {
  readonly name: string;
  /** What jane asks, and whether the answer shows that she may. */
  readonly asks: string;
  readonly allows: (data: never) => boolean;
  /** Gives it, and answers how to take it away. */
  readonly give: () => Promise<string>;
}

const by = async (mutation: string) => dataOf(await gateways[0].ask(alice, mutation));

const rights: readonly Right[] = [
  {
    name: "a grant",
    asks: '{ can(feature: "view_sales_page", scope: "campus/miami") sales(filter: { campus: { eq: "miami" } }) { totalCount } }',
    allows: (data: { can: boolean; sales: { totalCount: number } }) => {
      if (data.can !== data.sales.totalCount > 0) throw new TypeError("The decision and the rows disagree.");
      return data.can;
    },
    give: async () => {
      const { grantRole } = await by(
        `mutation { grantRole(input: { user: "${jane}", role: "sales_manager", scope: "campus/miami" }) { grant { id } } }`,
      );
      return `mutation { revokeGrant(input: { id: "${grantRole.grant.id}" }) { revoked } }`;
    },
  },
  {
    name: "a membership of a group",
    asks: `{ group(id: "${office}") { name } chat(id: "Chat:c4a70000-0000-4000-8000-000000000001") { message } }`,
    allows: (data: { group: unknown; chat: unknown }) => data.group !== null,
    give: async () => {
      await by(
        `mutation { removeGroupMember(input: { group: "Chicago Office", user: "${jane}" }) { group { id } } }`,
      ).catch(() => undefined);
      await by(`mutation { addGroupMember(input: { group: "Office", user: "${jane}" }) { group { id } } }`);
      return `mutation { removeGroupMember(input: { group: "Office", user: "${jane}" }) { group { id } } }`;
    },
  },
  {
    name: "a share",
    asks: `{ todo(id: "${milk}") { title } }`,
    allows: (data: { todo: unknown }) => data.todo !== null,
    give: async () => {
      await by(`mutation { shareTodo(input: { todo: "${milk}", user: "${jane}" }) { todo { id } } }`);
      return `mutation { unshareTodo(input: { todo: "${milk}", user: "${jane}" }) { todo { id } } }`;
    },
  },
];

describe("two gateways on one database", () => {
  it.each(rights)(
    "hide what $name opened from the very next request, whichever is asked",
    async ({ asks, allows, give }) => {
      for (const [one, other] of [gateways, [gateways[1], gateways[0]] as const]) {
        const take = await give();
        for (const gateway of gateways) expect(allows(dataOf(await gateway.ask(jane, asks)) as never)).toBe(true);
        dataOf(await one.ask(alice, take));
        expect(allows(dataOf(await other.ask(jane, asks)) as never)).toBe(false);
        expect(allows(dataOf(await one.ask(jane, asks)) as never)).toBe(false);
      }
    },
  );

  it("deny a disabled user everything at once, and let him in again when he is enabled", async () => {
    const ask = () => Promise.all(gateways.map((gateway) => gateway.ask(jane, "{ viewer { kind } }")));
    const set = (isActive: boolean) =>
      database.owner.query("update iam.users set is_active = $1 where email = $2", [isActive, jane]);
    await ask();
    await set(false);
    for (const answer of await ask())
      expect(answer).toMatchObject({
        status: 403,
        body: { errors: [{ extensions: { code: "FORBIDDEN", reason: 52105 } }] },
      });
    await set(true);
    for (const answer of await ask()) expect(answer.body).toEqual({ data: { viewer: { kind: "USER" } } });
  });

  it("deny a former member the tenant at once", async () => {
    const bob = "bob@acme.test";
    const ask = () => gateways[1].ask(bob, "{ viewer { tenant { slug } } todos { totalCount } }");
    expect((await ask()).body.data).toMatchObject({ viewer: { tenant: { slug: "acme" } }, todos: { totalCount: 2 } });
    await database.owner.query(
      "update iam.tenant_members set deleted_at = now() where user_id = (select id from iam.users where email = $1)",
      [bob],
    );
    expect((await ask()).body.data).toEqual({ viewer: { tenant: null }, todos: { totalCount: 0 } });
  });

  it("reject a write that was under way when the grant for it was taken away", async () => {
    const { grantFeature } = await by(
      `mutation { grantFeature(input: { feature: "todos.update", user: "${jane}", scope: "tenant/acme" }) { grant { id } } }`,
    );
    const edit = `mutation { updateTodo(input: { id: "Todo:70d00000-0000-4000-8000-000000000002", done: true }) { todo { id } } }`;
    const revoke = `mutation { revokeGrant(input: { id: "${grantFeature.grant.id}" }) { revoked } }`;
    await Promise.all([gateways[0].ask(alice, revoke), gateways[1].ask(jane, edit)]);
    const late = await gateways[1].ask(jane, edit);
    expect(["FORBIDDEN", "NOT_FOUND"]).toContain(late.body.errors?.[0].extensions.code);
  });

  it("refuse a key from the moment that its revocation or rotation was answered, however busy it was (K3)", async () => {
    const viewer = "{ viewer { kind } }";
    const make = `mutation { createApiKey(input: { name: "busy", features: ["todos.read"] }) { apiKey { id } secret } }`;
    const late: number[] = [];
    for (let pair = 0; pair < 24; pair += 1) {
      const [one, other] = pair % 2 === 0 ? gateways : [gateways[1], gateways[0]];
      const { createApiKey: made } = dataOf(await one.ask(jane, make));
      const use = async (gateway: GatewayProcess) => (await gateway.send({ "x-api-key": made.secret }, viewer)).status;
      expect(await use(other)).toBe(200);
      const end = pair % 4 < 2 ? "revokeApiKey" : "rotateApiKey";
      const busy = Array.from({ length: 4 }, () => use(other));
      dataOf(await one.ask(jane, `mutation { ${end}(input: { id: "${made.apiKey.id}" }) { apiKey { id } } }`));
      late.push(await use(other), await use(one));
      for (const status of await Promise.all(busy)) expect([200, 401]).toContain(status);
    }
    expect(late).toEqual(Array(48).fill(401));
  }, 120_000);

  it("end in order when they are asked to", async () => {
    expect(await Promise.all(gateways.map((gateway) => gateway.stop()))).toEqual([0, 0]);
  });
});
