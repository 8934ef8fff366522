/** In charge of a database that dies under the gateway: requests are told so in time, and answered again once it is back. */
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { seedDemoWorld } from "../../src/database/demo-world.js";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/database/embedded.js";
import { migrate } from "../../src/database/migrate.js";
import { createPool, type Pool } from "../../src/database/pool.js";
import { bootstrapRoles, ensureDatabase } from "../../src/database/roles.js";
import { startDatabaseProxy } from "../support/database-proxy.js";
import type { Answer } from "../support/gateway.js";
import { type AskAs, gatewayOver } from "../support/gateway-over.js";

let folder: string;
let server: EmbeddedPostgres;
let port: number;
let adminUrl: string;
let url: string;
let pool: Pool;
let ask: AskAs;

const settings = { fsync: "off", full_page_writes: "off", autovacuum: "off" };
const bob = "bob@acme.test";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "portcullis-gone-"));
  // Closed to everybody else by mkdtemp, also to the user that PostgreSQL runs as.
  await chmod(folder, 0o711);
  server = await startEmbeddedPostgres({ dataFolder: folder, settings });
  port = server.port;
  adminUrl = await ensureDatabase(server.adminUrl, "portcullis");
  await bootstrapRoles({ adminUrl, authenticatorPassword: server.authenticatorPassword });
  await migrate({ adminUrl });
  await seedDemoWorld(adminUrl, inject("cluster").demoIssuer);
  url = `postgres://authenticator:${server.authenticatorPassword}@127.0.0.1:${port}/portcullis`;
  pool = createPool({ url, size: 4, acquireTimeoutMillis: 900, prepare: true });
  ask = gatewayOver(pool).ask;
});
afterAll(async () => {
  await pool?.close();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Without a word to anybody: SIGQUIT lets PostgreSQL end at once, as after a crash. */
async function kill(): Promise<void> {
  const [pid] = (await readFile(join(folder, "postgres", "postmaster.pid"), "utf8")).split("\n");
  process.kill(Number(pid), "SIGQUIT");
  await server.stop();
}

const restart = async () => {
  server = await startEmbeddedPostgres({ dataFolder: folder, settings: { ...settings, port: String(port) } });
};

const read = () => ask(bob, "{ todos { totalCount } }");
const write = (title: string) =>
  ask(bob, "mutation ($title: String!) { createTodo(input: { title: $title }) { todo { title } } }", { title });

function expectUnavailable({ status, body }: Answer): void {
  expect({ status, body }).toMatchObject({
    status: 503,
    body: { errors: [{ extensions: { code: "UNAVAILABLE" } }] },
  });
  expect(JSON.stringify(body)).not.toMatch(/ECONN|127\.0\.0\.1|postgres|socket|terminat/i);
  expect(body.data ?? null).toBeNull();
}

describe("a connection that is ended by an administrator", () => {
  it("rejects the request that was on it with UNAVAILABLE, and reads the next", async () => {
    const administrators = new pg.Pool({ connectionString: adminUrl, max: 2 });
    const locker = await administrators.connect();
    await locker.query("begin");
    await locker.query("lock table public.todos in access exclusive mode");
    const waiting = read();
    const end = `select pg_terminate_backend(pid) from pg_stat_activity
      where usename = 'authenticator' and wait_event_type = 'Lock'`;
    while ((await administrators.query(end)).rowCount === 0) await sleep(10);
    expectUnavailable(await waiting);
    await locker.query("rollback");
    locker.release();
    await administrators.end();
    expect((await read()).status).toBe(200);
  });
});

describe("a line that breaks", () => {
  it.each([
    ["a query", "{ todos { totalCount } }"],
    ["a query of several fields", "{ viewer { kind } todos { totalCount } }"],
    ["a mutation", 'mutation { createTodo(input: { title: "Cut" }) { todo { id } } }'],
  ])("rejects %s that was on it with UNAVAILABLE when no other line can be had", async (_name, query) => {
    const proxy = await startDatabaseProxy(url);
    const throughProxy = createPool({ url: proxy.url, size: 1, acquireTimeoutMillis: 300, prepare: true });
    const asked = gatewayOver(throughProxy).ask;
    // a slow machine may not open a line in the time that the test gives it
    await vi.waitFor(async () => expect((await asked(bob, "{ viewer { kind } }")).status).toBe(200), {
      timeout: 10_000,
    });
    const before = proxy.writes();
    // Sent in every operation, in the settings' values.
    proxy.cutAfter("portcullis-demo");
    const waiting = asked(bob, query);
    while (proxy.writes() === before) await new Promise((resolve) => setImmediate(resolve));
    proxy.hang();
    expectUnavailable(await waiting);
    await proxy.stop();
    await throughProxy.close();
  });
});

describe("a database that is not there when the gateway begins", () => {
  it("rejects a good token with UNAVAILABLE, not as a bad one", async () => {
    const nowhere = createPool({
      url: "postgres://nobody@127.0.0.1:1/none",
      size: 1,
      acquireTimeoutMillis: 300,
      prepare: true,
    });
    expectUnavailable(await gatewayOver(nowhere).ask(bob, "{ viewer { kind } }"));
    await nowhere.close();
  });
});

describe("a database that is killed", () => {
  it("reads and writes as long as it is there", async () => {
    for (const answer of await Promise.all([read(), read(), read(), read(), write("Before")]))
      expect(answer).toMatchObject({ status: 200 });
  });

  it("rejects every request with UNAVAILABLE in time, whether its connection was open or not", async () => {
    await kill();
    const started = performance.now();
    for (const answer of await Promise.all([...Array.from({ length: 12 }, read), write("While")]))
      expectUnavailable(answer);
    expect(performance.now() - started).toBeLessThan(4_000);
  });

  it("rejects a bad document with 400 all the same, and reads what needs no database", async () => {
    expect((await ask(bob, "{ nothing }")).status).toBe(400);
    expect((await ask(bob, "{ __typename }")).body).toEqual({ data: { __typename: "Query" } });
  });

  it("reads and writes again by itself once it is back, and has kept what was told to be kept", async () => {
    await restart();
    const until = performance.now() + 5_000;
    let answer = await read();
    while (answer.status !== 200 && performance.now() < until) {
      expectUnavailable(answer);
      await sleep(50);
      answer = await read();
    }
    expect(answer.status).toBe(200);
    expect((await write("After")).status).toBe(200);
    const { body } = await ask(bob, "{ todos(first: 100) { nodes { title } } }");
    const titles = body.data.todos.nodes.map(({ title }: { readonly title: string }) => title);
    expect(titles).toEqual(expect.arrayContaining(["Before", "After"]));
    expect(titles).not.toContain("While");
  });

  it("rejects what was under way when it is killed, and never answers half of it", async () => {
    const running = Array.from({ length: 40 }, (_, index) => (index % 4 === 0 ? write(`Running ${index}`) : read()));
    await Promise.all([kill(), sleep(5)]);
    const answers = await Promise.all(running);
    for (const answer of answers) {
      if (answer.status === 200) expect(answer.body.errors).toBeUndefined();
      else expectUnavailable(answer);
    }
    await restart();
    for (let tries = 0; tries < 40 && (await read()).status !== 200; tries++) await sleep(50);
    const { body } = await ask(bob, "{ todos(first: 100) { nodes { title } } }");
    const stored = new Set(body.data.todos.nodes.map(({ title }: { readonly title: string }) => title));
    for (const { status, body: told } of answers)
      if (status === 200 && told.data.createTodo) expect(stored).toContain(told.data.createTodo.todo.title);
  });
});
