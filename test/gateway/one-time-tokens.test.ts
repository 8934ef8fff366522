/** In charge of invitations through HTTP: who comes in by one, once, and with what whoever invited may still hand out. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPool, type Pool } from "../../src/database/pool.js";
import { arranger } from "../support/arrange.js";
import { useTestDatabase } from "../support/database.js";
import { type AskAs, gatewayOver } from "../support/gateway-over.js";

const database = useTestDatabase();
const arrange = arranger(database);
const mallory = "mallory@nowhere.test";
const alice = "alice@acme.test";
let pool: Pool;
let ask: AskAs;

beforeAll(async () => {
  pool = createPool({ url: database.url, size: 6, acquireTimeoutMillis: 10_000, prepare: true });
  ask = gatewayOver(pool).ask;
  await arrange.user("host@acme.test");
  await arrange.user("late@nowhere.test", []);
  await arrange.grant({ user: "host@acme.test", feature: "iam.users.create", scope: "tenant/acme" });
  await arrange.grant({ user: "host@acme.test", feature: "iam.grants.create", scope: "tenant/acme" });
  await arrange.grant({ user: "host@acme.test", feature: "view_sales_page", scope: "tenant/acme" });
  await arrange.grant({ user: "host@acme.test", feature: "iam.roles.read", scope: "tenant/acme" });
});
afterAll(() => pool.close());

const invite = async (by: string, input: string): Promise<string> => {
  const { body } = await ask(by, `mutation { createToken(input: { ${input} }) { secret } }`);
  return body.data.createToken.secret;
};
const use = (who: string, secret: string, headers = {}) =>
  ask(who, `mutation { useToken(input: { secret: "${secret}" }) { tenant { slug } } }`, {}, headers);
const reasonOf = async (answer: ReturnType<AskAs>) => (await answer).body.errors?.[0]?.extensions.reason ?? null;
const sales = async (who: string) =>
  (await ask(who, "{ sales { nodes { campus } } }", {}, { "x-tenant": "acme" })).body.data?.sales.nodes.map(
    ({ campus }: { campus: string }) => campus,
  );

describe("an invitation", () => {
  it("makes a member of who it was made for, with its role and no more, once", async () => {
    const secret = await invite(
      "host@acme.test",
      `email: "Mallory@nowhere.test", role: "sales_manager", scope: "campus/chicago"`,
    );
    expect(await sales(mallory)).toBeUndefined();
    for (const other of ["bob@acme.test", "carol@globex.test", alice])
      expect(await reasonOf(use(other, secret))).toBe(52279);
    expect((await use(mallory, secret)).body.data).toEqual({ useToken: { tenant: { slug: "acme" } } });
    expect(await sales(mallory)).toEqual(["chicago"]);
    expect(await reasonOf(use(mallory, secret))).toBe(52276);
  });

  it("is used once when it is tried ten times at once", async () => {
    const secret = await invite(alice, 'email: "late@nowhere.test"');
    const reasons = await Promise.all(Array.from({ length: 10 }, () => reasonOf(use("late@nowhere.test", secret))));
    expect(reasons.filter((reason) => reason === null)).toHaveLength(1);
    expect(reasons.filter((reason) => reason === 52276)).toHaveLength(9);
  });

  it("gives nothing that who made it does not hold any more", async () => {
    const secret = await invite(
      "host@acme.test",
      'user: "bob@acme.test", role: "sales_manager", scope: "campus/miami"',
    );
    await database.owner.query(
      "delete from iam.grants g using iam.features f, iam.users u where f.id = g.feature_id and f.code = 'view_sales_page' and u.id = g.user_id and u.email = 'host@acme.test'",
    );
    expect(await reasonOf(use("bob@acme.test", secret))).toBe(52278);
    expect(await sales("bob@acme.test")).toEqual([]);
  });

  it("is denied with a role that who makes it does not hold", async () => {
    expect(
      await reasonOf(
        ask(
          "host@acme.test",
          `mutation { createToken(input: { email: "${mallory}", role: "tenant_owner" }) { secret } }`,
        ),
      ),
    ).toBe(52109);
  });

  it("is used by oneself: not by who acts as its user", async () => {
    const secret = await invite(alice, 'user: "bob@acme.test"');
    expect(await reasonOf(use(alice, secret, { "x-act-as": "bob@acme.test", "x-tenant": "acme" }))).toBe(52109);
  });

  it("ends with its maker, with its tenant, and with its time", async () => {
    const made = await invite("host@acme.test", 'user: "bob@acme.test"');
    await database.owner.query("update iam.users set is_locked = true where email = 'host@acme.test'");
    expect(await reasonOf(use("bob@acme.test", made))).toBe(52278);
    const timed = await invite(alice, 'user: "bob@acme.test"');
    await database.owner.query("update iam.tokens set expires_at = now() where used_at is null");
    expect(await reasonOf(use("bob@acme.test", timed))).toBe(52278);
    const other = await invite("carol@globex.test", 'email: "bob@acme.test"');
    await database.owner.query("update iam.tenants set deleted_at = now() where slug = 'globex'");
    expect(await reasonOf(use("bob@acme.test", other))).toBe(52278);
  });

  it("ends when it is revoked, also while it is being used, and stays ended", async () => {
    const create = `mutation { createToken(input: { user: "jane@acme.test" }) { token { id revokedAt } secret } }`;
    const made = (await ask(alice, create)).body.data.createToken;
    expect(made.token.revokedAt).toBeNull();
    const revoke = (who: string, id: string) =>
      ask(who, `mutation { revokeToken(input: { id: "${id}" }) { token { revokedAt } } }`);
    expect(await reasonOf(revoke("jane@acme.test", made.token.id))).toBe(52277);
    const { body } = await revoke(alice, made.token.id);
    expect(body.data.revokeToken.token.revokedAt).toEqual(expect.any(String));
    expect((await revoke(alice, made.token.id)).body).toEqual(body);
    expect(await reasonOf(use("jane@acme.test", made.secret))).toBe(52278);
    const other = (await ask(alice, create)).body.data.createToken;
    const [used, revoked] = await Promise.all([
      reasonOf(use("jane@acme.test", other.secret)),
      reasonOf(revoke(alice, other.token.id)),
    ]);
    expect([
      [null, 52276],
      [52278, null],
    ]).toContainEqual([used, revoked]);
  });

  it("leaves no secret in the database, and one event for each step", async () => {
    const secret = await invite(alice, 'user: "jane@acme.test"');
    await ask("jane@acme.test", `mutation { validateToken(input: { secret: "${secret}" }) { token { id } } }`);
    await use("jane@acme.test", secret);
    const { rows } = await database.owner.query(
      "select e.code, t.slug from iam.audit_events e join iam.tenants t on t.id = e.tenant_id where resource_type = 'Token' order by number desc limit 3",
    );
    expect(rows).toEqual([50403, 50402, 50401].map((code) => ({ code, slug: "acme" })));
    for (const table of ["iam.tokens", "iam.audit_events"]) {
      const { rowCount } = await database.owner.query(`select from ${table} r where strpos(r::text, $1) > 0`, [
        secret.slice(3),
      ]);
      expect(rowCount).toBe(0);
    }
  });
});
