/**
 * In charge of the gateway's own tables, read by whoever acts as an owner and by an owner's key: as the owner himself with
 * the feature that reads them, and not at all without it.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { arrangeKey } from "../support/api-keys.js";
import { arranger } from "../support/arrange.js";
import { type SqlCaller, useCallers } from "../support/callers.js";

const { as, keyed, database } = useCallers();
const arrange = arranger(database);
const alice = "alice@acme.test";

const tables: readonly (readonly [table: string, feature: string])[] = [
  ["tenant_members", "iam.users.read"],
  ["tokens", "iam.users.read"],
  ["identities", "iam.identities.read"],
  ["groups", "iam.groups.read"],
  ["group_members", "iam.groups.read"],
  ["group_includes", "iam.groups.read"],
  ["group_mappings", "iam.groups.read"],
  ["grants", "iam.grants.read"],
  ["api_keys", "iam.api_keys.read"],
  ["api_key_grants", "iam.api_keys.read"],
  ["audit_events", "iam.audit.read"],
];
const features = [...new Set(tables.map(([, feature]) => feature))];
const withAll = "all@acme.test";
const without = (feature: string) => `without.${feature}@acme.test`;
const keys = new Map<string, string>();

beforeAll(async () => {
  await arrange.group({ name: "Inner" });
  await arrange.group({ name: "Outer", includes: ["Inner"] });
  await database.owner.query(`
    with mapping as (
      insert into iam.group_mappings (tenant_id, group_id, provider_id, external_id)
      select g.tenant_id, g.id, p.id, 'mapped' from iam.groups g, iam.providers p where g.name = 'Outer'
    )
    insert into iam.tokens (tenant_id, purpose, user_id, secret_hash, created_by, expires_at)
    select m.tenant_id, 'verification', u.id, sha256('secret'), u.id, now() + interval '1 day'
    from iam.users u join iam.tenant_members m on m.user_id = u.id where u.email = '${alice}'`);
  await as(alice).sql("select iam.create_group('Told of')");
  const { rows } = await database.owner.query<{ code: string }>(
    "select code from iam.features where code ~ '^iam[.][a-z_]+[.][a-z]+$'",
  );
  for (const missing of [null, ...features]) {
    const helper = missing === null ? withAll : without(missing);
    await arrange.user(helper);
    await arrange.grant({ user: helper, feature: "iam", scope: "tenant/acme" });
    if (missing !== null) await arrange.grant({ user: helper, feature: missing, scope: "tenant/acme", effect: "deny" });
    const given = rows.filter(({ code }) => code !== missing).map(({ code }) => [code, "tenant/acme"] as const);
    keys.set(helper, (await arrangeKey(database, { user: alice, given })).text);
  }
});

const acting = (helper: string): SqlCaller => as(helper, { tenant: "acme", actAs: alice });
const byKey = (helper: string): SqlCaller => keyed(keys.get(helper) ?? "");
const count = (who: SqlCaller, table: string) => who.value(`select count(*)::int from iam.${table}`);

describe("a table of the gateway's own", () => {
  test.each(tables)("reads %s to delegates with %s as to whom they stand for", async (table) => {
    const own = await count(as(alice, { tenant: "acme" }), table);
    expect(own).toBeGreaterThan(0);
    expect(await count(acting(withAll), table)).toBe(own);
    expect(await count(byKey(withAll), table)).toBe(own);
  });

  test.each(tables)("hides %s from delegates without %s alone", async (table, feature) => {
    expect(await count(acting(without(feature)), table)).toBe(0);
    expect(await count(byKey(without(feature)), table)).toBe(0);
  });
});
