/** Random worlds: what the oracle decides is what PostgreSQL does. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, it } from "vitest";
import { createPool, type Pool } from "../../src/database/pool.js";
import { createSessions } from "../../src/database/session.js";
import { useTestDatabase } from "../support/database.js";
import { arbitraryWorld } from "./arbitrary-world.js";
import { compareWithDatabase } from "./compare.js";
import { storeWorld } from "./store-world.js";

const database = useTestDatabase();
let pool: Pool;
beforeAll(() => {
  pool = createPool({ url: database.url, size: 2, acquireTimeoutMillis: 5_000, prepare: true });
});
afterAll(() => pool.close());

describe("a random world", () => {
  it("agrees with the oracle for every caller, feature, scope, row and command", { timeout: 300_000 }, async () => {
    const sessions = createSessions(pool);
    let stored = 0;
    let decisions = 0;
    const started = Date.now();
    await fc.assert(
      fc.asyncProperty(arbitraryWorld, async (world) => {
        const verdict = await compareWithDatabase(sessions, await storeWorld(database.owner, world, `w${stored++}`));
        decisions += verdict.decisions;
        if (verdict.disagreements.length > 0) throw new Error(verdict.disagreements.slice(0, 20).join("\n"));
      }),
      { numRuns: Number(process.env.N ?? 10), seed: 20261121 },
    );
    process.stdout.write(`${stored} worlds ${decisions} decisions ${Date.now() - started} ms\n`);
  });
});
