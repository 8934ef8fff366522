/** In charge of people who come by SQL: PostgREST's pre-request and provisioning, Supabase's token hook, the menu. */

import pg from "pg";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { arranger } from "../support/arrange.js";
import { useCallers } from "../support/callers.js";

const { as, anonymous, database } = useCallers();
const arrange = arranger(database);
const issuer = () => inject("cluster").demoIssuer.issuer;

interface PostgrestRequest {
  readonly claims?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly role?: string;
}

/** As PostgREST sends it: a transaction of the login, its settings with the role, the pre-request, the statement. */
async function postgrest(
  { claims, headers = {}, method = "GET", role = "web_user" }: PostgrestRequest,
  statement: string,
): Promise<unknown> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query(`begin isolation level read committed ${method === "GET" ? "read only" : "read write"}`);
    await client.query(
      "select set_config('role', $1, true), set_config('request.jwt.claims', $2, true), set_config('request.headers', $3, true), set_config('request.method', $4, true), set_config('request.path', '/todos', true)",
      [role, claims === undefined ? "" : JSON.stringify(claims), JSON.stringify(headers), method],
    );
    await client.query("select iam.pre_request()");
    const { rows } = await client.query(statement);
    await client.query("commit");
    return rows;
  } catch (error) {
    return (error as { readonly code: string }).code;
  } finally {
    await client.end();
  }
}

const titles = "select title from todos order by title";
const me = "select (select email from iam.users where id = iam.caller_id()) as email";

beforeAll(async () => {
  await arrange.user("twice@acme.test", ["acme", "globex"]);
  await database.owner.query(
    "insert into iam.providers (code, name, issuer, audience, algorithms, jwks_uri, provisions) values ('open', 'Open', 'https://open.test', array['a'], array['ES256'], 'https://open.test/keys', true)",
  );
});

describe("a request by PostgREST", () => {
  test("allows what the gateway allows", async () => {
    const claims = { iss: issuer(), sub: "bob@acme.test" };
    expect(await postgrest({ claims }, titles)).toEqual(await as("bob@acme.test").read(titles));
    expect(
      await postgrest(
        { claims, method: "PATCH" },
        "update todos set done = true where title = 'Water the plants' returning done",
      ),
    ).toEqual([{ done: true }]);
  });

  test.each([
    ["an unknown subject", { iss: "demo", sub: "nobody" }, {}, "52103"],
    ["an unknown issuer", { iss: "https://elsewhere.test", sub: "bob@acme.test" }, {}, "52107"],
    ["a subject without an issuer", { sub: "bob@acme.test" }, {}, "PT401"],
    ["an issuer without a subject", { iss: "demo" }, {}, "52103"],
    ["another's tenant in the header", { iss: "demo", sub: "bob@acme.test" }, { "x-tenant": "globex" }, "52108"],
    ["another's tenant in the claims", { iss: "demo", sub: "bob@acme.test", tenant: "globex" }, {}, "52108"],
  ])("denies %s", async (_, claims, headers, sqlstate) => {
    const real = "iss" in claims && claims.iss === "demo" ? { ...claims, iss: issuer() } : claims;
    for (const method of ["GET", "POST"])
      expect(await postgrest({ claims: real, headers, method }, titles)).toBe(sqlstate);
  });

  test.each([undefined, {}, [], null, "text", { role: "web_user" }])(
    "hides everything from who shows the claims %j",
    async (claims) => {
      expect(await postgrest({ claims }, titles)).toEqual([]);
      expect(await postgrest({ claims, role: "web_anon" }, titles)).toBe("42501");
    },
  );

  test("takes the tenant of the header before that of the claims", async () => {
    const claims = { iss: issuer(), sub: "twice@acme.test", tenant: "acme" };
    const slug = "select slug from iam.tenants where id = iam.caller_tenant_id()";
    expect(await postgrest({ claims }, slug)).toEqual([{ slug: "acme" }]);
    expect(await postgrest({ claims, headers: { "x-tenant": "globex" } }, slug)).toEqual([{ slug: "globex" }]);
  });
});

