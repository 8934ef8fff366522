/** Random histories, by SQL and over GraphQL: nobody ever gains what no entitled hand gave, and what is refused changes nothing. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPool, type Pool } from "../../src/database/pool.js";
import { createSessions } from "../../src/database/session.js";
import { schema } from "../../src/schema/index.js";
import { useTestDatabase } from "../support/database.js";
import { arbitraryWorld } from "./arbitrary-world.js";
import { type Gateway, startGateway } from "./ask-gateway.js";
import { liveThrough, type Way } from "./histories.js";
import { byGraphql } from "./try-by-graphql.js";
import { bySql } from "./try-by-sql.js";

const histories = Number(process.env.PORTCULLIS_HISTORIES ?? 10);
const database = useTestDatabase();
let pool: Pool;
let gateway: Gateway;
beforeAll(async () => {
  pool = createPool({ url: database.url, size: 2, acquireTimeoutMillis: 10_000, prepare: true });
  gateway = await startGateway(database.url, schema, { keepsTrail: true });
});
afterAll(async () => {
  await gateway.close();
  await pool.close();
});

let labels = 0;

interface Lived {
  readonly tried: number;
  readonly done: number;
  readonly succeeded: ReadonlySet<string>;
}

/** Lives through random histories. The first with a fault shrinks: to a smaller world, and to the steps that it takes. */
async function live(way: Way, steps: number): Promise<Lived> {
  const succeeded = new Set<string>();
  let [tried, done] = [0, 0];
  // twice as many as on average; what shrinks is which of them are taken
  const path = fc.array(fc.noShrink(fc.nat()), { maxLength: 2 * steps, size: "max" });
  const property = fc.asyncProperty(arbitraryWorld, path, async (world, chosen) => {
    const label = `y${process.pid}n${labels++}`;
    const result = await liveThrough({ owner: database.owner, way, world, label, steps: chosen });
    if (result.faults.length > 0) throw new RangeError(result.faults.join("\n"));
    tried += result.done + result.denied;
    done += result.done;
    for (const name of result.succeeded.keys()) succeeded.add(name);
  });
  await fc.assert(property, {
    seed: 7,
    unbiased: true,
    numRuns: histories,
    interruptAfterTimeLimit: histories * 20_000,
  });
  return { tried, done, succeeded };
}

describe("a random history", () => {
  it.each([
    { what: "the functions of iam", way: () => bySql(createSessions(pool)) },
    { what: "the mutations of the gateway", way: () => byGraphql(gateway, schema) },
  ])(
    "of $what denies every gain that no entitled hand gave",
    { timeout: histories * 25_000 + 30_000 },
    async ({ way }) => {
      const { succeeded, tried, done } = await live(way(), 40);
      // the histories say something: about half of what is offered was done
      expect(succeeded.size, `${tried} tries, ${done} done`).toBeGreaterThan(35);
    },
  );
});
