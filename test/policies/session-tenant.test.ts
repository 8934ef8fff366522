/** In charge of which tenant a session acts in: the one it names, else the one chosen, else the only membership. */
import { beforeAll, describe, expect, test } from "vitest";
import { arranger } from "../support/arrange.js";
import { useCallers } from "../support/callers.js";

const { as, anonymous, database } = useCallers();
const arrange = arranger(database);
const tenantOf = "select (select t.slug from iam.tenants t where t.id = iam.caller_tenant_id()) as slug";
const slug = (who: string, tenant?: string) => as(who, tenant === undefined ? {} : { tenant }).value(tenantOf);

beforeAll(async () => {
  await arrange.user("twice@acme.test", ["acme", "globex"]);
  await arrange.user("ended@acme.test");
  await arrange.user("denied@acme.test", []);
  await arrange.user("waiting@acme.test", []);
  await arrange.user("past@acme.test", []);
  await arrange.grant({ user: "denied@acme.test", feature: "*", scope: "global/all", effect: "deny" });
  await arrange.grant({ user: "waiting@acme.test", feature: "todos", scope: "global/all", from: 60 });
  await arrange.grant({ user: "past@acme.test", feature: "todos", scope: "global/all", from: -60, until: -1 });
  await database.owner.query("insert into iam.tenants (slug, name, deleted_at) values ('gone', 'Gone', now())");
  await database.owner.query(
    "insert into iam.tenant_members (tenant_id, user_id) select t.id, u.id from iam.tenants t, iam.users u where t.slug = 'gone' and u.email in ('bob@acme.test', 'ended@acme.test')",
  );
  await database.owner.query(
    "update iam.tenant_members set deleted_at = now() where user_id = (select id from iam.users where email = 'ended@acme.test')",
  );
});

describe("the tenant of a session", () => {
  test("allows the only membership to be left unsaid, deleted tenants not counted", async () => {
    expect(await slug("bob@acme.test")).toBe("acme");
  });

  test("allows none where there are several and none was chosen", async () => {
    expect(await slug("twice@acme.test")).toBeNull();
    expect(await as("twice@acme.test").value("select count(*)::int from todos")).toBe(0);
  });

  test("allows the chosen one from then on, and the named one before it", async () => {
    await as("twice@acme.test").sql("select iam.select_tenant('globex')");
    expect(await slug("twice@acme.test")).toBe("globex");
    expect(await slug("twice@acme.test", "acme")).toBe("acme");
  });

  test("denies the chosen one when the membership has ended, and takes the one that is left", async () => {
    await as("carol@globex.test").sql("select iam.remove_tenant_member('twice@acme.test')");
    expect(await slug("twice@acme.test")).toBe("acme");
  });

  test("allows none to who belongs nowhere any more", async () => {
    expect(await slug("ended@acme.test")).toBeNull();
    expect(await slug("mallory@nowhere.test")).toBeNull();
  });

  test.each([
    ["bob@acme.test", "globex", "of others"],
    ["bob@acme.test", "unheard-of", "that doesn't exist"],
    ["bob@acme.test", "gone", "that is deleted"],
    ["bob@acme.test", "ACME", "in other letters"],
    ["ended@acme.test", "acme", "that he has left"],
    ["mallory@nowhere.test", "acme", "where he never was"],
    ["denied@acme.test", "acme", "reached by nothing but a deny at global/all"],
    ["waiting@acme.test", "acme", "reached by a grant that has not begun"],
    ["past@acme.test", "acme", "reached by a grant that has ended"],
    ["ada@portcullis.test", "gone", "that is deleted, to an administrator of everything"],
  ])("denies %s the tenant %s, %s, with one answer", async (who, tenant) => {
    const refusal = await as(who, { tenant })
      .read("select 1")
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      message: "No access to this tenant.",
      extensions: { reason: 52108 },
      cause: { code: "52108" },
    });
  });

  test("allows an allow-grant at global/all to reach a tenant without membership", async () => {
    expect(await slug("ada@portcullis.test", "globex")).toBe("globex");
    expect(await as("ada@portcullis.test", { tenant: "globex" }).read("select title from todos")).toEqual([
      { title: "Hire a CFO" },
    ]);
    expect(await as("ada@portcullis.test").value("select count(*)::int from todos")).toBe(0);
  });

  test("allows the anonymous a tenant that there is, and denies the others", async () => {
    expect(await anonymous("acme").value("select iam.caller_tenant_id() is not null")).toBe(true);
    for (const tenant of ["gone", "unheard-of"]) expect(await anonymous(tenant).outcome("select 1")).toBe("52108");
  });

  test("hides from members which tenant another has chosen", async () => {
    expect(await as("alice@acme.test").outcome("select selected_tenant_id from iam.users")).toBe("42501");
  });
});
