/** What the policies are measured against decides what they decide: in random worlds the statements by hand answer the same rows. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { theSameByHand } from "../../bench/policies/same.js";
import { createPool, type Pool } from "../../src/database/pool.js";
import { createSessions, type Sessions } from "../../src/database/session.js";
import { useTestDatabase } from "../support/database.js";
import { callerOf, inSession } from "./ask-database.js";
import type { Credential } from "./oracle.js";
import { sampleWorlds } from "./prove-worlds.js";
import { storeWorld } from "./store-world.js";

const database = useTestDatabase();
let pool: Pool;
let sessions: Sessions;
beforeAll(() => {
  pool = createPool({ url: database.url, size: 2, acquireTimeoutMillis: 30_000, prepare: true });
  sessions = createSessions(pool);
});
afterAll(() => pool.close());

interface Seen {
  readonly me: string;
  readonly tenant: string;
  readonly identity: string;
  readonly ids: readonly string[];
  readonly updatable: readonly string[];
}

// What the policies answer in the caller's own session; null when none opens, or in no tenant.
async function seenUnderPolicies(
  stored: Awaited<ReturnType<typeof storeWorld>>,
  who: Credential,
): Promise<Seen | null> {
  const found = await inSession(sessions, callerOf(stored, who), async (session) => {
    const [seen] = await session.run<{ seen: Seen }>({
      sql: `select json_build_object(
        'me', iam.caller_id(), 'tenant', iam.caller_tenant_id(), 'identity', current_setting('app.identity_id'),
        'ids', array(select id from todos order by created_at desc, id desc)) as seen`,
      parameters: [],
    });
    const updated = await session.run<{ id: string }>({
      sql: "update todos set done = done returning id",
      parameters: [],
    });
    return seen && { ...seen.seen, updatable: updated.map(({ id }) => id) };
  });
  return typeof found === "object" && found.tenant !== null ? found : null;
}

type Comparison = "arrays" | "sets";

// What is written by hand for a case, run as the tables' owner; nothing is kept.
async function byHand(seen: Seen, name: string, { one, by }: { readonly one: string; readonly by: Comparison }) {
  const known = { ...seen, everywhere: false, scopes: [], shared: [], one, own: one };
  const { sql = "", parameters = [] } = theSameByHand(known, [], by)[name] ?? {};
  const client = await database.owner.connect();
  try {
    await client.query("begin");
    return (await client.query({ text: sql, values: [...parameters], rowMode: "array" })).rows;
  } finally {
    await client.query("rollback");
    client.release();
  }
}

interface Page {
  readonly rows: readonly { readonly nodes: { readonly id: string } }[];
}

async function expectTheSame(seen: Seen, all: readonly string[], by: Comparison): Promise<void> {
  const [one = seen.me] = all;
  const [[counted]] = (await byHand(seen, "count", { one, by })) as [[string]];
  expect(Number(counted)).toBe(seen.ids.length);
  const [[page]] = (await byHand(seen, "list 50", { one, by })) as [[Page]];
  expect(page.rows.map(({ nodes }) => nodes.id)).toEqual(seen.ids.slice(0, 51));
  for (const id of all) {
    expect((await byHand(seen, "point read", { one: id, by })).length === 1).toBe(seen.ids.includes(id));
    expect((await byHand(seen, "update", { one: id, by })).length === 1).toBe(seen.updatable.includes(id));
  }
}

describe("the same by hand", () => {
  it("shows and hides what the policies do, to everybody in every tenant", { timeout: 300_000 }, async () => {
    const told = { callers: 0, shown: 0, hidden: 0 };
    for (const [index, world] of sampleWorlds({ seed: 4, worlds: 20 }).entries()) {
      const stored = await storeWorld(database.owner, world, `hand${index}`);
      const all = (await database.owner.query<{ id: string }>("select id from todos")).rows.map(({ id }) => id);
      const callers = world.users.flatMap(({ id: user }) => world.tenants.map(({ id: tenant }) => ({ user, tenant })));
      for (const who of callers) {
        const seen = await seenUnderPolicies(stored, who);
        if (seen === null) continue;
        const some = all.filter((_, place) => place % 4 === index % 4);
        for (const by of ["arrays", "sets"] as const) await expectTheSame(seen, some, by);
        told.callers += 1;
        told.shown += seen.ids.length;
        told.hidden += all.length - seen.ids.length;
      }
    }
    expect(told.callers).toBeGreaterThan(50);
    expect(told.shown).toBeGreaterThan(50);
    expect(told.hidden).toBeGreaterThan(50);
  });
});
