/** Random worlds: what the access of the gateway's own types says one may do is what then happens. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPool, type Pool } from "../../src/database/pool.js";
import { createSessions } from "../../src/database/session.js";
import { useTestDatabase } from "../support/database.js";
import { type Gateway, startGateway } from "./ask-gateway.js";
import { arrangeAdministrators, attempts, compareAuthorityAccess, written } from "./compare-authority-access.js";
import { sampleWorlds } from "./prove-worlds.js";
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

describe("the access of the gateway's own types in a random world", () => {
  it("tells of every command that is tried here, and of no other", () => {
    expect(Object.fromEntries(written.map(({ name, functions }) => [name, [...functions.keys()].sort()]))).toEqual(
      Object.fromEntries(Object.entries(attempts).map(([name, commands]) => [name, Object.keys(commands).sort()])),
    );
  });

  it("is what then happens when each command is tried", { timeout: 300_000 }, async () => {
    const sessions = createSessions(pool);
    const told = new Set<string>();
    for (const [n, world] of sampleWorlds({ seed: 11, worlds: 10 }).entries()) {
      const stored = await storeWorld(database.owner, world, `b${n}`);
      await arrangeAdministrators(database.owner, stored);
      const verdict = await compareAuthorityAccess({ gateway, sessions }, stored);
      expect(verdict.disagreements.slice(0, 20), JSON.stringify(world)).toEqual([]);
      for (const one of verdict.told) told.add(`${one.kind} ${one.command} ${one.isTold}`);
    }
    const commands = Object.entries(attempts).flatMap(([kind, of]) => Object.keys(of).map((name) => `${kind} ${name}`));
    expect([...told].sort()).toEqual(commands.flatMap((command) => [`${command} false`, `${command} true`]).sort());
  });
});
