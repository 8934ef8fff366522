/** In charge of API keys through HTTP: who gets in with one, and that it never does more than its owner, nor than it was given. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { touchApiKey } from "../../src/database/api-keys.js";
import { createPool, type Pool } from "../../src/database/pool.js";
import { createSessions } from "../../src/database/session.js";
import { schema } from "../../src/schema/index.js";
import { type ArrangedKey, arrangeKey } from "../support/api-keys.js";
import { arranger } from "../support/arrange.js";
import { useTestDatabase } from "../support/database.js";
import { type DatabaseProxy, startDatabaseProxy } from "../support/database-proxy.js";
import { createTestGateway, type TestGateway } from "../support/gateway.js";
import { tokenFor } from "../support/gateway-over.js";

const database = useTestDatabase();
const arrange = arranger(database);
const bobs = "bob@acme.test";
const everything = [["*", "tenant/acme"]] as const;
const viewer = "{ viewer { kind user { email } tenant { slug } } }";
const titles = "{ todos { nodes { title } } }";
const refused = {
  status: 401,
  body: {
    errors: [
      { message: "The credential is not accepted.", extensions: { code: "UNAUTHENTICATED", reason: "BAD_API_KEY" } },
    ],
  },
};
let proxy: DatabaseProxy;
let pool: Pool;
let gateway: TestGateway;

beforeAll(async () => {
  await arrange.user("helper@acme.test");
  await arrange.grant({ user: "helper@acme.test", feature: "iam.impersonate", scope: "tenant/acme" });
  proxy = await startDatabaseProxy(database.url);
  pool = createPool({ url: proxy.url, size: 3, acquireTimeoutMillis: 10_000, prepare: true });
  gateway = createTestGateway({
    schema,
    sessions: createSessions(pool),
    providerRows: () => pool.query({ sql: "select * from iam.list_providers()", parameters: [] }),
    touchApiKey: (publicId) => touchApiKey(pool, publicId),
  });
});
afterAll(async () => {
  await pool.close();
  await proxy.stop();
});

const withKey = async (
  key: Pick<ArrangedKey, "text">,
  query: string,
  headers: Readonly<Record<string, string>> = {},
) => {
  const { status, body } = await gateway.as(null, { "x-api-key": key.text, ...headers }).query(query);
  const { path: _, locations: __, ...error } = body.errors?.[0] ?? {};
  return body.errors === undefined || body.data !== undefined
    ? { status, body }
    : { status, body: { errors: [error] } };
};
const titlesFor = async (key: ArrangedKey) =>
  (await withKey(key, titles)).body.data.todos.nodes.map(({ title }: { title: string }) => title).sort();
const change = (statement: string, ...parameters: readonly unknown[]) =>
  database.owner.query(statement, [...parameters]);

describe("a key", () => {
  it("is its owner, in its own tenant", async () => {
    const key = await arrangeKey(database, { user: bobs, given: everything });
    const expected = { viewer: { kind: "USER", user: { email: bobs }, tenant: { slug: "acme" } } };
    expect((await withKey(key, viewer)).body.data).toEqual(expected);
    expect((await withKey(key, viewer, { "x-tenant": "acme" })).body.data).toEqual(expected);
  });

  it("lets a service in that may not log in", async () => {
    const key = await arrangeKey(database, { user: "reports@acme.test", given: everything });
    expect((await withKey(key, "{ viewer { kind } sales { nodes { campus } } }")).body.data).toEqual({
      viewer: { kind: "SERVICE" },
      sales: { nodes: [{ campus: "miami" }] },
    });
  });

  it("denies another tenant, with the answer that every foreign tenant gets", async () => {
    const key = await arrangeKey(database, { user: bobs, given: everything });
    for (const tenant of ["globex", "nowhere"])
      expect(await withKey(key, viewer, { "x-tenant": tenant })).toMatchObject({
        status: 403,
        body: { errors: [{ extensions: { code: "FORBIDDEN", reason: 52108 } }] },
      });
  });

  it.each([
    ["was revoked", "update iam.api_keys set revoked_at = now() where public_id = $1"],
    ["has expired", "update iam.api_keys set expires_at = now() where public_id = $1"],
    ["has another secret now", "update iam.api_keys set secret_hash = sha256('other') where public_id = $1"],
    ["is no more", "delete from iam.api_keys where public_id = $1"],
  ])("is refused when it %s: one text, 401, also where no data was asked for", async (_why, statement) => {
    const key = await arrangeKey(database, { user: bobs, given: everything });
    expect((await withKey(key, viewer)).status).toBe(200);
    await change(statement, key.publicId);
    for (const query of [viewer, "{ __typename }", "mutation { __typename }", `${titles}`])
      expect(await withKey(key, query)).toMatchObject(refused);
    expect(gateway.logged.at(-1)).toMatchObject({ event: "credential_refused", reason: "BAD_API_KEY" });
  });

  it.each([
    ["disabled", "update iam.users set is_active = false where email = 'jane@acme.test'", 52105],
    ["locked", "update iam.users set is_active = true, is_locked = true where email = 'jane@acme.test'", 52106],
    [
      "no member any more",
      "update iam.tenant_members set deleted_at = now() where user_id = (select id from iam.users where email = 'jane@acme.test')",
      52106,
    ],
  ])("is refused when its owner is %s", async (_why, statement, reason) => {
    const key = await arrangeKey(database, { user: "jane@acme.test", given: everything });
    await change(statement);
    expect(await withKey(key, viewer)).toMatchObject({ status: 403, body: { errors: [{ extensions: { reason } }] } });
  });

  it("is refused without a query when a letter of it is wrong", async () => {
    const key = await arrangeKey(database, { user: bobs, given: everything });
    const wrong = `${key.text.slice(0, -1)}${key.text.endsWith("0") ? "1" : "0"}`;
    expect((await withKey(key, viewer)).status).toBe(200);
    await expect
      .poll(
        async () =>
          (await change("select from iam.api_keys where public_id = $1 and last_used_at is not null", key.publicId))
            .rowCount,
      )
      .toBe(1);
    const before = proxy.statements().length;
    for (const text of [wrong, key.text.toLowerCase(), key.text.slice(0, -1), `${key.text}0`, "pk_", "x".repeat(8_000)])
      expect(await withKey({ text }, viewer)).toMatchObject(refused);
    expect(proxy.statements().length - before).toBe(0);
  });

  it("denies acting as somebody, and a token beside it", async () => {
    const key = await arrangeKey(database, { user: "alice@acme.test", given: everything });
    expect(await withKey(key, viewer, { "x-act-as": bobs })).toMatchObject({ status: 400 });
    const both = { authorization: `Bearer ${await tokenFor(bobs)}` };
    expect((await withKey(key, viewer, both)).body.errors[0].extensions.reason).toBe("TWO_CREDENTIALS");
  });

  it("is written down as used, once a minute, without the session waiting", async () => {
    const key = await arrangeKey(database, { user: bobs });
    const usedAt = async () =>
      (await change("select last_used_at from iam.api_keys where public_id = $1", key.publicId)).rows[0]?.last_used_at;
    await withKey(key, viewer);
    await expect.poll(usedAt).toBeInstanceOf(Date);
    const first = await usedAt();
    await withKey(key, viewer);
    await touchApiKey(pool, key.publicId);
    expect(await usedAt()).toEqual(first);
  });
});

describe("what a key may", () => {
  const [own, shared] = ["Water the plants", "Buy milk for the office"];

  it.each([
    ["nothing", [], []],
    ["todos.read everywhere", [["todos.read", "tenant/acme"]], [shared, own]],
    ["all todos", [["todos", "tenant/acme"]], [shared, own]],
    ["everything", everything, [shared, own]],
    ["todos.read in Chicago", [["todos.read", "campus/chicago"]], []],
    ["todos.update alone", [["todos.update", "tenant/acme"]], []],
    ["chats", [["chats", "tenant/acme"]], []],
  ] as const)("is what its owner may and it was given: %s", async (_name, given, visible) => {
    expect(await titlesFor(await arrangeKey(database, { user: bobs, given }))).toEqual([...visible]);
  });

  it("hides from an owner's key the places that it was not given", async () => {
    const given = [["todos.read", "campus/chicago"]] as const;
    expect(await titlesFor(await arrangeKey(database, { user: "alice@acme.test", given }))).toEqual([
      "Call the Chicago store",
    ]);
  });

  it("denies editing and deleting what its owner may edit and delete", async () => {
    const key = await arrangeKey(database, { user: bobs, given: [["todos.read", "tenant/acme"]] });
    const id = "Todo:70d00000-0000-4000-8000-000000000003";
    for (const call of [
      `updateTodo(input: { id: "${id}", done: true }) { todo { id } }`,
      `deleteTodo(input: { id: "${id}" }) { id }`,
    ])
      expect((await withKey(key, `mutation { ${call} }`)).body).toMatchObject({
        data: null,
        errors: [{ extensions: { code: "FORBIDDEN" } }],
      });
  });

  it("denies a field that its owner may read", async () => {
    const key = await arrangeKey(database, { user: "alice@acme.test", given: [["todos.read", "tenant/acme"]] });
    const { body } = await withKey(
      key,
      '{ todo(id: "Todo:70d00000-0000-4000-8000-000000000001") { title internalNote } }',
    );
    expect(body).toMatchObject({
      data: { todo: { title: shared, internalNote: null } },
      errors: [{ extensions: { code: "FORBIDDEN", requires: "todos.audit" } }],
    });
  });

  it("is given what its owner does not hold, and does what he may: his own and what is shared with him", async () => {
    const asBob = async (query: string) => (await gateway.as(await tokenFor(bobs)).query(query)).body.data;
    const { createApiKey: made } = await asBob(
      'mutation { createApiKey(input: { name: "mine", features: ["todos.read"] }) { apiKey { id } secret } }',
    );
    const seen = async (query: string) => (await withKey({ text: made.secret }, query)).body.data;
    expect((await seen(titles)).todos).toEqual((await asBob(titles)).todos);
    expect((await seen('{ can(feature: "todos.read", scope: "tenant/acme") }')).can).toBe(false);
    await asBob(`mutation { grantToApiKey(input: { id: "${made.apiKey.id}", features: ["*"] }) { apiKey { id } } }`);
    for (const feature of ["todos.read", "iam.users.read", "*"])
      expect((await seen(`{ can(feature: "${feature}", scope: "tenant/acme") }`)).can).toBe(false);
    expect((await seen("{ sales { totalCount } }")).sales.totalCount).toBe(0);
    const id = await arrange.grant({ user: bobs, feature: "view_sales_page", scope: "tenant/acme" });
    expect((await seen("{ sales { totalCount } }")).sales.totalCount).toBe(2);
    await change("delete from iam.grants where id = $1", id);
    expect((await seen("{ sales { totalCount } }")).sales.totalCount).toBe(0);
  });

  it("denies who acts as its owner to make one, or to give it another secret: he would have it when he may not act any more", async () => {
    const key = await arrangeKey(database, { user: bobs });
    for (const who of ["helper@acme.test", "alice@acme.test"])
      for (const call of [
        'createApiKey(input: { name: "his", features: ["todos.read"] })',
        `rotateApiKey(input: { id: "${key.id}" })`,
      ]) {
        const acting = gateway.as(await tokenFor(who), { "x-act-as": bobs, "x-tenant": "acme" });
        const { body } = await acting.query(`mutation { ${call} { secret } }`);
        expect([who, call, body.data]).toEqual([who, call, null]);
        expect(["FORBIDDEN", "NOT_FOUND"]).toContain(body.errors[0].extensions.code);
      }
    expect((await withKey(key, viewer)).status).toBe(200);
  });

  it("is gone with the next request when its owner loses it", async () => {
    const key = await arrangeKey(database, { user: "erin@acme.test", given: [["todos.read", "tenant/acme"]] });
    expect((await titlesFor(key)).length).toBeGreaterThan(2);
    await change("delete from iam.grants where user_id = (select id from iam.users where email = 'erin@acme.test')");
    expect(await titlesFor(key)).toEqual([]);
  });

  it("denies a key that is wider, lasts longer, or is somebody else's", async () => {
    const alices = { user: "alice@acme.test", expires: 3_600 } as const;
    const given = [
      ["iam.api_keys", "tenant/acme"],
      ["iam.scopes.read", "tenant/acme"],
      ["todos.read", "campus/chicago"],
    ] as const;
    const wider = await arrangeKey(database, { user: "alice@acme.test", given: everything, expires: 60 });
    const key = await arrangeKey(database, { ...alices, given });
    const soon = new Date(Date.now() + 60_000).toISOString();
    const create = (features: string, rest: string) =>
      `createApiKey(input: { name: "x", features: ["${features}"], ${rest} }) { secret }`;
    for (const call of [
      create("todos.read", `expiresAt: "${soon}"`),
      create("todos", `scope: "campus/chicago", expiresAt: "${soon}"`),
      create("todos.read", 'scope: "campus/chicago"'),
      create("todos.read", 'scope: "campus/chicago", expiresAt: "2099-01-01T00:00:00Z"'),
      create("todos.read", `scope: "campus/chicago", user: "reports@acme.test", expiresAt: "${soon}"`),
      `rotateApiKey(input: { id: "${wider.id}" }) { secret }`,
      `updateApiKey(input: { id: "${key.id}", expiresAt: "2099-01-01T00:00:00Z" }) { apiKey { id } }`,
      `grantToApiKey(input: { id: "${key.id}", features: ["todos.update"] }) { apiKey { id } }`,
    ])
      expect([call, (await withKey(key, `mutation { ${call} }`)).body]).toMatchObject([call, { data: null }]);
    const narrow = create("todos.read", `scope: "store/42", expiresAt: "${soon}"`);
    expect((await withKey(key, `mutation { ${narrow} }`)).body.data.createApiKey.secret).toMatch(/^pk_/);
  });
});

describe("the life of a key", () => {
  const asAlice = async (query: string) => (await gateway.as(await tokenFor("alice@acme.test")).query(query)).body;
  const create = async () =>
    (
      await asAlice(
        'mutation { createApiKey(input: { name: "ci", features: ["todos.read"], expiresAt: "2027-01-01T00:00:00Z" }) { apiKey { id } secret } }',
      )
    ).data.createApiKey as { readonly apiKey: { readonly id: string }; readonly secret: string };

  it("begins with a secret that is shown once and stored nowhere (K1)", async () => {
    const { apiKey, secret } = await create();
    expect((await withKey({ text: secret }, viewer)).status).toBe(200);
    const { rows: tables } = await change(
      "select oid::regclass::text as name from pg_class where relkind = 'r' and relnamespace in ('iam'::regnamespace, 'public'::regnamespace)",
    );
    for (const { name } of tables) {
      const { rows } = await change(
        `select from ${name} r where strpos(r::text, $1) > 0`,
        secret.split("_")[2]?.slice(0, 40),
      );
      expect([name, rows.length]).toEqual([name, 0]);
    }
    expect(JSON.stringify(gateway.logged)).not.toContain(secret.split("_")[2]);
    const { data } = await asAlice(`{ apiKey(id: "${apiKey.id}") { name grants { nodes { feature { code } } } } }`);
    expect(data.apiKey).toEqual({ name: "ci", grants: { nodes: [{ feature: { code: "todos.read" } }] } });
  });

  it("goes on with another secret, the old one accepted for the overlap only (K4)", async () => {
    const { apiKey, secret } = await create();
    const rotate = async (seconds: number) =>
      (await asAlice(`mutation { rotateApiKey(input: { id: "${apiKey.id}", overlapSeconds: ${seconds} }) { secret } }`))
        .data.rotateApiKey.secret as string;
    const second = await rotate(60);
    for (const text of [secret, second]) expect((await withKey({ text }, viewer)).status).toBe(200);
    await change("update iam.api_keys set previous_until = now() where previous_until is not null");
    expect(await withKey({ text: secret }, viewer)).toMatchObject(refused);
    const third = await rotate(0);
    expect(await withKey({ text: second }, viewer)).toMatchObject(refused);
    expect((await withKey({ text: third }, viewer)).status).toBe(200);
  });

  it("ends with its revocation for the very next request", async () => {
    const { apiKey, secret } = await create();
    const { data } = await asAlice(`mutation { revokeApiKey(input: { id: "${apiKey.id}" }) { apiKey { revokedAt } } }`);
    expect(data.revokeApiKey.apiKey.revokedAt).toEqual(expect.any(String));
    expect(await withKey({ text: secret }, viewer)).toMatchObject(refused);
  });

  it("ends with the membership of its owner, and coming back revives nothing (S0.14)", async () => {
    const key = await arrangeKey(database, { user: bobs, given: everything });
    await asAlice(`mutation { removeTenantMember(input: { user: "${bobs}" }) { id } }`);
    await asAlice(`mutation { addTenantMember(input: { user: "${bobs}" }) { user { id } } }`);
    expect(await withKey(key, viewer)).toMatchObject(refused);
    const { rows } = await change(
      "select action from iam.audit_events where code = 50503 and resource_id = $1",
      key.id.split(":")[1],
    );
    expect(rows).toEqual([{ action: "api_key_revoked" }]);
  });

  it("is told by the audit: who did something names the key", async () => {
    const key = await arrangeKey(database, { user: "alice@acme.test", given: everything });
    await withKey(key, 'mutation { createGroup(input: { name: "By a key" }) { group { id } } }');
    const { rows } = await change("select metadata ->> 'apiKey' as key from iam.audit_events where code = 50201");
    expect(rows).toEqual([{ key: key.publicId }]);
  });
});
