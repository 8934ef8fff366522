/** Random worlds over HTTP: what the oracle decides is what GraphQL answers. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useTestDatabase } from "../support/database.js";
import { type Gateway, startGateway } from "./ask-gateway.js";
import { compareWithGateway } from "./compare-gateway.js";
import { readRegressions, sampleWorlds } from "./prove-worlds.js";
import { storeWorld } from "./store-world.js";

const database = useTestDatabase();
let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway(database.url);
});
afterAll(() => gateway.close());

describe("a random world over HTTP", () => {
  it("agrees with the oracle for every row, list, note, feature and mutation", { timeout: 120_000 }, async () => {
    const worlds = [...sampleWorlds({ seed: 3, worlds: 30 }), ...(await readRegressions()).map(([, world]) => world)];
    let decisions = 0;
    for (const [n, world] of worlds.entries()) {
      const verdict = await compareWithGateway(gateway, await storeWorld(database.owner, world, `h${n}`), 6);
      expect(verdict.disagreements, JSON.stringify(world)).toEqual([]);
      decisions += verdict.decisions;
    }
    expect(decisions).toBeGreaterThan(3_000);
  });
});
