/** The new enemy: nobody is answered with what was written after his right had ended, because of the lock. */
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { signDemoToken } from "../../src/auth/demo-issuer.js";
import { createPool, type Pool } from "../../src/database/pool.js";
import { createSessions } from "../../src/database/session.js";
import { schema } from "../../src/schema/index.js";
import { useTestDatabase } from "../support/database.js";
import { createTestGateway } from "../support/gateway.js";
import { demoCaller } from "./demo-callers.js";
import { type RaceResult, type RaceTrack, rights, runRace, waits } from "./races.js";

const races = Number(process.env.PORTCULLIS_RACES ?? 100);
const guarded = useTestDatabase();
const unguarded = useTestDatabase();
const pools: Pool[] = [];

function track(database: typeof guarded): RaceTrack {
  const pool = createPool({ url: database.url, size: 6, acquireTimeoutMillis: 10_000, prepare: true });
  pools.push(pool);
  const sessions = createSessions(pool);
  return { owner: database.owner, sessions, host: demoCaller("alice@acme.test"), guest: demoCaller("bob@acme.test") };
}

async function overGraphql(database: typeof guarded): Promise<RaceTrack> {
  const pool = createPool({ url: database.url, size: 6, acquireTimeoutMillis: 10_000, prepare: true });
  pools.push(pool);
  const sessions = createSessions(pool);
  const providerRows = () => pool.query({ sql: "select * from iam.list_providers()", parameters: [] });
  const gateway = createTestGateway({ schema, sessions, providerRows });
  const emails = { host: "alice@acme.test", guest: "bob@acme.test" };
  const ask: RaceTrack["ask"] = async (who, query) => {
    const subject = emails[who];
    const token = await signDemoToken(inject("cluster").demoIssuer, { subject, email: subject, lifetimeSeconds: 600 });
    return JSON.stringify((await gateway.as(token).query(query)).body);
  };
  return { ...track(database), ask };
}

async function run(on: RaceTrack, count: number): Promise<readonly RaceResult[]> {
  const results: RaceResult[] = [];
  for (let n = 0; n < count; n += 1) {
    const right = rights[n % rights.length] ?? "a share";
    const wait = waits[Math.floor(n / rights.length) % waits.length] ?? "update";
    results.push(await runRace(on, { right, wait }));
  }
  return results;
}

beforeAll(async () => {
  await unguarded.owner.query(
    "create or replace function iam.lock_authority(tenant uuid) returns void language plpgsql as $$ begin end $$",
  );
});
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.close()));
});

describe("a right that ends while its holder waits for a row", () => {
  it(`leaks nothing that was written later (${races} races)`, { timeout: races * 1_000 + 30_000 }, async () => {
    const results = await run(track(guarded), races);
    expect(results.filter((result) => result.leaked)).toEqual([]);
    // the races were races: the end of the right had to wait for the guest
    expect(results.filter((result) => result.waited).length).toBe(races);
  });

  it(`leaks nothing over GraphQL either (${races} races)`, { timeout: races * 1_000 + 30_000 }, async () => {
    const results = await run(await overGraphql(guarded), races);
    expect(results.filter((result) => result.leaked)).toEqual([]);
    expect(results.filter((result) => result.waited).length).toBe(races);
  });

  it("leaks over GraphQL within 20 races once the lock is taken away", { timeout: 60_000 }, async () => {
    const results = await run(await overGraphql(unguarded), 20);
    expect(results.filter((result) => result.leaked).length).toBeGreaterThan(0);
  });

  it("leaks within 20 races once the lock is taken away", { timeout: 60_000 }, async () => {
    const results = await run(track(unguarded), 20);
    expect(results.filter((result) => result.leaked).length).toBeGreaterThan(0);
  });
});
