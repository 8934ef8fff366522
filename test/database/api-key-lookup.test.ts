/** In charge of what looking an API key up costs: the same for every one that is refused, so that its time tells nothing (K2). */
import { describe, expect, it } from "vitest";
import { mintSecret, readApiKey } from "../../src/api-key.js";
import { arrangeKey } from "../support/api-keys.js";
import { useTestDatabase } from "../support/database.js";

const database = useTestDatabase();

interface LookUp {
  readonly sqlstate: string;
  /** How often each function of iam was called. */
  readonly calls: Readonly<Record<string, number>>;
}

// As the gateway does it, in one transaction that looks at itself before it ends.
async function lookUp(text: string): Promise<LookUp> {
  const facts = readApiKey(text);
  const client = await database.owner.connect();
  try {
    await client.query("begin; set local track_functions = 'all'");
    await client.query("select set_config('app.key_id', $1, true), set_config('app.key_hash', $2, true)", [
      facts?.publicId,
      facts?.secretHash,
    ]);
    await client.query(`create temporary table said (sqlstate text) on commit drop;
      do $$ begin
        perform iam.open_session();
        insert into said values ('allowed');
      exception when others then
        insert into said values (sqlstate);
      end $$`);
    const { rows } = await client.query<{ name: string; calls: number }>(
      "select funcname as name, calls::integer from pg_stat_xact_user_functions where schemaname = 'iam'",
    );
    const { rows: said } = await client.query<{ sqlstate: string }>("select sqlstate from said");
    return {
      sqlstate: said[0]?.sqlstate ?? "",
      calls: Object.fromEntries(rows.map(({ name, calls }) => [name, calls])),
    };
  } finally {
    await client.query("rollback");
    client.release(true);
  }
}

describe("looking a key up", () => {
  it("does the same work for an unknown, a wrong, a revoked, an expired and a replaced one", async () => {
    const key = () => arrangeKey(database, { user: "bob@acme.test" });
    const change = async (statement: string) => {
      const { publicId, text } = await key();
      await database.owner.query(`update iam.api_keys set ${statement} where public_id = $1`, [publicId]);
      return text;
    };
    const good = await lookUp((await key()).text);
    expect(good.sqlstate).toBe("allowed");
    const unknown = await lookUp(mintSecret().keyFor("NeverWas00000000"));
    expect(unknown.sqlstate).toBe("PT401");
    for (const text of [
      mintSecret().keyFor((await key()).publicId),
      await change("revoked_at = now()"),
      await change("expires_at = now()"),
      await change("secret_hash = sha256('other'), previous_hash = secret_hash, previous_until = now()"),
    ])
      expect(await lookUp(text)).toEqual(unknown);
    expect(Object.keys(good.calls).length).toBeGreaterThan(Object.keys(unknown.calls).length);
  });
});
