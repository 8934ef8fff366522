/** In charge of changes where LISTEN is not to be had: switched off, refused, or swallowed by a pooler. */
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createChanges } from "../../src/database/changes.js";
import { createPool, type Pool } from "../../src/database/pool.js";
import { useLiveGateway } from "../support/live-gateway.js";

const live = useLiveGateway({ listenUrl: () => null });

const alice = "alice@acme.test";
const jane = "jane@acme.test";
const mine = "subscription { permissionsChanged { features { feature scope } } }";
const share = 'feature: "todos.share", user: "jane@acme.test", scope: "tenant/acme"';

let pool: Pool;
beforeAll(() => {
  pool = createPool({ url: live.database.url, size: 2, acquireTimeoutMillis: 5_000, prepare: true });
});
afterAll(() => pool?.close());

describe("without LISTEN", () => {
  it("a subscriber is told what he is given, and that it was taken away", async () => {
    const stream = await live.follow(jane, mine);
    const first = await stream.next();
    expect(live.changes.means).toBe("polling");
    const { grantFeature } = await live.ask(alice, `mutation { grantFeature(input: { ${share} }) { grant { id } } }`);
    expect(JSON.stringify(await stream.next())).toContain("todos.share");
    await live.ask(alice, `mutation { revokeGrant(input: { id: "${grantFeature.grant.id}" }) { revoked } }`);
    expect(await stream.next()).toEqual(first);
    stream.hangUp();
  });

  it("a subscriber hears nothing of what others are given", async () => {
    const stream = await live.follow(jane, mine);
    await stream.next();
    await live.ask(alice, `mutation { grantFeature(input: { ${share.replace("jane", "bob")} }) { grant { id } } }`);
    expect(await stream.isSilent(1_500)).toBe(true);
    stream.hangUp();
  });
});

describe("an address where LISTEN is of no use", () => {
  it.each([
    ["nobody answers", "postgres://authenticator@127.0.0.1:1/nothing", /ECONNREFUSED/],
    ["notifications of another database arrive", "another", /No notification arrives/],
  ])("is not believed where %s: changes are looked for instead", { timeout: 40_000 }, async (_, address, problem) => {
    const url = address === "another" ? live.database.url.replace(/\/[^/]*$/, "/postgres") : address;
    const told: unknown[] = [];
    let woken = 0;
    const changes = createChanges({ pool, listenUrl: url, lingerMillis: 0, onListening: (error) => told.push(error) });
    const stop = changes.watch({ of: "authority", concerns: () => true, wake: () => (woken += 1) });
    await vi.waitFor(() => expect(String(told[0])).toMatch(problem), { timeout: 20_000 });
    expect(changes.means).toBe("polling");
    const before = woken;
    await live.ask(alice, `mutation { createGroup(input: { name: "Polled ${address.length}" }) { group { id } } }`);
    await vi.waitFor(() => expect(woken).toBeGreaterThan(before), { timeout: 5_000 });
    stop();
    await changes.stop();
    expect(changes.means).toBe("none");
  });
});

describe("a connection that listens", () => {
  const pids = async () => {
    const { rows } = await live.database.owner.query(
      "select pid from pg_stat_activity where datname = current_database() and application_name = 'portcullis listen'",
    );
    return rows.map(({ pid }) => pid as number);
  };

  it("serves who comes back at once, and is gone a while after the last", async () => {
    const listenUrl = live.database.url;
    const changes = createChanges({ pool, listenUrl, lingerMillis: 1_000, onListening: () => undefined });
    const watch = () => changes.watch({ of: "authority", concerns: () => true, wake: () => undefined });
    const leave = watch();
    await vi.waitFor(() => expect(changes.means).toBe("notifications"), { timeout: 10_000 });
    const before = await pids();
    leave();
    const leaveAgain = watch();
    expect(await pids()).toEqual(before);
    expect(before).toHaveLength(1);
    leaveAgain();
    await vi.waitFor(async () => expect(await pids()).toEqual([]), { timeout: 10_000 });
    expect(changes.means).toBe("none");
    await changes.stop();
  });
});

describe("what is notified", () => {
  it("is an id and nothing else, and nothing for reads and resource writes", async () => {
    const client = new pg.Client({ connectionString: live.database.url });
    await client.connect();
    const heard: string[] = [];
    client.on("notification", ({ payload }) => heard.push(payload ?? ""));
    await client.query("listen portcullis_authority");
    await live.ask(alice, 'mutation { createTodo(input: { title: "Quiet" }) { todo { id } } }');
    await live.ask(alice, "{ todos { totalCount } viewer { kind } }");
    await live.ask(alice, `mutation { grantFeature(input: { ${share} }) { grant { id } } }`);
    const { rows } = await live.database.owner.query("select id from iam.users where email = $1", [jane]);
    await vi.waitFor(() => expect(heard).toEqual([rows[0].id]));
    await client.end();
  });
});
