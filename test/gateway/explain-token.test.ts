/** In charge of the field that explains a token: for whoever looks after the providers, and for nobody else. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPool, type Pool } from "../../src/database/pool.js";
import { useTestDatabase } from "../support/database.js";
import { type AskAs, gatewayOver, tokenFor } from "../support/gateway-over.js";
import { createTestIssuer } from "../support/tokens.js";

const database = useTestDatabase();
const query =
  "query ($token: String!) { explainToken(token: $token) { provider claims facts rejection settings { name value } } }";
let pool: Pool;
let ask: AskAs;

beforeAll(() => {
  pool = createPool({ url: database.url, size: 2, acquireTimeoutMillis: 10_000, prepare: true });
  ask = gatewayOver(pool).ask;
});
afterAll(() => pool.close());

describe("explainToken", () => {
  it("shows what a token claims, stands for, and would be told to Postgres", async () => {
    const { body } = await ask("ada@portcullis.test", query, { token: await tokenFor("bob@acme.test") });
    expect(body.data.explainToken).toMatchObject({
      provider: "demo",
      claims: { sub: "bob@acme.test", email: "bob@acme.test" },
      facts: { subject: "bob@acme.test", tenant: null, email: "bob@acme.test", groups: [], roles: [] },
      rejection: null,
    });
    expect(body.data.explainToken.settings).toContainEqual({ name: "app.subject", value: "bob@acme.test" });
  });

  it("names the first rule that refuses", async () => {
    const stranger = await createTestIssuer();
    for (const [token, rejection] of [
      [await stranger.sign(), "UNKNOWN_ISSUER"],
      [`${await tokenFor("bob@acme.test")}x`, "TOKEN_MALFORMED"],
      ["nothing", "TOKEN_MALFORMED"],
    ] as const)
      expect((await ask("ada@portcullis.test", query, { token })).body.data.explainToken).toMatchObject({
        facts: null,
        settings: [],
        rejection,
      });
  });

  it.each(["alice@acme.test", "bob@acme.test", "carol@globex.test"])("is denied to %s", async (who) => {
    const { body } = await ask(who, query, { token: await tokenFor(who) });
    expect(body).toMatchObject({
      data: { explainToken: null },
      errors: [{ extensions: { code: "FORBIDDEN", reason: 52109, requires: "iam.providers.read" } }],
    });
  });
});
