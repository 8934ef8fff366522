/** Random worlds: what is explained and listed is what then happens. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPool, type Pool } from "../../src/database/pool.js";
import { createSessions, type Sessions } from "../../src/database/session.js";
import { useTestDatabase } from "../support/database.js";
import { compareExplanations } from "./compare-explanations.js";
import { readRegressions, sampleWorlds } from "./prove-worlds.js";
import { storeWorld } from "./store-world.js";

const database = useTestDatabase();
let pool: Pool;
let sessions: Sessions;
beforeAll(() => {
  pool = createPool({ url: database.url, size: 2, acquireTimeoutMillis: 30_000, prepare: true });
  sessions = createSessions(pool);
});
afterAll(() => pool.close());

const worlds = Number(process.env.PORTCULLIS_EXPLAINED ?? 8);

describe("a random world", () => {
  it("is explained and listed as it then happens, for every member, row and command", {
    timeout: 600_000,
  }, async () => {
    const kept = (await readRegressions()).map(([, world]) => world);
    let [decisions, affirmed] = [0, 0];
    for (const [n, world] of [...sampleWorlds({ seed: 5, worlds }), ...kept].entries()) {
      const stored = await storeWorld(database.owner, world, `e${n}`);
      const verdict = await compareExplanations({ owner: database.owner, sessions, stride: 4 }, stored);
      expect(verdict.disagreements.slice(0, 20), JSON.stringify(world)).toEqual([]);
      decisions += verdict.decisions;
      affirmed += verdict.affirmed;
    }
    // the worlds say something, and not only no
    expect(decisions).toBeGreaterThan(2_500);
    expect(affirmed).toBeGreaterThan(300);
  });
});