describe("a subject seen for the first time", () => {
  const claims = (sub: string, more: object = {}) => ({ iss: "https://open.test", sub, ...more });
  const usersOf = async (sub: string) =>
    (
      await database.owner.query(
        "select u.email from iam.identities i join iam.users u on u.id = i.user_id where i.subject = $1",
        [sub],
      )
    ).rows;

  test("becomes one user where the provider provisions, two requests at once included", async () => {
    const asked = await Promise.all(
      Array.from({ length: 6 }, () =>
        postgrest({ claims: claims("first"), method: "POST" }, "select iam.caller_id() is not null as known"),
      ),
    );
    expect(asked).toEqual(Array(6).fill([{ known: true }]));
    expect(await usersOf("first")).toEqual([{ email: null }]);
    const { rows } = await database.owner.query(
      "select count(*)::int as events from iam.audit_events where code = 50101 and metadata ->> 'provider' = 'open'",
    );
    expect(rows).toEqual([{ events: 1 }]);
    expect(await postgrest({ claims: claims("first") }, "select count(*)::int as todos from todos")).toEqual([
      { todos: 0 },
    ]);
  });

  test("takes an address that its provider verified, and no other", async () => {
    await postgrest(
      { claims: claims("verified", { email: "New@Open.test", email_verified: true }), method: "POST" },
      me,
    );
    expect(await usersOf("verified")).toEqual([{ email: "new@open.test" }]);
    await postgrest({ claims: claims("squatter", { email: "ceo@globex.test" }), method: "POST" }, me);
    await postgrest(
      { claims: claims("liar", { email: "cfo@globex.test", email_verified: "false" }), method: "POST" },
      me,
    );
    expect([await usersOf("squatter"), await usersOf("liar")]).toEqual([[{ email: null }], [{ email: null }]]);
  });

  test.each([
    [
      "whose address is somebody's",
      claims("thief", { email: "alice@acme.test", email_verified: true }),
      "POST",
      "52101",
    ],
    ["whose address is no address", claims("odd", { email: "odd", email_verified: true }), "POST", "23514"],
    ["in a request that only reads", claims("reader"), "GET", "52103"],
    ["with no name", claims(""), "POST", "52103"],
    ["with a name that isn't printable", claims("a b"), "POST", "23514"],
  ])("is denied %s, and leaves nothing", async (_, shown, method, sqlstate) => {
    const count = async () => (await database.owner.query("select count(*)::int as n from iam.users")).rows;
    const before = await count();
    expect(await postgrest({ claims: shown, method }, me)).toBe(sqlstate);
    expect(await count()).toEqual(before);
  });

  test("is denied where its provider doesn't provision, or is disabled", async () => {
    expect(await postgrest({ claims: { iss: issuer(), sub: "stranger" }, method: "POST" }, me)).toBe("52103");
    await database.owner.query("update iam.providers set is_enabled = false where code = 'open'");
    expect(await postgrest({ claims: claims("late"), method: "POST" }, me)).toBe("52107");
    await database.owner.query("update iam.providers set is_enabled = true where code = 'open'");
  });
});

describe("Supabase's token hook", () => {
  const hook = async (sub: string, claims: object = {}) => {
    const event = { user_id: sub, claims: { iss: issuer(), aud: "a", ...claims } };
    const { rows } = await database.owner.query<{ claims: unknown }>(
      "select iam.custom_access_token_hook($1) -> 'claims' as claims",
      [event],
    );
    return rows[0]?.claims;
  };

  test("adds all roles, the first of them by code, and keeps what was there", async () => {
    for (let n = 0; n < 3; n++)
      expect(await hook("jane@acme.test")).toMatchObject({
        aud: "a",
        tenant: "acme",
        user_role: "finance_officer",
        user_roles: ["finance_officer", "sales_manager"],
      });
  });

  test.each(["nobody", "", "mallory@nowhere.test"])("adds nothing for %j, who has no role", async (sub) => {
    expect(await hook(sub)).toMatchObject({ tenant: null, tenant_id: null, user_role: null, user_roles: [] });
  });

  test.each([
    ["a locked user", "iam.users set is_locked = true where email =", "is_locked = false"],
    ["a user who is not active", "iam.users set is_active = false where email =", "is_active = true"],
    ["a disabled identity", "iam.identities set is_enabled = false where subject =", "is_enabled = true"],
  ])("denies the roles of %s", async (_whose, change, undone) => {
    await database.owner.query(`update ${change} 'jane@acme.test'`);
    expect(await hook("jane@acme.test")).toMatchObject({ user_roles: [] });
    await database.owner.query(`update ${change.replace(/(?<=set ).*(?= where)/, undone)} 'jane@acme.test'`);
    expect(await hook("jane@acme.test")).toMatchObject({ user_role: "finance_officer" });
  });

  test("denies the roles of a disabled provider's users, and of another issuer's", async () => {
    expect(await hook("jane@acme.test", { iss: "https://open.test" })).toMatchObject({ user_roles: [] });
    await database.owner.query("update iam.providers set is_enabled = false where code = 'demo'");
    expect(await hook("jane@acme.test")).toMatchObject({ user_roles: [] });
    await database.owner.query("update iam.providers set is_enabled = true where code = 'demo'");
  });

  test.each([
    ["have ended", { scope: "tenant/acme", until: -1 }],
    ["are denied", { scope: "tenant/acme", effect: "deny" as const }],
    ["are another tenant's", { scope: "tenant/globex", tenant: "globex" }],
  ])("denies roles that %s", async (how, grant) => {
    const who = `${how.replaceAll(/\W/g, "-")}@acme.test`;
    await arrange.user(who, ["acme", "globex"]);
    await database.owner.query(
      "update iam.users set selected_tenant_id = (select id from iam.tenants where slug = 'acme') where email = $1",
      [who],
    );
    await arrange.grant({ user: who, role: "auditor", ...grant });
    expect(await hook(who)).toMatchObject({ tenant: "acme", user_roles: [] });
    await arrange.grant({ user: who, role: "auditor", scope: "campus/chicago" });
    expect(await hook(who)).toMatchObject({ user_roles: ["auditor"] });
  });
});

describe("the menu", () => {
  test("shows the pages whose feature the caller holds, and hides the others", async () => {
    const pages = "select route, parent, level from iam.authorized_routes()";
    expect(await as("jane@acme.test").read(pages)).toEqual([
      { route: "/sales", parent: null, level: 1 },
      { route: "/payments", parent: null, level: 1 },
    ]);
    for (const caller of [as("bob@acme.test"), as("erin@acme.test"), as("mallory@nowhere.test"), anonymous("acme")])
      expect(await caller.read(pages)).toEqual([]);
  });

  test.each([
    ["jane", "/sales", true],
    ["jane", "/nothing", false],
    ["jane", "/Sales", false],
    ["bob", "/sales", false],
  ])("%s: can open %s: %s", async (who, route, can) => {
    expect(await as(`${who}@acme.test`).value("select iam.can_route($1)", route)).toBe(can);
  });
});
