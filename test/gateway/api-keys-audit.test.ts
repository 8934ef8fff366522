/** In charge of what the audit says of API keys: that one was refused, and which one it was that tried what it may not. */
import { describe, expect, it } from "vitest";
import { mintSecret } from "../../src/api-key.js";
import { arrangeKey } from "../support/api-keys.js";
import { useAuditedGateway } from "../support/audited-gateway.js";

const gateway = useAuditedGateway();
const { keyFor } = mintSecret();
const viewer = "{ viewer { kind } }";
const withKey = (text: string, query = viewer) => gateway.ask(null, query, { headers: { "x-api-key": text } });
const change = (sql: string, ...parameters: readonly unknown[]) => gateway.database.owner.query(sql, [...parameters]);
const acme = async () => (await change("select id from iam.tenants where slug = 'acme'")).rows[0]?.id;

describe("the audit", () => {
  it.each([
    ["revoked", "update iam.api_keys set revoked_at = now() where public_id = $1"],
    ["expired", "update iam.api_keys set expires_at = now() where public_id = $1"],
    ["shown with another secret", "update iam.api_keys set secret_hash = sha256('other') where public_id = $1"],
  ])("tells its tenant that a key was refused: %s", async (_why, statement) => {
    const key = await arrangeKey(gateway.database, { user: "bob@acme.test" });
    await change(statement, key.publicId);
    const { status, requestId } = await withKey(key.text);
    expect(status).toBe(401);
    expect(await gateway.eventsOf(requestId)).toMatchObject([
      {
        code: 50507,
        action: "api_key_refused",
        outcome: "denied",
        tenant_id: await acme(),
        actor_id: null,
        user_id: null,
        resource_id: key.id.split(":")[1],
        ip_address: "127.0.0.1",
        metadata: { apiKey: key.publicId },
      },
    ]);
  });

  it("tells it once a minute for each key", async () => {
    const key = await arrangeKey(gateway.database, { user: "bob@acme.test" });
    await change("update iam.api_keys set revoked_at = now() where public_id = $1", key.publicId);
    const [first, second] = [await withKey(key.text), await withKey(key.text)];
    expect(await gateway.eventsOf(first.requestId)).toHaveLength(1);
    expect(await gateway.eventsOf(second.requestId)).toEqual([]);
  });

  it("says nothing of a key that never was, and at most sixty refusals a minute", async () => {
    const { requestId } = await withKey(keyFor("NeverWas00000000"));
    expect(await gateway.eventsOf(requestId)).toEqual([]);
    for (let n = 0; n < 60; n += 1) await withKey(keyFor(`NeverWas${1_000 + n}`));
    const key = await arrangeKey(gateway.database, { user: "bob@acme.test" });
    await change("update iam.api_keys set revoked_at = now() where public_id = $1", key.publicId);
    expect(await gateway.eventsOf((await withKey(key.text)).requestId)).toEqual([]);
    expect(gateway.logged.filter(({ event }) => event === "credential_refused").length).toBeGreaterThan(60);
  });

  it("names the key of what was denied and of what failed", async () => {
    const key = await arrangeKey(gateway.database, { user: "bob@acme.test", given: [["todos.read", "tenant/acme"]] });
    for (const [query, code] of [
      ['mutation { createGroup(input: { name: "By a key" }) { group { id } } }', 50900],
      ['mutation { deleteTodo(input: { id: "Todo:00000000-0000-4000-8000-000000000000" }) { id } }', 50901],
    ] as const) {
      const { requestId } = await withKey(key.text, query);
      expect(await gateway.eventsOf(requestId)).toMatchObject([{ code, metadata: { apiKey: key.publicId } }]);
    }
  });
});
