/** Random worlds: what the oracle decides is what PostgreSQL does. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPool, type Pool } from "../../src/database/pool.js";
import { createSessions, type Sessions } from "../../src/database/session.js";
import { useTestDatabase } from "../support/database.js";
import { proveWorld, proveWorlds, readRegressions } from "./prove-worlds.js";

const database = useTestDatabase();
let pool: Pool;
let sessions: Sessions;
beforeAll(() => {
  pool = createPool({ url: database.url, size: 2, acquireTimeoutMillis: 30_000, prepare: true });
  sessions = createSessions(pool);
});
afterAll(() => pool.close());

describe("a random world", () => {
  it.concurrent.each([1, 2])(
    "agrees with the oracle for every caller, feature, scope, row and command (seed %i)",
    { timeout: 300_000 },
    async (seed) => {
      const result = await proveWorlds({ owner: database.owner, sessions, seed, worlds: 50, stride: 3 });
      expect(result.failure).toBeNull();
      expect(result.worlds).toBe(50);
      // the worlds say something: hundreds of decisions each
      expect(result.decisions).toBeGreaterThan(20_000);
    },
  );
});

describe("a world that once disagreed", () => {
  it("agrees with the oracle", { timeout: 60_000 }, async () => {
    for (const [name, world] of await readRegressions()) {
      const verdict = await proveWorld({ owner: database.owner, sessions, stride: 1 }, world);
      expect(verdict.disagreements, name).toEqual([]);
    }
  });
});
