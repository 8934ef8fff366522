/** In charge of how subscriptions end and what they leave: with the credential, with the right to be here, with the line, with the gateway. */

import { afterEach, describe, expect, inject, it, vi } from "vitest";
import { CredentialError } from "../../src/auth/credential-error.js";
import { signDemoToken } from "../../src/auth/demo-issuer.js";
import { arrangeKey } from "../support/api-keys.js";
import type { EventStream } from "../support/event-stream.js";
import { graphqlRequest } from "../support/gateway.js";
import { tokenFor } from "../support/gateway-over.js";
import { useLiveGateway } from "../support/live-gateway.js";

let refusal: CredentialError | null = null;
let onLook: () => Promise<void> = async () => undefined;
const live = useLiveGateway({
  mostPerSubscriber: 3,
  beforeAuthenticate: async () => {
    if (refusal !== null) throw refusal;
    await onLook();
  },
});

const bob = "bob@acme.test";
const jane = "jane@acme.test";
const mine = "subscription { permissionsChanged { features { feature scope } } }";

const streams: EventStream[] = [];
const begin = async (stream: Promise<EventStream>): Promise<EventStream> => {
  const begun = await stream;
  streams.push(begun);
  expect((await begun.next()).errors).toBeUndefined();
  return begun;
};
const isHeard = () => vi.waitFor(() => expect(live.changes.means).toBe("notifications"), { timeout: 15_000 });
const run = (sql: string, ...values: unknown[]) => live.database.owner.query(sql, values);
const errorOf = async (stream: EventStream) => {
  const { errors, data } = await stream.next();
  expect(data).toBeUndefined();
  expect(await stream.next()).toBeNull();
  return errors[0].extensions;
};

afterEach(async () => {
  for (const stream of streams.splice(0)) stream.hangUp();
  await vi.waitFor(() => expect(live.subscriptions.count).toBe(0), { timeout: 10_000 });
});

describe("a subscription ends with an error that says why", () => {
  it("when the token expires, though nothing happens", async () => {
    const token = await signDemoToken(inject("cluster").demoIssuer, { subject: jane, email: jane, lifetimeSeconds: 6 });
    const stream = await begin(live.followWith({ authorization: `Bearer ${token}` }, mine));
    expect(await errorOf(stream)).toEqual({ code: "UNAUTHENTICATED", reason: "TOKEN_EXPIRED" });
  });

  it("when the user is locked, disabled, or his identity is", async () => {
    for (const [table, where, change, back, reason] of [
      ["users", "email = $1", "is_locked = true", "is_locked = false", 52106],
      ["users", "email = $1", "is_active = false", "is_active = true", 52105],
      ["identities", "subject = $1", "is_enabled = false", "is_enabled = true", 52110],
    ] as const) {
      const stream = await begin(live.follow(jane, mine));
      await run(`update iam.${table} set ${change} where ${where}`, jane);
      expect(await errorOf(stream)).toEqual({ code: "FORBIDDEN", reason });
      await run(`update iam.${table} set ${back} where ${where}`, jane);
    }
  });

  it("when the provider is disabled", async () => {
    const stream = await begin(live.follow(jane, mine));
    await run("update iam.providers set is_enabled = false");
    expect(await errorOf(stream)).toEqual({ code: "FORBIDDEN", reason: 52107 });
    await run("update iam.providers set is_enabled = true");
  });

  it("when the credential is not accepted any more, at the next look", async () => {
    const stream = await begin(live.follow(jane, mine));
    refusal = new CredentialError("UNKNOWN_KEY");
    await run("update iam.users set is_locked = false where email = $1", jane);
    expect(await errorOf(stream)).toEqual({ code: "UNAUTHENTICATED", reason: "UNKNOWN_KEY" });
    refusal = null;
  });

  it("when the membership of the named tenant ends, and leaves a denial in the audit", async () => {
    const stream = await begin(live.follow(bob, mine, { "x-tenant": "acme", "x-request-id": "ended-membership" }));
    await run(
      "update iam.tenant_members set deleted_at = now() where user_id = (select id from iam.users where email = $1)",
      bob,
    );
    expect(await errorOf(stream)).toEqual({ code: "FORBIDDEN", reason: 52108 });
    expect(live.audited).toContainEqual(
      expect.objectContaining({ request_id: "ended-membership", outcome: "denied", code: 50900 }),
    );
    await run("update iam.tenant_members set deleted_at = null");
  });

  it("when the API key is revoked, and when it expires", async () => {
    const revoked = await arrangeKey(live.database, { user: jane });
    const expiring = await arrangeKey(live.database, { user: jane, expires: 6 });
    const [one, other] = [
      await begin(live.followWith({ "x-api-key": revoked.text }, mine)),
      await begin(live.followWith({ "x-api-key": expiring.text }, mine)),
    ];
    await run("update iam.api_keys set revoked_at = now() where public_id = $1", revoked.publicId);
    expect(await errorOf(one)).toEqual({ code: "UNAUTHENTICATED", reason: "BAD_API_KEY" });
    expect(await errorOf(other)).toEqual({ code: "UNAUTHENTICATED", reason: "BAD_API_KEY" });
  });

  it("when nobody may act as the user any more, and not when somebody else is locked", async () => {
    const actAs = await begin(live.follow("alice@acme.test", mine, { "x-act-as": jane, "x-tenant": "acme" }));
    await run("update iam.users set is_locked = true where email = 'carol@globex.test'");
    expect(await actAs.isSilent(500)).toBe(true);
    await run("update iam.users set is_locked = true where email = 'alice@acme.test'");
    expect(await errorOf(actAs)).toEqual({ code: "FORBIDDEN", reason: 52106 });
    await run("update iam.users set is_locked = false");
  });
});

