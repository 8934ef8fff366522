/** In charge of the published negative vectors of JOSE, over HTTP: nothing invalid is let in, told apart, or paid for with a query. */
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPool, type Pool } from "../../src/database/pool.js";
import { createSessions } from "../../src/database/session.js";
import { listen, type RunningServer } from "../../src/http/server.js";
import { schema } from "../../src/schema/index.js";
import { useTestDatabase } from "../support/database.js";
import { type DatabaseProxy, startDatabaseProxy } from "../support/database-proxy.js";
import { createTestGateway } from "../support/gateway.js";
import { vectorKeySet } from "../support/jose/keys.js";
import { badVectors, goodVectors } from "../support/jose/vectors.js";

const database = useTestDatabase();
const issuer = "https://vectors.test/";
const audience = "portcullis";
const oneText = "The credential is not accepted.";
let proxy: DatabaseProxy;
let pool: Pool;
let server: RunningServer;
let bait: Server;
let asked = 0;

beforeAll(async () => {
  bait = createServer((_request, response) => {
    asked += 1;
    response.end(JSON.stringify(vectorKeySet));
  });
  await new Promise<void>((resolve) => bait.listen(0, "127.0.0.1", resolve));
  await database.owner.query(
    `with p as (
      insert into iam.providers (code, name, issuer, audience, algorithms, jwks)
      values ('vectors', 'Vectors', $1, array[$2], array['ES256', 'ES384', 'ES512', 'RS256', 'PS256', 'EdDSA'], $3)
      returning id
    )
    insert into iam.identities (provider_id, subject, user_id)
    select p.id, u.email, u.id from p, iam.users u where u.email = 'bob@acme.test'`,
    [issuer, audience, JSON.stringify(vectorKeySet)],
  );
  proxy = await startDatabaseProxy(database.url);
  pool = createPool({ url: proxy.url, size: 2, acquireTimeoutMillis: 10_000, prepare: true });
  const { gateway } = createTestGateway({
    schema,
    sessions: createSessions(pool),
    providerRows: () => pool.query({ sql: "select * from iam.list_providers()", parameters: [] }),
  });
  server = await listen(gateway, { host: "127.0.0.1", port: 0 });
});
afterAll(async () => {
  await server?.stop(0);
  await pool?.close();
  await proxy?.stop();
  bait?.close();
});

// An unknown issuer may be a new provider: the list is read again, once in ten seconds, whoever asks.
const spent = () => proxy.statements().filter((text) => !text.includes("iam.list_providers")).length;
const baitUrl = () => `http://127.0.0.1:${(bait.address() as AddressInfo).port}`;
const ask = async (authorization: string) => {
  const response = await fetch(`${server.url}/graphql`, {
    method: "POST",
    headers: { authorization, "content-type": "application/json", accept: "application/graphql-response+json" },
    body: '{"query":"{ viewer { user { email } } }"}',
  });
  return { status: response.status, challenge: response.headers.get("www-authenticate"), body: await response.json() };
};

describe("the vectors", () => {
  it("are let in where everything is right, for every kind of key", async () => {
    for (const [name, token] of goodVectors({ issuer, audience, bait: baitUrl() }))
      expect([name, await ask(`Bearer ${token}`)]).toEqual([
        name,
        { status: 200, challenge: null, body: { data: { viewer: { user: { email: "bob@acme.test" } } } } },
      ]);
  });

  it("are refused where anything is wrong: 401, one text, a known reason, no query, and nobody asked for keys", async () => {
    const vectors = badVectors({ issuer, audience, bait: baitUrl() });
    expect(vectors.length).toBeGreaterThan(300);
    expect(new Set(vectors.map(([name]) => name)).size).toBe(vectors.length);
    const before = spent();
    for (const [name, token] of vectors) {
      const { status, challenge, body } = await ask(`Bearer ${token}`);
      const [{ message, extensions }] = body.errors;
      expect([name, status, challenge, Object.keys(body), message, extensions]).toEqual([
        name,
        401,
        "Bearer",
        ["errors"],
        oneText,
        { code: "UNAUTHENTICATED", reason: expect.stringMatching(/^[A-Z_]+$/) },
      ]);
    }
    expect(spent()).toBe(before);
    expect(asked).toBe(0);
  }, 120_000);

  it.each([
    ["bytes that are no text", Buffer.from([0x80, 0xff, 0xfe]), /^HTTP\/1\.1 401 /],
    ["a tab", Buffer.from("a.b\t.c"), /^HTTP\/1\.1 401 /],
    ["a line of its own", Buffer.from("a.b.c\r\n d"), /^HTTP\/1\.1 40[01] /],
    ["a NUL", Buffer.from("a.b.c\0"), /^HTTP\/1\.1 400 /],
    ["20 KB", Buffer.alloc(20_000, "a"), /^HTTP\/1\.1 431 /],
  ])("are refused as raw bytes: %s", async (_name, bytes, answered) => {
    expect(await sendRaw(bytes)).toMatch(answered);
  });
});

function sendRaw(bytes: Buffer): Promise<string> {
  const { hostname, port } = new URL(server.url);
  const body = '{"query":"{ __typename }"}';
  const head = `POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nauthorization: Bearer `;
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let said = "";
    socket.setEncoding("latin1").on("data", (text) => {
      said += text;
    });
    socket.on("close", () => resolve(said)).on("error", (error) => (said === "" ? reject(error) : resolve(said)));
    socket.write(Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n\r\n${body}`)]));
  });
}
