/** In charge of whom the database lets in: the answer to a caller whose session can't be opened, byte for byte. */
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import { signDemoToken } from "../../src/auth/demo-issuer.js";
import { createPool, type Pool } from "../../src/database/pool.js";
import { createSessions } from "../../src/database/session.js";
import { useTestDatabase } from "../support/database.js";
import { createTestGateway, type TestGateway } from "../support/gateway.js";
import { toySchema } from "../support/toy-schema.js";

const database = useTestDatabase();
let pool: Pool;
let test: TestGateway;

beforeAll(() => {
  pool = createPool({ url: database.url, size: 3, acquireTimeoutMillis: 500, prepare: true });
  test = createTestGateway({
    schema: toySchema,
    sessions: createSessions(pool),
    providerRows: () => pool.query({ sql: "select * from iam.list_providers()", parameters: [] }),
  });
});
afterAll(() => pool.close());

const tokenOf = (email: string, tenant?: string) =>
  signDemoToken(inject("cluster").demoIssuer, { subject: email, email, tenant, lifetimeSeconds: 600 });

const ask = async (email: string | null, slug: string | null, query = "{ one many }", accept = "application/json") =>
  test.as(email && (await tokenOf(email)), { accept, ...(slug === null ? {} : { "x-tenant": slug }) }).query(query);

const noTenant = {
  status: 403,
  body: { errors: [{ message: "No access to this tenant.", extensions: { code: "FORBIDDEN", reason: 52108 } }] },
};

describe("a tenant", () => {
  beforeAll(async () => {
    await database.owner.query(`
      with tenant as (insert into iam.tenants (slug, name, deleted_at) values ('gone', 'Gone', now()) returning id)
      insert into iam.tenant_members (tenant_id, user_id)
      select tenant.id, users.id from tenant, iam.users where email = 'bob@acme.test'`);
  });

  it("allows its members", async () => {
    expect(await ask("alice@acme.test", "acme")).toMatchObject({
      status: 200,
      body: { data: { one: "1", many: "1" } },
    });
    expect(await ask("alice@acme.test", null)).toMatchObject({ status: 200 });
  });

  it.each([
    ["unknown", "nowhere"],
    ["foreign", "globex"],
    ["deleted, with the caller as its member,", "gone"],
    ["written in capitals", "ACME"],
    ["followed by another", "acme, globex"],
    ["written with a quote", "acme' or true --"],
    ["beyond ASCII", "acmé"],
  ])("that is %s is denied with the same answer as any other", async (_name, slug) => {
    for (const query of ["{ one }", "{ one many }", "mutation { write }"]) {
      const { status, body } = await ask("bob@acme.test", slug, query);
      expect({ status, body }).toEqual(noTenant);
    }
  });

  it("is denied the same way when the token names it, and to somebody anonymous", async () => {
    const { status, body } = await test.as(await tokenOf("bob@acme.test", "globex")).query("{ one }");
    expect({ status, body }).toEqual(noTenant);
    expect(await ask(null, "nowhere")).toMatchObject(noTenant);
  });
});

describe("a caller", () => {
  const restore: string[] = [];
  const change = (sql: string, back: string) => {
    restore.push(back);
    return database.owner.query(sql);
  };
  afterEach(async () => {
    for (const sql of restore.splice(0)) await database.owner.query(sql);
  });
  const setUser = (column: string, value: boolean) =>
    `update iam.users set ${column} = ${value} where email = 'erin@acme.test'`;

  it.each([
    ["who is unknown", 52103, null, null],
    ["who is not active", 52105, setUser("is_active", false), setUser("is_active", true)],
    ["who is locked", 52106, setUser("is_locked", true), setUser("is_locked", false)],
    ["who may not log in", 52112, setUser("may_log_in", false), setUser("may_log_in", true)],
    [
      "whose provider is disabled",
      52107,
      "update iam.providers set is_enabled = false where code = 'demo'",
      "update iam.providers set is_enabled = true where code = 'demo'",
    ],
  ])("%s is denied with 403 and the reason %i, and gets no data", async (_name, reason, sql, back) => {
    if (sql !== null && back !== null) await change(sql, back);
    const { status, body } = await ask(sql === null ? "ghost@nowhere.test" : "erin@acme.test", null);
    expect([status, body]).toEqual([
      403,
      { errors: [{ message: expect.any(String), extensions: { code: "FORBIDDEN", reason } }] },
    ]);
  });
});

describe("the database", () => {
  it("that has no connection to spare is told by one 503 in time, and serves again afterwards", async () => {
    const held = await Promise.all([pool.acquire(), pool.acquire(), pool.acquire()]);
    const start = performance.now();
    const { status, body } = await ask("alice@acme.test", "acme");
    expect([status, body.data, body.errors]).toEqual([
      503,
      undefined,
      [{ message: "The database is not available.", extensions: { code: "UNAVAILABLE" } }],
    ]);
    expect(performance.now() - start).toBeLessThan(2_000);
    for (const connection of held) connection.release();
    expect((await ask("alice@acme.test", "acme")).status).toBe(200);
  });

  it("is not asked about a credential that is not accepted", async () => {
    const held = await Promise.all([pool.acquire(), pool.acquire(), pool.acquire()]);
    expect((await test.as("a.b.c").query("{ one }")).status).toBe(401);
    for (const connection of held) connection.release();
  });
});
