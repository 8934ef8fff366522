/** In charge of `portcullis token explain`: from the claims to the settings and whom the database takes them for, or the first rule that refuses. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { printExplanation } from "../../src/cli/explain-token.js";
import { readConfig } from "../../src/config.js";
import { useTestDatabase } from "../support/database.js";
import { tokenFor } from "../support/gateway-over.js";
import { createTestIssuer } from "../support/tokens.js";

const database = useTestDatabase();
const stranger = await createTestIssuer();

afterEach(() => vi.restoreAllMocks());

async function explain(token: string) {
  const written = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  await printExplanation(readConfig({ DATABASE_URL: database.url }), token);
  return JSON.parse(String(written.mock.calls[0]?.[0]));
}

describe("portcullis token explain", () => {
  it("shows the claims, the facts in them, the settings, and whose session they open", async () => {
    const { rows } = await database.owner.query(
      "select u.id as user, t.id as tenant from iam.users u, iam.tenants t where u.email = 'bob@acme.test' and t.slug = 'acme'",
    );
    expect(await explain(`Bearer ${await tokenFor("bob@acme.test")}`)).toEqual({
      provider: "demo",
      claims: expect.objectContaining({ iss: "portcullis-demo", sub: "bob@acme.test" }),
      facts: { subject: "bob@acme.test", tenant: null, email: "bob@acme.test", groups: [], roles: [] },
      settings: expect.objectContaining({
        "app.issuer": "portcullis-demo",
        "app.subject": "bob@acme.test",
        "app.key_id": "",
      }),
      rejection: null,
      session: { kind: "user", actor: null, ...rows[0] },
    });
  });

  it("names the rule of the token that refuses, and asks the database nothing then", async () => {
    expect(await explain(await stranger.sign())).toMatchObject({
      provider: null,
      rejection: "UNKNOWN_ISSUER",
      session: null,
    });
  });

  it.each([
    ["somebody whom nobody knows", "nobody@acme.test", "select", 52103],
    [
      "somebody who is locked",
      "jane@acme.test",
      "update iam.users set is_locked = true where email = 'jane@acme.test'",
      52106,
    ],
    ["a provider that is disabled", "bob@acme.test", "update iam.providers set is_enabled = false", 52107],
  ])("names the rule of the database that refuses %s", async (_who, email, statement, reason) => {
    await database.owner.query(statement);
    expect(await explain(await tokenFor(email))).toMatchObject({
      rejection: null,
      settings: { "app.subject": email },
      session: { refused: expect.any(String), reason },
    });
  });
});
