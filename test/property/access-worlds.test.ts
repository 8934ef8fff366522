/** Random worlds: what GraphQL says one may do is what then happens. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPool, type Pool } from "../../src/database/pool.js";
import { createSessions } from "../../src/database/session.js";
import { useTestDatabase } from "../support/database.js";
import { type Gateway, startGateway } from "./ask-gateway.js";
import { compareAccess } from "./compare-access.js";
import { readRegressions, sampleWorlds } from "./prove-worlds.js";
import { storeWorld } from "./store-world.js";

const database = useTestDatabase();
let gateway: Gateway;
let pool: Pool;
beforeAll(async () => {
  gateway = await startGateway(database.url);
  pool = createPool({ url: database.url, size: 2, acquireTimeoutMillis: 30_000, prepare: true });
});
afterAll(async () => {
  await gateway.close();
  await pool.close();
});

describe("the access that a caller is told in a random world", () => {
  it("is what then happens when each command is tried", { timeout: 300_000 }, async () => {
    const sessions = createSessions(pool);
    const worlds = [...sampleWorlds({ seed: 5, worlds: 8 }), ...(await readRegressions()).map(([, world]) => world)];
    let decisions = 0;
    for (const [n, world] of worlds.entries()) {
      const verdict = await compareAccess({ gateway, sessions }, await storeWorld(database.owner, world, `a${n}`));
      expect(verdict.disagreements.slice(0, 20), JSON.stringify(world)).toEqual([]);
      decisions += verdict.decisions;
    }
    expect(decisions).toBeGreaterThan(10_000);
  });
});
