/** Non-interference: what a caller can't read may change as it likes, and no byte of any answer that he gets does. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { createPool, type Pool } from "../../src/database/pool.js";
import { createSessions, type Sessions } from "../../src/database/session.js";
import { useTestDatabase } from "../support/database.js";
import { type Gateway, startGateway } from "./ask-gateway.js";
import { credentialsOf } from "./compare.js";
import { interfere } from "./interference.js";
import { readRegressions, sampleWorlds } from "./prove-worlds.js";
import { storeWorld } from "./store-world.js";

const database = useTestDatabase();
let pool: Pool;
let sessions: Sessions;
let gateway: Gateway;
beforeAll(async () => {
  pool = createPool({ url: database.url, size: 2, acquireTimeoutMillis: 30_000, prepare: true });
  sessions = createSessions(pool);
  gateway = await startGateway(database.url);
});
afterAll(async () => {
  await gateway.close();
  await pool.close();
});

it("hides every change of what a caller can't read from all that he asks", { timeout: 240_000 }, async () => {
  let answers = 0;
  for (const [n, world] of sampleWorlds({ seed: 11, worlds: 5 }).entries()) {
    const stored = await storeWorld(database.owner, world, `i${n}`);
    const callers = credentialsOf(stored).filter((_, k) => k % 9 === n);
    for (const who of callers) {
      const verdict = await interfere({ owner: database.owner, sessions, gateway, stored, who });
      expect(verdict.disagreements.slice(0, 4)).toEqual([]);
      answers += verdict.decisions;
    }
  }
  expect(answers).toBeGreaterThan(300);
});

it("hides it from whoever acts as somebody in the worlds that once failed", { timeout: 120_000 }, async () => {
  let callers = 0;
  for (const [n, [, world]] of (await readRegressions()).entries()) {
    const stored = await storeWorld(database.owner, world, `k${n}`);
    for (const who of credentialsOf(stored).filter(({ actAs }) => actAs !== undefined)) {
      const verdict = await interfere({ owner: database.owner, sessions, gateway, stored, who });
      expect(verdict.disagreements.slice(0, 4)).toEqual([]);
      callers += 1;
    }
  }
  expect(callers).toBeGreaterThan(0);
});
