/** In charge of what a token brings about: users on first sight, and groups that follow the provider's. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAdmit } from "../../src/database/admission.js";
import { createPool, type Pool } from "../../src/database/pool.js";
import { createSessions } from "../../src/database/session.js";
import { schema } from "../../src/schema/index.js";
import { arranger } from "../support/arrange.js";
import { useTestDatabase } from "../support/database.js";
import { createTestGateway, type TestGateway } from "../support/gateway.js";
import { createTestIssuer, type TestIssuer } from "../support/tokens.js";

const database = useTestDatabase();
const arrange = arranger(database);
const opened: TestIssuer = await createTestIssuer("https://open.test/");
const closed: TestIssuer = await createTestIssuer("https://closed.test/");
const viewer = "{ viewer { user { email } tenant { slug } } }";
const rows = async (text: string, ...parameters: readonly unknown[]) =>
  (await database.owner.query(text, [...parameters])).rows;
let pool: Pool;
let gateways: readonly [TestGateway, TestGateway];

beforeAll(async () => {
  pool = createPool({ url: database.url, size: 6, acquireTimeoutMillis: 10_000, prepare: true });
  for (const [{ issuer, audience, jwks }, provisions] of [[opened, true] as const, [closed, false] as const])
    await rows(
      `insert into iam.providers (code, name, issuer, audience, algorithms, jwks, provisions) values ($1, $1, $2, array[$3], '{ES256}', $4, $5)`,
      ...[provisions ? "open" : "closed", issuer, audience, JSON.stringify(jwks), provisions],
    );
  for (const name of ["Engineers", "Admins", "Frozen", "Board2"])
    await arrange.group({ name, owner: "alice@acme.test" });
  await rows("update iam.groups set type = 'hybrid' where name in ('Engineers', 'Admins', 'Frozen', 'Board2')");
  await rows(
    `insert into iam.group_mappings (tenant_id, group_id, provider_id, external_id, external_role)
     select g.tenant_id, g.id, p.id, given.external, given.role
     from (values ('Engineers', 'eng', null), ('Admins', null, 'admin'), ('Frozen', 'frozen', null), ('Board2', 'eng', null)) given (name, external, role)
     join iam.groups g on g.name = given.name join iam.providers p on p.code in ('open', 'closed')`,
  );
  await rows("update iam.groups set is_locked = true where name = 'Frozen'");
  const open = () =>
    createTestGateway({
      schema,
      sessions: createSessions(pool),
      admit: createAdmit(pool),
      providerRows: () => pool.query({ sql: "select * from iam.list_providers()", parameters: [] }),
    });
  gateways = [open(), open()];
});
afterAll(() => pool.close());

const ask = async (claims: Readonly<Record<string, unknown>>, { by = opened, at = 0 as 0 | 1, query = viewer } = {}) =>
  gateways[at].as(await by.sign({ claims })).query(query);
const groupsOf = async (subject: string) =>
  (
    await rows(
      `select g.name, m.source from iam.group_members m join iam.groups g on g.id = m.group_id
       join iam.identities i on i.user_id = m.user_id where i.subject = $1 order by 1, 2`,
      subject,
    )
  ).map(({ name, source }) => `${name} ${source}`);

describe("an unknown subject", () => {
  it("becomes a user without anything, on first sight", async () => {
    const { status, body } = await ask({ sub: "new", email: "New@Open.test", email_verified: true });
    expect([status, body.data]).toEqual([200, { viewer: { user: { email: "new@open.test" }, tenant: null } }]);
  });

  it("becomes one user when seen first twenty times at once, at two gateways", async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => ask({ sub: "twins" }, { at: index % 2 === 0 ? 0 : 1 })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(await rows("select from iam.identities where subject = 'twins'")).toHaveLength(1);
  });

  it("is refused by a provider that makes no users", async () => {
    const { status, body } = await ask({ sub: "new" }, { by: closed });
    expect([status, body.errors[0].extensions.reason]).toEqual([403, 52103]);
    expect(
      await rows("select from iam.identities i join iam.providers p on p.id = i.provider_id where p.code = 'closed'"),
    ).toEqual([]);
  });

  it("is refused when his address is somebody's, and gets nothing of his", async () => {
    const { status, body } = await ask({ sub: "thief", email: "alice@acme.test", email_verified: true });
    expect([status, body.errors[0].extensions.reason]).toEqual([403, 52101]);
    expect(await rows("select from iam.identities where subject = 'thief'")).toEqual([]);
  });

  it("has no address as long as nobody has verified it", async () => {
    const { body } = await ask({ sub: "unverified", email: "carol@globex.test" });
    expect(body.data.viewer.user).toEqual({ email: null });
  });

  it("is not made by an operation that is not valid", async () => {
    await ask({ sub: "invalid" }, { query: "{ nothing }" });
    expect(await rows("select from iam.identities where subject = 'invalid'")).toEqual([]);
  });
});

describe("groups", () => {
  it("follow the token at each sight: added with what it says, and gone with what it doesn't", async () => {
    const { body } = await ask({ sub: "ed", groups: ["eng", "unmapped", "frozen"], roles: ["admin"] });
    expect(body.data.viewer.tenant).toEqual({ slug: "acme" });
    expect(await groupsOf("ed")).toEqual(["Admins synced", "Board2 synced", "Engineers synced"]);
    await ask({ sub: "ed", groups: ["eng"] }, { at: 1 });
    expect(await groupsOf("ed")).toEqual(["Board2 synced", "Engineers synced"]);
    await ask({ sub: "ed" });
    expect(await groupsOf("ed")).toEqual([]);
  });

  it("are followed in every tenant, and by nobody else", async () => {
    await arrange.group({ name: "Guild", tenant: "globex" });
    await rows(
      `with guild as (update iam.groups set type = 'external' where name = 'Guild' returning tenant_id, id)
       insert into iam.group_mappings (tenant_id, group_id, provider_id, external_role)
       select guild.tenant_id, guild.id, p.id, 'guild' from guild, iam.providers p where p.code = 'open'`,
    );
    for (const sub of ["wide", "other"]) await ask({ sub, groups: ["eng"], roles: ["guild"] });
    expect(await groupsOf("wide")).toEqual(["Board2 synced", "Engineers synced", "Guild synced"]);
    await ask({ sub: "wide" });
    expect(await groupsOf("wide")).toEqual([]);
    expect(await groupsOf("other")).toEqual(["Board2 synced", "Engineers synced", "Guild synced"]);
  });

  it("keep whoever was added by hand", async () => {
    await ask({ sub: "hand", groups: ["eng"] });
    await rows(
      `insert into iam.group_members (tenant_id, group_id, user_id)
       select g.tenant_id, g.id, i.user_id from iam.groups g, iam.identities i where g.name = 'Engineers' and i.subject = 'hand'`,
    );
    await ask({ sub: "hand", groups: [] });
    expect(await groupsOf("hand")).toEqual(["Engineers manual"]);
  });

  it("don't take back who was sent away", async () => {
    await ask({ sub: "away", groups: ["eng"] });
    await rows(
      `with away as (select user_id as id from iam.identities where subject = 'away'), gone as (
         delete from iam.group_members m using away where m.user_id = away.id
       ) update iam.tenant_members m set deleted_at = now() from away where m.user_id = away.id`,
    );
    await ask({ sub: "away", groups: ["eng", "more"] });
    expect(await groupsOf("away")).toEqual([]);
  });

  it("are left alone by the tokens of another provider, and of a disabled user", async () => {
    await ask({ sub: "both", groups: ["eng"] });
    await rows(
      "insert into iam.identities (provider_id, subject, user_id) select p.id, 'both-2', i.user_id from iam.providers p, iam.identities i where p.code = 'closed' and i.subject = 'both'",
    );
    await ask({ sub: "both-2" }, { by: closed });
    expect(await groupsOf("both")).toEqual(["Board2 synced", "Engineers synced"]);
    await rows(
      "update iam.users u set is_active = false from iam.identities i where i.user_id = u.id and i.subject = 'both'",
    );
    expect((await ask({ sub: "both", groups: [] })).status).toBe(403);
    expect(await groupsOf("both")).toEqual(["Board2 synced", "Engineers synced"]);
  });

  it("are not kept by another provider that he can't come by any more", async () => {
    await ask({ sub: "past", groups: ["eng"] });
    await rows(
      `with past as (update iam.identities set is_enabled = false where subject = 'past' returning user_id)
       insert into iam.identities (provider_id, subject, user_id) select p.id, 'past-2', past.user_id from iam.providers p, past where p.code = 'closed'`,
    );
    await ask({ sub: "past-2" }, { by: closed });
    expect(await groupsOf("past")).toEqual([]);
  });

  it("follow the latest token: one that was issued before it changes nothing, at any gateway", async () => {
    const iat = Math.floor(Date.now() / 1000) - 100;
    await ask({ sub: "moved", iat, groups: ["eng"] });
    await ask({ sub: "moved", iat: iat + 50, roles: ["admin"] });
    expect(await groupsOf("moved")).toEqual(["Admins synced"]);
    for (const at of [0, 1, 0] as const) {
      expect((await ask({ sub: "moved", iat, groups: ["eng"] }, { at })).status).toBe(200);
      expect(await groupsOf("moved")).toEqual(["Admins synced"]);
    }
    await ask({ sub: "moved", iat: iat + 51, groups: ["eng"] }, { at: 1 });
    expect(await groupsOf("moved")).toEqual(["Board2 synced", "Engineers synced"]);
  });

  it("follow the latest of twenty tokens that come at once", async () => {
    const iat = Math.floor(Date.now() / 1000) - 100;
    await ask({ sub: "crowd", iat: iat - 1 });
    await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        ask(
          { sub: "crowd", iat: iat + n, ...(n === 19 ? { roles: ["admin"] } : { groups: ["eng"] }) },
          { at: n % 2 === 0 ? 0 : 1 },
        ),
      ),
    );
    expect(await groupsOf("crowd")).toEqual(["Admins synced"]);
  });

  it("cost nothing while the token says the same, and leave one event for each change", async () => {
    const events = () =>
      rows(
        "select e.code from iam.audit_events e where e.metadata ->> 'user' = (select user_id::text from iam.identities where subject = 'calm') order by number",
      );
    await ask({ sub: "calm", roles: ["admin"] });
    await ask({ sub: "calm", roles: ["admin"] });
    await ask({ sub: "calm", roles: ["admin"] }, { at: 1 });
    expect(await events()).toEqual([{ code: 50131 }]);
  });
});
