/** In charge of /metrics: what is counted, and that nothing of a caller, a tenant or a client's text is ever in it. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPool, type Pool } from "../../src/database/pool.js";
import { createSessions } from "../../src/database/session.js";
import { createMetrics, type Metrics } from "../../src/observe/metrics.js";
import { schema } from "../../src/schema/index.js";
import { useTestDatabase } from "../support/database.js";
import { createTestGateway, type TestGateway } from "../support/gateway.js";
import { tokenFor } from "../support/gateway-over.js";

const database = useTestDatabase();
let pool: Pool;
let metrics: Metrics;
let gateway: TestGateway;

const providerRows = () => pool.query({ sql: "select * from iam.list_providers()", parameters: [] });

beforeAll(() => {
  pool = createPool({ url: database.url, size: 2, acquireTimeoutMillis: 5_000, prepare: true });
  metrics = createMetrics({
    pool: () => pool.load,
    subscriptions: () => 3,
    changes: () => "polling",
    auditLost: () => 0,
  });
  const sessions = metrics.countSessions(createSessions(pool));
  gateway = createTestGateway({ schema, sessions, providerRows, metrics });
});
afterAll(() => pool?.close());

const show = async (): Promise<string> =>
  (await gateway.send(new Request("http://gateway.test/metrics"))).body as string;
const figure = async (name: string): Promise<number> =>
  Number(
    (await show())
      .split("\n")
      .find((line) => line.startsWith(`${name} `))
      ?.split(" ")[1] ?? 0,
  );
const ask = async (email: string, query: string) => gateway.as(await tokenFor(email)).query(query);

describe("/metrics", () => {
  it("counts requests, operations, sessions and errors by their codes", async () => {
    await ask("alice@acme.test", "{ viewer { kind } }");
    await ask(
      "bob@acme.test",
      'mutation { createScope(input: { type: "campus", key: "x", parent: "tenant/acme" }) { scope { id } } }',
    );
    await gateway.as("nonsense").query("{ viewer { kind } }");
    await ask("alice@acme.test", "{ nothing }");
    expect(await figure('portcullis_requests_total{status="401"}')).toBe(1);
    expect(await figure('portcullis_operation_seconds_count{kind="query",outcome="success"}')).toBe(1);
    expect(await figure('portcullis_operation_seconds_count{kind="mutation",outcome="error"}')).toBe(1);
    expect(await figure('portcullis_sessions_total{mode="read"}')).toBe(1);
    expect(await figure('portcullis_sessions_total{mode="write"}')).toBe(1);
    expect(await figure('portcullis_errors_total{code="FORBIDDEN"}')).toBe(1);
    expect(await figure('portcullis_errors_total{code="UNAUTHENTICATED"}')).toBe(1);
    expect(await figure('portcullis_errors_total{code="GRAPHQL_VALIDATION_FAILED"}')).toBe(1);
  });

  it("shows the pool, the subscriptions and how changes are heard of", async () => {
    const held = await pool.acquire();
    expect(await figure('portcullis_pool_connections{state="lent"}')).toBe(1);
    held.release();
    expect(await figure('portcullis_pool_connections{state="lent"}')).toBe(0);
    expect(await figure("portcullis_subscriptions")).toBe(3);
    expect(await figure('portcullis_changes_heard_by{means="polling"}')).toBe(1);
    expect(await figure('portcullis_changes_heard_by{means="notifications"}')).toBe(0);
  });

  it("counts neither itself nor the questions after its health", async () => {
    const total = async () =>
      (await show())
        .split("\n")
        .filter((line) => line.startsWith("portcullis_requests_total{"))
        .join();
    const before = await total();
    await gateway.send(new Request("http://gateway.test/health/live"));
    expect(await total()).toBe(before);
  });

  it("says nothing of who asked, where, or what", async () => {
    await ask(
      "alice@acme.test",
      '{ todos(filter: { title: { eq: "shibboleth" } }) { totalCount } shibboleth: viewer { kind } }',
    );
    await gateway.send(new Request("http://gateway.test/shibboleth"));
    expect(await show()).not.toMatch(/shibboleth|alice|acme|viewer|todos/i);
  });

  it("is not there where it is switched off, nor for a POST", async () => {
    const without = createTestGateway({ schema, sessions: createSessions(pool), providerRows });
    expect((await without.send(new Request("http://gateway.test/metrics"))).status).toBe(404);
    expect((await gateway.send(new Request("http://gateway.test/metrics", { method: "POST" }))).status).toBe(404);
  });

  it("is described, figure by figure, in the docs", async () => {
    const names = [...(await show()).matchAll(/^# TYPE (portcullis_\S+)/gm)].map(([, name = ""]) => name);
    const page = readFileSync(new URL("../../docs/metrics.md", import.meta.url), "utf8");
    expect([...page.matchAll(/`(portcullis_\w+)`/g)].map(([, name]) => name).toSorted()).toEqual(names.toSorted());
  });
});
