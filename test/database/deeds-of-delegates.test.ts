/**
 * In charge of what everybody may do with what is his: whoever acts as him, and his API key, may do it with the feature that
 * others need for it, and not without.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { arrangeKey } from "../support/api-keys.js";
import { arranger } from "../support/arrange.js";
import { type SqlCaller, useCallers } from "../support/callers.js";

const { as, keyed, database } = useCallers();
const arrange = arranger(database);
const olga = "olga@acme.test";
const ids: Record<string, string> = {};

/** What olga may do by herself, and the feature that her delegates need for it. */
const deeds: readonly (readonly [call: string, feature: string])[] = [
  ["create_group('New')", "iam.groups.create"],
  ["update_group('Own', 'Renamed')", "iam.groups.update"],
  ["delete_group('Own')", "iam.groups.delete"],
  ["add_group_member('Own', 'bob@acme.test')", "iam.groups.update"],
  ["remove_group_member('Other', 'olga@acme.test')", "iam.groups.update"],
  ["remove_tenant_member('olga@acme.test')", "iam.users.delete"],
  ["update_user('olga@acme.test', 'Olga')", "iam.users.update"],
  ["unlink_identity('{identity}')", "iam.identities.delete"],
  ["update_api_key('{key}', 'Renamed')", "iam.api_keys.update"],
  ["revoke_api_key('{key}')", "iam.api_keys.delete"],
  ["revoke_token('{token}')", "iam.users.create"],
];
const features = [...new Set([...deeds.map(([, feature]) => feature), "iam.api_keys.create"])];
const withAll = "all@acme.test";
const without = (feature: string) => `without.${feature}@acme.test`;
const keys = new Map<string, string>();

beforeAll(async () => {
  await arrange.user(olga);
  const selling = { feature: "view_sales_page", scope: "campus/chicago" };
  await arrange.grant({ ...selling, user: olga });
  await arrange.group({ name: "Own", owner: olga });
  await arrange.group({ name: "Other", owner: "alice@acme.test", members: [olga] });
  ids["key"] = (await arrangeKey(database, { user: olga })).id;
  const { rows } = await database.owner.query<{ name: string; id: string }>(
    `with token as (
       insert into iam.tokens (tenant_id, purpose, user_id, secret_hash, created_by, expires_at)
       select m.tenant_id, 'verification', u.id, sha256('secret'), u.id, now() + interval '1 day'
       from iam.users u join iam.tenant_members m on m.user_id = u.id where u.email = $1 returning id
     )
     select 'token' as name, 'Token:' || id as id from token
     union all
     select 'identity', 'Identity:' || i.id from iam.identities i where i.subject = $1`,
    [olga],
  );
  for (const { name, id } of rows) ids[name] = id;
  const all = (
    await database.owner.query<{ code: string }>(
      "select code from iam.features where code ~ '^iam[.][a-z_]+[.][a-z]+$'",
    )
  ).rows.map(({ code }) => code);
  for (const missing of [null, ...features]) {
    const helper = missing === null ? withAll : without(missing);
    await arrange.user(helper);
    await arrange.grant({ user: helper, feature: "iam", scope: "tenant/acme" });
    if (missing !== null) await arrange.grant({ user: helper, feature: missing, scope: "tenant/acme", effect: "deny" });
    await arrange.grant({ ...selling, user: helper });
    const given = [
      ...all.filter((code) => code !== missing).map((code) => [code, "tenant/acme"] as const),
      [selling.feature, selling.scope] as const,
    ];
    keys.set(helper, (await arrangeKey(database, { user: olga, given })).text);
  }
});

const acting = (helper: string): SqlCaller => as(helper, { tenant: "acme", actAs: olga });
const byKey = (helper: string): SqlCaller => keyed(keys.get(helper) ?? "");
const call = (text: string) => `select iam.${text.replace(/\{(\w+)\}/, (_, name: string) => ids[name] ?? "")}`;

describe("what is one's own", () => {
  test.each(deeds)("allows oneself %s, without %s", async (text) => {
    expect(await as(olga, { tenant: "acme" }).trial(call(text))).toBe("allowed");
  });

  test.each(deeds)("allows whoever acts %s, and a key, with %s", async (text) => {
    expect(await acting(withAll).trial(call(text))).toBe("allowed");
    expect(await byKey(withAll).trial(call(text))).toBe("allowed");
  });

  test.each(deeds)("denies whoever acts %s, and a key, without %s alone", async (text, feature) => {
    expect(await acting(without(feature)).outcome(call(text))).toBe("52109");
    expect(await byKey(without(feature)).outcome(call(text))).toBe("52109");
  });
});

describe("making an API key", () => {
  const make =
    "select iam.create_api_key('Made', 'MadeKey1', repeat('0', 64), array['view_sales_page'], 'campus/chicago')";

  test("is allowed to a key with iam.api_keys.create, and denied without", async () => {
    expect(await byKey(withAll).trial(make)).toBe("allowed");
    expect(await byKey(without("iam.api_keys.create")).outcome(make)).toBe("52109");
  });

  test("is denied to whoever acts, who would keep the secret", async () => {
    expect(await acting(withAll).outcome(make)).toBe("52109");
    expect(await as(olga, { tenant: "acme" }).trial(make)).toBe("allowed");
  });
});

describe("handing out what the other holds", () => {
  const grant = (feature: string) => `select iam.grant_feature('${feature}', 'tenant/acme', 'bob@acme.test')`;
  let delegates: readonly SqlCaller[];
  beforeAll(async () => {
    const given = ["iam.grants.create", "iam.users.read"].map((code) => [code, "tenant/acme"] as const);
    const key = await arrangeKey(database, { user: "alice@acme.test", given });
    delegates = [as(withAll, { tenant: "acme", actAs: "alice@acme.test" }), keyed(key.text)];
  });

  test("allows what whoever acts, and the key, hold as well", async () => {
    for (const who of delegates) expect(await who.trial(grant("iam.users.read"))).toBe("allowed");
  });

  test("denies what only the one they stand for holds", async () => {
    for (const who of delegates) expect(await who.outcome(grant("todos.read"))).toBe("52109");
  });
});

describe("moving a place by a key", () => {
  let mover: SqlCaller;
  beforeAll(async () => {
    await arrange.scope("tenant/acme", "campus", "boston");
    for (const key of ["8", "9"]) await arrange.scope("campus/boston", "store", key);
    await arrange.scope("campus/miami", "store", "7");
    const given = [
      ["iam.scopes.read", "tenant/acme"],
      ["iam.scopes.update", "campus/boston"],
    ] as const;
    mover = keyed((await arrangeKey(database, { user: "alice@acme.test", given })).text);
  });

  test("allows it where the key was given that", async () => {
    expect(await mover.trial("select iam.move_scope('store/9', 'store/8')")).toBe("allowed");
  });

  test.each([
    ["out of a place where it was not", "move_scope('store/7', 'campus/boston')"],
    ["into one", "move_scope('store/8', 'campus/miami')"],
  ])("denies moving it %s", async (_, text) => {
    expect(await mover.outcome(`select iam.${text}`)).toBe("52109");
  });
});
