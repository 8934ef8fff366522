/** Random worlds with rows in the forms that the demo has not: what their oracle decides is what PostgreSQL does. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { createPool, type Pool } from "../../src/database/pool.js";
import { createSessions } from "../../src/database/session.js";
import { useTestDatabase } from "../support/database.js";
import { compareForms, formsFor, storeForms } from "./forms/compare.js";
import { makeForms } from "./forms/tables.js";
import { sampleWorlds } from "./prove-worlds.js";
import { storeWorld } from "./store-world.js";

const database = useTestDatabase();
let pool: Pool;
beforeAll(async () => {
  pool = createPool({ url: database.url, size: 2, acquireTimeoutMillis: 30_000, prepare: true });
  await makeForms(database.owner);
});
afterAll(() => pool.close());

it("agrees with the oracle on groups' rows, rows that follow another, public rows and conditions", {
  timeout: 240_000,
}, async () => {
  let decisions = 0;
  for (const [n, world] of sampleWorlds({ seed: 5, worlds: 40 }).entries()) {
    const stored = await storeWorld(database.owner, world, `f${n}`);
    const forms = formsFor(world);
    await storeForms(database.owner, stored, forms);
    const verdict = await compareForms(createSessions(pool), stored, forms);
    expect(verdict.disagreements.slice(0, 10), JSON.stringify(world)).toEqual([]);
    decisions += verdict.decisions;
  }
  expect(decisions).toBeGreaterThan(10_000);
});
