/** In charge of every function that writes authority: what each is answered with, by whom, and for what input. */
import { beforeAll, describe, expect, test } from "vitest";
import { arranger } from "../../support/arrange.js";
import { type SqlCaller, useCallers } from "../../support/callers.js";
import { fingerprint } from "../../support/fingerprint.js";
import { grantFunctions } from "./grant-functions.js";
import { groupFunctions } from "./group-functions.js";
import { keyFunctions } from "./key-functions.js";
import { peopleFunctions } from "./people-functions.js";

const { as, database } = useCallers();
const arrange = arranger(database);
const ids: Record<string, string> = {};
const all = [...groupFunctions, ...grantFunctions, ...keyFunctions, ...peopleFunctions];

beforeAll(async () => {
  for (const email of ["manager@acme.test", "robot@acme.test", "globalreader@acme.test"]) await arrange.user(email);
  await arrange.user("twice@acme.test", ["acme", "globex"]);
  await arrange.user("visitor@acme.test", []);
  await arrange.user("neighbour@acme.test", ["globex"]);
  for (const email of ["former@acme.test", "gone@acme.test"])
    await database.owner.query("update iam.tenant_members set deleted_at = now() where user_id = $1", [
      await arrange.user(email),
    ]);
  await arrange.user("keyreader@acme.test");
  await arrange.grant({ user: "keyreader@acme.test", feature: "iam.api_keys.read", scope: "tenant/acme" });
  await arrange.user("barred@acme.test");
  await arrange.grant({ user: "barred@acme.test", feature: "*", scope: "tenant/acme", effect: "deny" });
  for (const visitor of ["visitor", "neighbour", "former"])
    await arrange.grant({ user: `${visitor}@acme.test`, role: "auditor", scope: "global/all" });
  await arrange.user("mapper@acme.test");
  for (const feature of ["iam.groups", "iam.identities.read"])
    await arrange.grant({ user: "mapper@acme.test", feature, scope: "tenant/acme" });
  await arrange.grant({ user: "globalreader@acme.test", role: "auditor", scope: "global/all" });
  await arrange.grant({ user: "globalreader@acme.test", feature: "iam.providers.read", scope: "global/all" });
  await arrange.grant({ user: "globalreader@acme.test", feature: "*", scope: "tenant/acme" });
  await arrange.group({ name: "Synced", owner: "bob@acme.test" });
  for (const name of ["Frozen", "Built-in", "Sleeping", "Closed", "Outside"])
    await arrange.group({ name, owner: "alice@acme.test", members: ["bob@acme.test"] });
  await arrange.group({ name: "Bobs", owner: "bob@acme.test" });
  await arrange.group({ name: "Managed", owner: "alice@acme.test", members: ["manager@acme.test"] });
  await arrange.role({ code: "fixed" });
  await arrange.role({ code: "outer", includes: ["sales_manager"] });
  await arrange.feature("fixed_feature");
  for (const statement of [
    "insert into iam.tenants (slug, name, deleted_at) values ('ended', 'Ended', now())",
    "insert into iam.tenant_members (tenant_id, user_id) select t.id, u.id from iam.tenants t, iam.users u where t.slug = 'ended' and u.email = 'twice@acme.test'",
    "update iam.groups set is_locked = true where name = 'Frozen'",
    "update iam.groups set is_system = true where name = 'Built-in'",
    "update iam.groups set is_active = false where name = 'Sleeping'",
    "update iam.groups set is_assignable = false where name = 'Closed'",
    "update iam.groups set type = 'external' where name in ('Outside', 'Synced')",
    "update iam.groups set members_manage_each_other = true where name = 'Managed'",
    "update iam.roles set is_assignable = false where code = 'fixed'",
    "update iam.features set is_assignable = false where code = 'fixed_feature'",
    "update iam.users set is_system = true where email = 'robot@acme.test'",
  ])
    await database.owner.query(statement);
  const { rows } = await database.owner.query<{ name: string; id: string }>(`
    with mapping as (
      insert into iam.group_mappings (tenant_id, group_id, provider_id, external_id)
      select g.tenant_id, g.id, p.id, case g.name when 'Outside' then 'mapped' else 'own' end
      from iam.groups g, iam.providers p where g.name in ('Outside', 'Synced') returning id, external_id
    ), key as (
      insert into iam.api_keys (tenant_id, user_id, name, public_id, secret_hash, expires_at, revoked_at)
      select m.tenant_id, m.user_id, given.name, given.public_id, sha256('secret'), '2100-01-01', given.revoked_at
      from (values ('key', 'BobsKey1', null), ('revoked', 'BobsKey2', now())) given (name, public_id, revoked_at), iam.tenant_members m
      join iam.users u on u.id = m.user_id where u.email = 'bob@acme.test'
      returning tenant_id, id, name
    ), token (name, hash) as (
      select given.name, sha256(given.name::bytea) from (values ('token'), ('ended'), ('used')) given (name)
    ), made as (
      insert into iam.tokens (tenant_id, purpose, user_id, secret_hash, created_by, expires_at, used_at)
      select m.tenant_id, 'verification', m.user_id, token.hash, a.id,
        case when token.name = 'ended' then timestamptz '2001-01-01' else '2100-01-01' end, case when token.name = 'used' then now() end
      from token, iam.users a, iam.tenant_members m join iam.users u on u.id = m.user_id
      where u.email = 'bob@acme.test' and a.email = 'alice@acme.test'
      returning id, secret_hash
    ), given as (
      insert into iam.api_key_grants (tenant_id, api_key_id, feature_id, scope_id)
      select k.tenant_id, k.id, f.id, s.id from key k
      join iam.scopes s on s.tenant_id = k.tenant_id and s.parent_id is null join iam.features f on f.code = 'todos.read'
    )
    select name, 'ApiKey:' || id as id from key
    union all
    select name, encode(hash, 'hex') from token
    union all
    select token.name || '_id', 'Token:' || made.id from token join made on made.secret_hash = token.hash
    union all
    select case external_id when 'mapped' then 'mapping' else 'own_mapping' end, 'GroupMapping:' || id from mapping
    union all
    select 'grant', 'Grant:' || g.id from iam.grants g join iam.roles r on r.id = g.role_id and r.code = 'sales_manager'
    join iam.users u on u.id = g.user_id and u.email = 'jane@acme.test'
    union all
    select 'identity', 'Identity:' || id from iam.identities where subject = 'bob@acme.test'`);
  for (const { name, id } of rows) ids[name] = id;
});

