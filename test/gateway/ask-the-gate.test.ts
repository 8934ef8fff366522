/** In charge of the guide on asking the gate: each GraphQL block is asked as whom its first line names, and answers what it says. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPool, type Pool } from "../../src/database/pool.js";
import { useTestDatabase } from "../support/database.js";
import { type AskAs, gatewayOver } from "../support/gateway-over.js";

const guide = readFileSync(new URL("../../docs/guides/ask-the-gate.md", import.meta.url), "utf8");
const blocks = [...guide.matchAll(/^```graphql\n# (\S+)\n(.*?)^```$(?:\n\n^```json\n(.*?)^```$)?/gms)];

const database = useTestDatabase();
let pool: Pool;
let ask: AskAs;
beforeAll(() => {
  pool = createPool({ url: database.url, size: 2, acquireTimeoutMillis: 10_000, prepare: true });
  ask = gatewayOver(pool).ask;
});
afterAll(() => pool.close());

describe("the guide on asking the gate", () => {
  it.each(blocks.map(([, who = "", query = "", answer], n) => ({ n, who, query, answer })))(
    "answers as it says: block $n, as $who",
    async ({ who, query, answer }) => {
      const { body } = await ask(who, query);
      if (answer === undefined) expect(body.errors).toBeUndefined();
      else
        expect(body.errors === undefined ? body.data : { code: body.errors[0].extensions.code }).toEqual(
          JSON.parse(answer),
        );
    },
  );

  it("leads to files that are there", () => {
    for (const [, target = ""] of guide.matchAll(/\]\(([^)#]+)[^)]*\)/g))
      expect(() => readFileSync(new URL(`../../docs/guides/${target}`, import.meta.url))).not.toThrow();
  });
});
