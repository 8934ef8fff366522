/** In charge of somebody's first request by SQL: whom iam.pre_request() makes a user of, and whom it refuses. */
import pg from "pg";
import { beforeAll, describe, expect, test } from "vitest";
import { useTestDatabase } from "../support/database.js";

const database = useTestDatabase();
const demo = "portcullis-demo";

beforeAll(async () => {
  await database.owner.query("update iam.providers set provisions = true where code = 'demo'");
  await database.owner.query(
    `insert into iam.providers (code, name, issuer, audience, algorithms, jwks, provisions) values
       ('closed', 'Closed', 'https://closed.test', '{a}', '{RS256}', '{"keys": []}', false),
       ('off', 'Off', 'https://off.test', '{a}', '{RS256}', '{"keys": []}', true)`,
  );
  await database.owner.query("update iam.providers set is_enabled = false where code = 'off'");
});

// One request with these claims, as PostgREST makes it: the caller's id, or the SQLSTATE that it is refused with.
async function request(claims: Readonly<Record<string, unknown>>, access = "read write"): Promise<string> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query(`begin isolation level read committed ${access}`);
    await client.query(
      "select set_config('role', 'web_user', true), set_config('request.method', 'POST', true), set_config('request.path', '/todos', true), set_config('request.jwt.claims', $1, true)",
      [JSON.stringify(claims)],
    );
    await client.query("select iam.pre_request()");
    const { rows } = await client.query<{ id: string }>("select iam.caller_id() as id");
    await client.query("commit");
    return rows[0]?.id ?? "nobody";
  } catch (error) {
    return (error as { readonly code: string }).code;
  } finally {
    await client.end();
  }
}

async function people(): Promise<number> {
  const { rows } = await database.owner.query<{ n: number }>("select count(*)::int as n from iam.users");
  return rows[0]?.n ?? 0;
}

describe("a first request", () => {
  test("writes one user, one identity and one event, and finds them from then on", async () => {
    const before = await people();
    const claims = { iss: demo, sub: "first", email: "First@acme.test", email_verified: true };
    const id = await request(claims);
    expect(await request(claims)).toBe(id);
    expect(await people()).toBe(before + 1);
    const { rows } = await database.owner.query(
      `select u.email, (select count(*)::int from iam.identities where user_id = u.id) as identities,
              (select array_agg(code) from iam.audit_events where resource_id = u.id::text) as events,
              (select count(*)::int from iam.tenant_members where user_id = u.id) as memberships
       from iam.users u where u.id = $1`,
      [id],
    );
    expect(rows).toEqual([{ email: "first@acme.test", identities: 1, events: [50101], memberships: 0 }]);
  });

  test("writes one user when two of them come at once", async () => {
    const before = await people();
    const [one, two] = await Promise.all([request({ iss: demo, sub: "twins" }), request({ iss: demo, sub: "twins" })]);
    expect(one).toBe(two);
    expect(await people()).toBe(before + 1);
  });

  test("takes no e-mail that nobody verified", async () => {
    const id = await request({ iss: demo, sub: "unverified", email: "bob@acme.test" });
    const { rows } = await database.owner.query("select email from iam.users where id = $1", [id]);
    expect(rows).toEqual([{ email: null }]);
  });

  test.each([
    [
      "52101",
      "an e-mail that is somebody's",
      { iss: demo, sub: "x", email: "BOB@acme.test", email_verified: true },
      undefined,
    ],
    ["52103", "a read-only transaction", { iss: demo, sub: "x" }, "read only"],
    ["52103", "a provider that makes no users", { iss: "https://closed.test", sub: "x" }, undefined],
    ["52107", "a provider that is off", { iss: "https://off.test", sub: "x" }, undefined],
    ["52107", "an issuer that nobody trusts", { iss: "https://elsewhere.test", sub: "x" }, undefined],
    ["PT401", "a subject without an issuer", { sub: "bob@acme.test" }, undefined],
  ] as const)("is denied with %s for %s, and writes nothing", async (sqlstate, _, claims, access) => {
    const before = await people();
    expect(await request(claims, access)).toBe(sqlstate);
    expect(await people()).toBe(before);
  });

  test("is nobody's without claims", async () => {
    expect(await request({ role: "web_anon" })).toBe("nobody");
  });
});