describe("a subscription is refused before it begins", () => {
  const plain = "application/graphql-response+json, text/event-stream";
  const post = async (headers: Readonly<Record<string, string>>) => {
    const response = await fetch(`${live.url}/graphql/stream`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: plain, ...headers },
      body: JSON.stringify({ query: mine }),
    });
    return { status: response.status, text: await response.text() };
  };

  it("to nobody, and to a bad credential, as a query is", async () => {
    expect(await post({})).toMatchObject({ status: 403, text: expect.stringContaining('"requires":"authenticated"') });
    expect(await post({ authorization: "Bearer x" })).toMatchObject({
      status: 401,
      text: expect.stringContaining("TOKEN_MALFORMED"),
    });
  });

  it("to whom no session is opened for", async () => {
    const authorization = `Bearer ${await tokenFor(jane)}`;
    const answer = await post({ authorization, "x-tenant": "globex" });
    expect(answer).toMatchObject({ status: 403, text: expect.stringContaining('"reason":52108') });
  });

  it("in any other form than JSON by POST, and to who takes no events", async () => {
    const authorization = `Bearer ${await tokenFor(jane)}`;
    expect((await post({ authorization, "content-type": "text/plain" })).status).toBe(415);
    expect((await fetch(`${live.url}/graphql/stream?query={__typename}`)).status).toBe(405);
    const json = await post({ authorization, accept: "application/graphql-response+json" });
    expect(json).toMatchObject({ status: 400, text: expect.stringContaining("text/event-stream") });
  });

  it("to the fourth of one caller, and lets another in", async () => {
    for (let count = 0; count < 3; count++) await begin(live.follow(jane, mine));
    expect((await live.follow(jane, mine)).status).toBe(429);
    await begin(live.follow(bob, mine));
    streams.shift()?.hangUp();
    await vi.waitFor(() => expect(live.subscriptions.count).toBe(3), { timeout: 10_000 });
    await begin(live.follow(jane, mine));
  });
});

