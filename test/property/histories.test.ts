/** Random histories: nobody ever gains what no entitled hand gave, and what is refused changes nothing. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPool, type Pool } from "../../src/database/pool.js";
import { createSessions } from "../../src/database/session.js";
import { useTestDatabase } from "../support/database.js";
import { liveThrough } from "./histories.js";
import { sampleWorlds } from "./prove-worlds.js";

const histories = Number(process.env.PORTCULLIS_HISTORIES ?? 12);
const database = useTestDatabase();
let pool: Pool;
beforeAll(() => {
  pool = createPool({ url: database.url, size: 2, acquireTimeoutMillis: 10_000, prepare: true });
});
afterAll(() => pool.close());

describe("a random history of the functions of iam", () => {
  it("denies every gain that no entitled hand gave", { timeout: histories * 20_000 + 30_000 }, async () => {
    const sessions = createSessions(pool);
    const succeeded = new Map<string, number>();
    for (const [n, world] of sampleWorlds({ seed: 7, worlds: histories }).entries()) {
      const history = { owner: database.owner, sessions, world, label: `y${n}`, seed: n, steps: 60 };
      const result = await liveThrough(history);
      expect(result.faults, `world ${n}`).toEqual([]);
      for (const [name, count] of result.succeeded) succeeded.set(name, (succeeded.get(name) ?? 0) + count);
    }
    // the histories say something: most functions did what they do
    expect(succeeded.size).toBeGreaterThan(25);
  });
});