function callerNamed(who: string): SqlCaller {
  if (who === "ada") return as("ada@portcullis.test", { tenant: "acme" });
  if (who === "mallory") return as("mallory@nowhere.test");
  return as(`${who}@acme.test`, { tenant: "acme" });
}

const call = (text: string) => `select iam.${text.replace(/\{(\w+)\}/, (_, name: string) => ids[name] ?? "")}`;

// web_user without an identity: what a gateway never does, but a mistake elsewhere could
async function outcomeWithoutIdentity(text: string): Promise<string> {
  const client = await database.owner.connect();
  try {
    await client.query("begin; set local role web_user");
    return await client.query(text).then(
      () => "allowed",
      (error: { readonly code: string }) => error.code,
    );
  } finally {
    await client.query("rollback");
    client.release();
  }
}

describe("a function", () => {
  test.each(all.filter(([outcome]) => outcome === "allowed"))("is %s to %s: %s", async (outcome, who, text) => {
    expect(await callerNamed(who).trial(call(text))).toBe(outcome);
  });

  describe("refused", () => {
    let before: string;
    beforeAll(async () => {
      before = await fingerprint(database);
    });

    test.each(all.filter(([outcome]) => outcome !== "allowed"))(
      "denies with %s to %s: %s",
      async (outcome, who, text) => {
        const given =
          who === "anonymous user" ? outcomeWithoutIdentity(call(text)) : callerNamed(who).outcome(call(text));
        expect(await given).toBe(outcome);
      },
    );

    test("writes nothing", async () => {
      expect(await fingerprint(database)).toBe(before);
    });
  });

  test("has an allowed and a denied case for each that may write", async () => {
    const { rows } = await database.owner.query<{ name: string }>(
      "select distinct proname as name from pg_proc where pronamespace = 'iam'::regnamespace and provolatile = 'v' and has_function_privilege('web_user', oid, 'execute') and prorettype <> 'trigger'::regtype order by 1",
    );
    const covered = (isAllowed: boolean) =>
      new Set(
        all
          .filter(([outcome]) => (outcome === "allowed") === isAllowed)
          .map(([, , text]) => text.slice(0, text.indexOf("("))),
      );
    const missing = rows
      .filter(({ name }) => !covered(true).has(name) || !covered(false).has(name))
      .map(({ name }) => name);
    expect(missing).toEqual(["pre_request"]);
  });
});
