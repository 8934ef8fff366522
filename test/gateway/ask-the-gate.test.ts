/** In charge of the guides made of queries: each GraphQL block is asked as whom its first line names, and answers what it says. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPool, type Pool } from "../../src/database/pool.js";
import { useTestDatabase } from "../support/database.js";
import { type AskAs, gatewayOver } from "../support/gateway-over.js";

const guides = ["ask-the-gate", "declare-a-table"].map((name) => {
  const text = readFileSync(new URL(`../../docs/guides/${name}.md`, import.meta.url), "utf8");
  const blocks = [...text.matchAll(/^```graphql\n# (\S+)\n(.*?)^```$(?:\n\n^```json\n(.*?)^```$)?/gms)];
  return { name, text, blocks };
});

const database = useTestDatabase();
let pool: Pool;
let ask: AskAs;
beforeAll(() => {
  pool = createPool({ url: database.url, size: 2, acquireTimeoutMillis: 10_000, prepare: true });
  ask = gatewayOver(pool).ask;
});
afterAll(() => pool.close());

describe.each(guides)("the guide $name", ({ text, blocks }) => {
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
    for (const [, target = ""] of text.matchAll(/\]\(([^)#]+)[^)]*\)/g))
      expect(() => readFileSync(new URL(`../../docs/guides/${target}`, import.meta.url))).not.toThrow();
  });
});
