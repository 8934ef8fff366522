/** In charge of what is gone staying gone: nothing that comes back under an old name brings old rights with it. */
import { describe, expect, test } from "vitest";
import { mintSecret } from "../../src/api-key.js";
import { arrangeKey } from "../support/api-keys.js";
import { arranger } from "../support/arrange.js";
import { useCallers } from "../support/callers.js";

const { as, database } = useCallers();
const arrange = arranger(database);
const alice = () => as("alice@acme.test");
const sees = (who: string) =>
  as(who).read(
    "select iam.can('view_sales_page', 'campus/chicago') as can, (select count(*)::int from sales) as sales",
  );
const nothing = [{ can: false, sales: 0 }];
const page = [{ can: true, sales: 1 }];

const whole = { grants: 1, memberships: 1, owned: 1, keys: 1, isMember: true };
const nothingLeft = { grants: 0, memberships: 0, owned: 0, keys: 0, isMember: false };

/** Somebody with something of each sort in both tenants. */
async function settle(who: string): Promise<string> {
  const id = await arrange.user(who, ["acme", "globex"]);
  for (const tenant of ["acme", "globex"]) {
    await arrange.group({ name: `${who} in ${tenant}`, tenant, owner: who, members: [who] });
    await arrange.grant({ user: who, role: "auditor", scope: `tenant/${tenant}`, tenant });
    await arrangeKey(database, { user: who, tenant });
  }
  return id;
}

async function belongings(id: string): Promise<Record<string, unknown>> {
  const { rows } = await database.owner.query<{ slug: string; has: unknown }>(
    `select t.slug, json_build_object(
       'grants', (select count(*) from iam.grants g where g.user_id = $1 and g.tenant_id = t.id),
       'memberships', (select count(*) from iam.group_members m where m.user_id = $1 and m.tenant_id = t.id),
       'owned', (select count(*) from iam.groups g where g.owner_id = $1 and g.tenant_id = t.id),
       'keys', (select count(*) from iam.api_keys k where k.user_id = $1 and k.tenant_id = t.id),
       'isMember', (select m.deleted_at is null from iam.tenant_members m where m.user_id = $1 and m.tenant_id = t.id)
     ) as has
     from iam.tenants t where t.slug in ('acme', 'globex')`,
    [id],
  );
  return Object.fromEntries(rows.map(({ slug, has }) => [slug, has]));
}

