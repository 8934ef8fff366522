/** Death in the middle of a session: whoever is ended is nobody from then on. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPool, type Pool } from "../../src/database/pool.js";
import { createSessions } from "../../src/database/session.js";
import { useTestDatabase } from "../support/database.js";
import { deaths, deathsOfActor, deathsOfKey, giveBobAKey, whoIsLeft } from "./deaths.js";
import { demoCaller } from "./demo-callers.js";

const database = useTestDatabase();
let pool: Pool;
beforeAll(() => {
  pool = createPool({ url: database.url, size: 2, acquireTimeoutMillis: 5_000, prepare: true });
});
afterAll(() => pool.close());

describe("an open session", () => {
  it.each(Object.entries(deaths))("hides its caller once %s", async (_, death) => {
    const place = { owner: database.owner, sessions: createSessions(pool), caller: demoCaller("bob@acme.test") };
    expect(await whoIsLeft(place, death)).toEqual([]);
  });

  it.each(Object.entries(deathsOfActor))("hides whom somebody acts as once %s", async (_, death) => {
    const caller = { ...demoCaller("alice@acme.test"), actAs: "bob@acme.test" };
    const place = { owner: database.owner, sessions: createSessions(pool), caller };
    expect(await whoIsLeft(place, death)).toEqual([]);
  });

  it.each(Object.entries(deathsOfKey))("hides the owner of its key once %s", async (_, death) => {
    const caller = await giveBobAKey(database.owner);
    const place = { owner: database.owner, sessions: createSessions(pool), caller };
    expect(await whoIsLeft(place, death)).toEqual([]);
  });

  it("hides its tenant from nobody's session once that is ended", async () => {
    const caller = { kind: "anonymous", tenant: "acme" } as const;
    const place = { owner: database.owner, sessions: createSessions(pool), caller };
    expect(await whoIsLeft(place, deaths["the tenant is ended"] ?? "")).toEqual([]);
  });
});