describe("a subscription leaves nothing", () => {
  const listeners = async () =>
    (
      await run(
        "select pid from pg_stat_activity where datname = current_database() and application_name = 'portcullis listen'",
      )
    ).rowCount;

  const busy = async () =>
    (
      await run(
        "select from pg_stat_activity where datname = current_database() and application_name = 'portcullis' and state <> 'idle'",
      )
    ).rowCount;

  it("when its subscriber hangs up", async () => {
    const stream = await begin(live.follow(jane, mine));
    await isHeard();
    expect(await listeners()).toBe(1);
    stream.hangUp();
    await vi.waitFor(async () => expect(await listeners()).toBe(0), { timeout: 10_000 });
    expect([live.subscriptions.count, live.changes.means]).toEqual([0, "none"]);
  });

  it("on the pool, while nothing happens", async () => {
    await begin(live.follow(jane, mine));
    await begin(live.follow(bob, mine));
    // Each session, and each poll, is over in a moment; one that is held would stay.
    await vi.waitFor(async () => expect(await busy()).toBe(0), { timeout: 10_000, interval: 20 });
  });

  it("when he hangs up before the first event", async () => {
    const hangUp = new AbortController();
    let looks = 0;
    // The first is the request's own, the second and the third are the subscription's.
    onLook = async () => {
      looks += 1;
      if (looks === 3) hangUp.abort();
      // Until the gateway has heard of it.
      if (looks === 3) await new Promise((resolve) => setTimeout(resolve, 300));
    };
    const pending = fetch(`${live.url}/graphql/stream`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "text/event-stream",
        authorization: `Bearer ${await tokenFor(jane)}`,
      },
      body: JSON.stringify({ query: mine }),
      signal: hangUp.signal,
    });
    await pending.catch(() => undefined);
    await vi.waitFor(() => expect(looks).toBeGreaterThanOrEqual(3), { timeout: 10_000 });
    onLook = async () => undefined;
    await vi.waitFor(() => expect(live.subscriptions.count).toBe(0), { timeout: 10_000 });
  });
});

describe("a subscriber who takes nothing", () => {
  it("is cut off after a minute, and nothing in between keeps his events back", async () => {
    const limits: number[] = [];
    const response = await live.testGateway.gateway.fetch(
      graphqlRequest({ query: mine }, { accept: "text/event-stream", authorization: `Bearer ${await tokenFor(jane)}` }),
      { req: { socket: { setTimeout: (millis: number) => limits.push(millis) } } },
    );
    await vi.waitFor(() => expect(limits).toEqual([60_000]));
    expect(response.headers.get("x-accel-buffering")).toBe("no");
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
  });
});

describe("a subscription goes on", () => {
  it("when the listening connection is lost, and is told what came in between", async () => {
    const stream = await begin(live.follow(jane, mine));
    await isHeard();
    await run(`
      with lost as materialized (
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'portcullis listen'
      )
      insert into iam.grants (tenant_id, user_id, feature_id, scope_id)
      select s.tenant_id, u.id, f.id, s.id
      from lost, iam.scopes s, iam.users u, iam.features f
      where s.type = 'tenant' and s.key = 'acme' and u.email = 'jane@acme.test' and f.code = 'todos.share'`);
    expect(JSON.stringify(await stream.next())).toContain("todos.share");
    await isHeard();
  });

  it("when the database can't be asked for a while", async () => {
    const stream = await begin(live.follow(jane, mine));
    await isHeard();
    await run(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'portcullis%'`,
    );
    await run("delete from iam.grants where feature_id = (select id from iam.features where code = 'todos.share')");
    expect(JSON.stringify(await stream.next())).not.toContain("todos.share");
  });
});

// The last one: it stops what the others need.
describe("a gateway that stops", () => {
  it("ends its subscriptions with an error to come back by, and lets nobody in", async () => {
    const stream = await begin(live.follow(jane, mine));
    live.subscriptions.stop();
    expect(await errorOf(stream)).toEqual({ code: "UNAVAILABLE" });
    expect((await live.follow(jane, mine)).status).toBe(503);
  });
});