describe("coming back", () => {
  test("denies a former member his grants, groups and the ownership of his groups", async () => {
    await arrange.user("rita@acme.test");
    await arrange.group({ name: "ritas", owner: "rita@acme.test", members: ["rita@acme.test"] });
    await arrange.grant({ group: "ritas", feature: "view_sales_page", scope: "campus/chicago" });
    await arrange.grant({ user: "rita@acme.test", role: "sales_manager", scope: "campus/chicago" });
    expect(await sees("rita@acme.test")).toEqual(page);
    await alice().sql("select iam.remove_tenant_member('rita@acme.test')");
    expect(await as("rita@acme.test", { tenant: "acme" }).outcome("select 1")).toBe("52108");
    await alice().sql("select iam.add_tenant_member('rita@acme.test')");
    expect(await sees("rita@acme.test")).toEqual(nothing);
    expect(await as("rita@acme.test").read("select name from iam.groups")).toEqual([]);
    expect(await as("rita@acme.test").outcome("select iam.add_group_member('ritas', 'rita@acme.test')")).toBe("52171");
  });

  test("takes from a former member what he had here, and nothing from others or elsewhere", async () => {
    const [toni, mate] = [await settle("toni@acme.test"), await settle("mate@acme.test")];
    await alice().sql("select iam.remove_tenant_member('toni@acme.test')");
    expect(await belongings(toni)).toEqual({ acme: nothingLeft, globex: whole });
    expect(await belongings(mate)).toEqual({ acme: whole, globex: whole });
  });

  test("takes everything from a deleted user, everywhere, and nothing from others", async () => {
    const [dead, left] = [await settle("dead@acme.test"), await settle("left@acme.test")];
    const ada = as("ada@portcullis.test", { tenant: "acme" });
    await ada.sql("select iam.delete_user('dead@acme.test')");
    expect(await ada.outcome("select iam.add_tenant_member($1)", `User:${dead}`)).toBe("52103");
    expect(await belongings(dead)).toEqual({ acme: nothingLeft, globex: nothingLeft });
    expect(await belongings(left)).toEqual({ acme: whole, globex: whole });
  });

  test.each<[by: string, comeBack: (who: string) => Promise<unknown>]>([
    ["add_tenant_member", (who) => alice().sql("select iam.add_tenant_member($1)", who)],
    ["create_user", (who) => alice().sql("select iam.create_user($1)", who)],
    [
      "use_token",
      async (who) => {
        const { secretHash } = mintSecret();
        await alice().sql("select iam.create_token($1, email => $2)", secretHash, who);
        await as(who).sql("select iam.use_token($1)", secretHash);
      },
    ],
  ])(
    "denies a former member what somebody's SQL left behind him, when iam.%s brings him back",
    async (by, comeBack) => {
      const who = `left-${by}@acme.test`.replaceAll("_", "-");
      await arrange.user(who);
      await alice().sql("select iam.remove_tenant_member($1)", who);
      await arrange.grant({ user: who, feature: "view_sales_page", scope: "campus/chicago" });
      await comeBack(who);
      expect(await sees(who)).toEqual(nothing);
    },
  );

  // iam.begin_membership() clears away what one former member left, and no other's
  test("denies adding a member again, and leaves him what he holds", async () => {
    await arrange.user("ines@acme.test");
    await arrange.user("otto@acme.test");
    await arrange.grant({ user: "ines@acme.test", feature: "view_sales_page", scope: "campus/chicago" });
    await alice().sql("select iam.remove_tenant_member('otto@acme.test')");
    expect(await alice().outcome("select iam.add_tenant_member('ines@acme.test')")).toBe("PT409");
    expect(await sees("ines@acme.test")).toEqual(page);
  });

  test("leaves a member what he holds, who was one elsewhere and uses an invitation", async () => {
    const who = "vera@acme.test";
    await arrange.user(who, ["acme", "globex"]);
    await arrange.grant({ user: who, feature: "view_sales_page", scope: "campus/chicago" });
    await as("carol@globex.test").sql("select iam.remove_tenant_member($1)", who);
    const { secretHash } = mintSecret();
    await alice().sql("select iam.create_token($1, email => $2, role => 'auditor')", secretHash, who);
    await as(who).sql("select iam.use_token($1)", secretHash);
    expect(await sees(who)).toEqual(page);
    expect(await as(who).value("select iam.can('todos.read', 'tenant/acme')")).toBe(true);
  });

  test("keeps what is denied to somebody who is in every tenant anyway", async () => {
    await arrange.user("glen@acme.test");
    await alice().sql("select iam.remove_tenant_member('glen@acme.test')");
    await arrange.grant({ user: "glen@acme.test", feature: "view_sales_page", scope: "global/all" });
    await arrange.grant({
      user: "glen@acme.test",
      feature: "view_sales_page",
      scope: "campus/chicago",
      effect: "deny",
    });
    expect(
      await as("glen@acme.test", { tenant: "acme" }).value("select iam.can('view_sales_page', 'campus/chicago')"),
    ).toBe(false);
    await alice().sql("select iam.add_tenant_member('glen@acme.test')");
    expect(await as("glen@acme.test").value("select iam.can('view_sales_page', 'campus/chicago')")).toBe(false);
    expect(await as("glen@acme.test").value("select iam.can('view_sales_page', 'campus/miami')")).toBe(true);
  });

  test("denies the holders of a deleted role what a new role of its code gives", async () => {
    await alice().sql("select iam.delete_role('sales_manager')");
    await alice().sql("select iam.create_role('sales_manager', 'Sales manager')");
    await alice().sql("select iam.add_role_features('sales_manager', array['view_sales_page'])");
    expect(await sees("jane@acme.test")).toEqual(nothing);
  });

  test("denies the members of a deleted group what a new group of its name holds", async () => {
    await arrange.user("gus@acme.test");
    await arrange.group({ name: "reborn", members: ["gus@acme.test"] });
    await arrange.grant({ group: "reborn", feature: "view_sales_page", scope: "campus/chicago" });
    await database.owner.query(
      "insert into todo_shares (tenant_id, todo_id, group_id, can_write) select tenant_id, '70d00000-0000-4000-8000-000000000002', id, true from iam.groups where name = 'reborn'",
    );
    expect(await as("gus@acme.test").read("select title from todos")).toEqual([{ title: "Plan the offsite" }]);
    await alice().sql("select iam.delete_group('reborn')");
    await alice().sql("select iam.create_group('reborn')");
    await alice().sql("select iam.grant_feature('view_sales_page', 'campus/chicago', null, 'reborn')");
    expect(await sees("gus@acme.test")).toEqual(nothing);
    expect(await as("gus@acme.test").read("select title from todos")).toEqual([]);
  });

  test("denies the holders at a deleted scope what a new scope of its key has", async () => {
    await arrange.user("sam@acme.test");
    await alice().sql("select iam.create_scope('campus/chicago', 'kiosk', 'k1')");
    await alice().sql("select iam.grant_feature('todos', 'kiosk/k1', 'sam@acme.test')");
    expect(await as("sam@acme.test").value("select iam.can('todos', 'kiosk/k1')")).toBe(true);
    await alice().sql("select iam.delete_scope('kiosk/k1')");
    await alice().sql("select iam.create_scope('campus/chicago', 'kiosk', 'k1')");
    expect(await as("sam@acme.test").value("select iam.can('todos', 'kiosk/k1')")).toBe(false);
  });

  test("denies a deleted user's e-mail and subject what he held", async () => {
    await arrange.user("dora@acme.test");
    await arrange.grant({ user: "dora@acme.test", feature: "view_sales_page", scope: "campus/chicago" });
    await alice().sql("select iam.delete_user('dora@acme.test')");
    expect(await as("dora@acme.test").outcome("select 1")).toBe("52103");
    await alice().sql("select iam.create_user('dora@acme.test')");
    await alice().sql("select iam.link_identity('dora@acme.test', 'demo', 'dora@acme.test')");
    expect(await sees("dora@acme.test")).toEqual(nothing);
  });

  test("denies an unlinked identity the user it acted as", async () => {
    await arrange.user("ulla@acme.test");
    const [own] = await as("ulla@acme.test").read<{ id: string }>("select 'Identity:' || id as id from iam.identities");
    await as("ulla@acme.test").sql("select iam.unlink_identity($1)", own?.id);
    expect(await as("ulla@acme.test").outcome("select 1")).toBe("52103");
  });

  test("denies the mappings and identities of a deleted provider to a new one of its code", async () => {
    const ada = as("ada@portcullis.test");
    const create =
      "select iam.create_provider('side', 'Side', 'https://side.test', array['a'], array['ES256'], 'https://side.test/keys')";
    await ada.sql(create);
    await alice().sql("select iam.link_identity('bob@acme.test', 'side', 'bob')");
    expect(await as("bob", { issuer: "https://side.test" }).outcome("select 1")).toBe("allowed");
    await ada.sql("select iam.delete_provider('side')");
    await ada.sql(create);
    expect(await as("bob", { issuer: "https://side.test" }).outcome("select 1")).toBe("52103");
  });

  test("denies a deleted tenant's slug to a new tenant, and its members to everybody", async () => {
    const ada = as("ada@portcullis.test");
    await ada.sql("select iam.create_tenant('initech', 'Initech', 'bob@acme.test')");
    expect(await as("bob@acme.test", { tenant: "initech" }).value("select iam.can('*', 'tenant/initech')")).toBe(true);
    await ada.sql("select iam.delete_tenant('initech')");
    expect(await as("bob@acme.test", { tenant: "initech" }).outcome("select 1")).toBe("52108");
    expect(await ada.outcome("select iam.create_tenant('initech', 'Initech')")).toBe("23505");
    expect(await ada.outcome("select iam.delete_tenant('initech')")).toBe("PT404");
  });

  test("denies a revoked grant a second end", async () => {
    const [given] = await alice().sql<{ id: string }>(
      "select 'Grant:' || iam.grant_feature('todos', 'tenant/acme', 'bob@acme.test') as id",
    );
    expect(await alice().outcome("select iam.revoke($1)", given?.id)).toBe("allowed");
    expect(await alice().outcome("select iam.revoke($1)", given?.id)).toBe("PT404");
  });
});
