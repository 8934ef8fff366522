/** In charge of the whole way in: a browser logs in at a true provider with code and PKCE, and its token asks the gateway. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAdmit } from "../../../src/database/admission.js";
import { createPool, type Pool } from "../../../src/database/pool.js";
import { createSessions } from "../../../src/database/session.js";
import { schema } from "../../../src/schema/index.js";
import { exchange, logInAs } from "../../support/browser.js";
import { useTestDatabase } from "../../support/database.js";
import { createTestGateway, type TestGateway } from "../../support/gateway.js";
import { newSigningKey, startTrueProvider, type TrueProvider } from "../../support/true-provider.js";

const database = useTestDatabase();
const query = "{ viewer { kind user { email } tenant { slug } } todos { nodes { title } } }";
let provider: TrueProvider;
let pool: Pool;
let gateway: TestGateway;

beforeAll(async () => {
  provider = await startTrueProvider((accountId) => ({
    ...{ email: `${accountId}@new.test`, email_verified: true, tenant: "acme" },
    groups: accountId === "nora" ? ["office"] : [],
  }));
  provider.useKeys(await newSigningKey("first"));
  await database.owner.query(
    `insert into iam.providers (code, name, issuer, audience, algorithms, provisions)
     values ('true', 'True', $1, '{portcullis}', '{ES256}', true)`,
    [provider.issuer],
  );
  await database.owner.query(
    `update iam.groups set type = 'hybrid' where name = 'Office';
     insert into iam.group_mappings (tenant_id, group_id, provider_id, external_id)
     select g.tenant_id, g.id, p.id, 'office' from iam.groups g, iam.providers p where g.name = 'Office' and p.code = 'true'`,
  );
  pool = createPool({ url: database.url, size: 3, acquireTimeoutMillis: 10_000, prepare: true });
  gateway = createTestGateway({
    schema,
    sessions: createSessions(pool),
    admit: createAdmit(pool),
    providerRows: () => pool.query({ sql: "select * from iam.list_providers()", parameters: [] }),
  });
});
afterAll(async () => {
  await pool?.close();
  provider?.stop();
});

const ask = async (token: string) => {
  const { status, body } = await gateway.as(token).query(query);
  return { status, reason: body.errors?.[0].extensions.reason, data: body.data };
};

describe("the code flow", () => {
  it("lets somebody in whom nobody knew, with what his group at the provider may see here", async () => {
    const { status, accessToken } = await exchange(provider.issuer, await logInAs(provider.issuer, "nora"));
    expect(status).toBe(200);
    expect(await ask(accessToken)).toEqual({
      status: 200,
      reason: undefined,
      data: {
        viewer: { kind: "USER", user: { email: "nora@new.test" }, tenant: { slug: "acme" } },
        todos: { nodes: [{ title: "Buy milk for the office" }] },
      },
    });
  });

  it("denies who is in no group of the tenant that his token names", async () => {
    const { accessToken } = await exchange(provider.issuer, await logInAs(provider.issuer, "mike"));
    expect(await ask(accessToken)).toMatchObject({ status: 403, reason: 52108 });
  });

  it("rejects the ID token that comes beside it", async () => {
    const { idToken } = await exchange(provider.issuer, await logInAs(provider.issuer, "nora"));
    expect(await ask(idToken)).toMatchObject({ status: 401, reason: "BAD_AUDIENCE" });
  });

  it("gives nothing for a stolen code: without its verifier, and a second time", async () => {
    const login = await logInAs(provider.issuer, "nora");
    expect((await exchange(provider.issuer, { ...login, verifier: "x".repeat(43) })).status).toBe(400);
    const other = await logInAs(provider.issuer, "nora");
    expect((await exchange(provider.issuer, other)).status).toBe(200);
    expect(await exchange(provider.issuer, other)).toMatchObject({ status: 400, accessToken: undefined });
  });

  it("goes on while the provider changes its keys: both tokens are good as long as both keys are served", async () => {
    const [old, fresh] = [await newSigningKey("old"), await newSigningKey("fresh")];
    provider.useKeys(old);
    const { accessToken: before } = await exchange(provider.issuer, await logInAs(provider.issuer, "nora"));
    provider.useKeys(fresh, old);
    const { accessToken: after } = await exchange(provider.issuer, await logInAs(provider.issuer, "nora"));
    // The set of this test is asked for in a gateway of its own: the other one may wait half a minute for it.
    const second = createTestGateway({
      schema,
      sessions: createSessions(pool),
      admit: createAdmit(pool),
      providerRows: () => pool.query({ sql: "select * from iam.list_providers()", parameters: [] }),
    });
    for (const token of [after, before]) expect((await second.as(token).query(query)).status).toBe(200);
  });
});
