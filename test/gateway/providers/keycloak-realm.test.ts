/** In charge of the demo realm: what its Keycloak writes into tokens is whom the demo world knows, by the provider that trusts it. */
import { readFileSync } from "node:fs";
import { OAuth2Server } from "oauth2-mock-server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAdmit } from "../../../src/database/admission.js";
import { createPool, type Pool } from "../../../src/database/pool.js";
import { createSessions } from "../../../src/database/session.js";
import { schema } from "../../../src/schema/index.js";
import { useTestDatabase } from "../../support/database.js";
import { createTestGateway, type TestGateway } from "../../support/gateway.js";
import { claimsOfRealmUser, demoRealm } from "../../support/keycloak-realm.js";

const database = useTestDatabase();
const issuer = `http://localhost:8080/realms/${demoRealm.realm}`;
const script = readFileSync(new URL("../../../deploy/keycloak/provider.sql", import.meta.url), "utf8");
const query = "{ viewer { user { email } tenant { slug } } todos { nodes { title } } }";
const keycloak = new OAuth2Server();
let pool: Pool;
let gateway: TestGateway;

beforeAll(async () => {
  await keycloak.issuer.keys.generate("RS256");
  await keycloak.start(0, "127.0.0.1");
  for (let times = 0; times < 2; times += 1) await database.owner.query(script);
  const { rows } = await database.owner.query("select jwks_uri from iam.providers where code = 'keycloak'");
  expect(rows).toEqual([{ jwks_uri: `http://keycloak:8080/realms/${demoRealm.realm}/protocol/openid-connect/certs` }]);
  await database.owner.query("update iam.providers set jwks_uri = $1 where code = 'keycloak'", [
    `http://127.0.0.1:${keycloak.address().port}/jwks`,
  ]);
  pool = createPool({ url: database.url, size: 2, acquireTimeoutMillis: 10_000, prepare: true });
  gateway = createTestGateway({
    schema,
    sessions: createSessions(pool),
    admit: createAdmit(pool),
    providerRows: () => pool.query({ sql: "select * from iam.list_providers()", parameters: [] }),
  });
});
afterAll(async () => {
  await pool?.close();
  await keycloak.stop();
});

const tokenOf = (username: string, changes: Readonly<Record<string, unknown>> = {}) =>
  keycloak.issuer.buildToken({
    expiresIn: demoRealm.accessTokenLifespan,
    scopesOrTransform: (header, payload) => {
      header.typ = "JWT";
      Object.assign(payload, { iss: issuer, ...claimsOfRealmUser(username), ...changes });
    },
  });
const ask = async (username: string, changes?: Readonly<Record<string, unknown>>) => {
  const { status, body } = await gateway.as(await tokenOf(username, changes)).query(query);
  return { status, data: body.data, reason: body.errors?.[0].extensions.reason };
};

describe("the demo realm", () => {
  it.each(["alice", "bob", "jane"])("lets %s in as who the demo world knows", async (username) => {
    expect(await ask(username)).toMatchObject({
      status: 200,
      data: { viewer: { user: { email: `${username}@acme.test` }, tenant: { slug: "acme" } } },
    });
  });

  it("makes a user of nora, whom nobody knew, and shows her what her group may see", async () => {
    expect((await ask("nora")).data).toEqual({
      viewer: { user: { email: "nora@acme.test" }, tenant: { slug: "acme" } },
      todos: { nodes: [{ title: "Buy milk for the office" }] },
    });
  });

  it("denies its ID tokens, and tokens for other clients", async () => {
    expect(await ask("alice", { typ: "ID", aud: "portcullis-demo" })).toMatchObject({ status: 401 });
    expect(await ask("alice", { typ: "ID" })).toMatchObject({ status: 401, reason: "BAD_CLAIMS" });
    expect(await ask("alice", { aud: "account" })).toMatchObject({ status: 401, reason: "BAD_AUDIENCE" });
  });

  it("is not trusted where there is no demo world", async () => {
    const client = await database.owner.connect();
    await client.query("begin; update iam.providers set code = 'own' where code = 'demo'");
    await expect(client.query(script.replace("begin;", ""))).rejects.toThrow(/belongs to the demo world/);
    client.release(true);
  });
});
