/**
 * In charge of the delegates: people who may do one thing at one place, by grants, and what they do it to. Nobody here
 * holds everything but who must: olive (`*` in acme) and petra (`*` at global/all).
 */
import { arranger } from "../../support/arrange.js";
import type { TestDatabase } from "../../support/database.js";

/** What each delegate holds: the feature at the scope, and no more. */
const held: readonly (readonly [name: string, feature: string, scope: string, tenant?: string])[] = [
  ["gwen", "iam.groups", "tenant/acme"],
  ["gabe", "iam.groups", "tenant/acme"],
  ["gabe", "iam.users.create", "tenant/acme"],
  ["kara", "iam.api_keys", "tenant/acme"],
  ["kara", "view_sales_page", "campus/chicago"],
  ["gus", "iam.grants", "campus/chicago"],
  ["gus", "view_sales_page", "campus/chicago"],
  ["gus", "iam.roles.read", "campus/chicago"],
  ["rita", "iam.roles", "tenant/acme"],
  ["rita", "view_sales_page", "tenant/acme"],
  ["sam", "iam.scopes", "campus/chicago"],
  ["uma", "iam.users", "tenant/acme"],
  ["ulla", "iam.users.read", "tenant/acme"],
  ["uma", "iam.identities", "tenant/acme"],
  ["tina", "iam.tenants.update", "tenant/acme"],
  ["tess", "iam.tenants.delete", "tenant/initech", "initech"],
  ["olive", "*", "tenant/acme"],
  ["audra", "iam.audit.read", "tenant/acme"],
  ["fay", "iam.features", "global/all"],
  ["pia", "iam.providers", "global/all"],
  ["petra", "*", "global/all"],
  ["gaia", "iam.audit.read", "global/all"],
  ["nina", "todos", "campus/chicago"],
  ["nina", "chats", "campus/chicago"],
];

const plain = ["ann", "dora", "off", "shut", "gone", "leaver", "heir", "strong", "weary", "keyed", "unkeyed", "linked"];

/** Writes the delegates into a copy of the demo world; answers the global ids that cases name by `#…`. */
export async function arrangeDelegates(database: TestDatabase): Promise<Readonly<Record<string, string>>> {
  const arrange = arranger(database);
  const sql = (text: string) => database.owner.query(text);
  await sql(`with t as (insert into iam.tenants (slug, name) values ('initech', 'Initech') returning id)
    insert into iam.scopes (tenant_id, type, key) select id, 'tenant', 'initech' from t`);
  for (const name of new Set(held.map(([who]) => who)))
    await arrange.user(`${name}@acme.test`, name === "tess" ? ["initech"] : ["acme"]);
  for (const name of plain) await arrange.user(`${name}@acme.test`);
  await arrange.user("both@acme.test", ["acme", "globex"]);
  await arrange.user("robot@acme.test");
  for (const [name, feature, scope, tenant = "acme"] of held)
    await arrange.grant({ user: `${name}@acme.test`, feature, scope, tenant });
  await sql(`update iam.users set is_system = true where email = 'robot@acme.test';
    update iam.users set is_active = false where email in ('off@acme.test', 'weary@acme.test');
    update iam.users set is_locked = true where email = 'shut@acme.test'`);
  await arrange.grant({ user: "strong@acme.test", role: "finance_officer", scope: "campus/chicago" });
  await arrange.grant({ user: "weary@acme.test", role: "finance_officer", scope: "campus/chicago" });
  return {
    ...(await arrangeGroups(database)),
    ...(await arrangeRoles(database)),
    ...(await arrangeScopes(database)),
    ...(await arrangeIdentities(database)),
    ...(await arrangeKeys(database)),
    ...(await arrangeTokens(database)),
  };
}

async function arrangeGroups(database: TestDatabase): Promise<Readonly<Record<string, string>>> {
  const arrange = arranger(database);
  const names = [
    "Crew",
    "Doomed",
    "Asleep",
    "Tired",
    "ToLock",
    "Frozen",
    "Core",
    "Outer",
    "Closed",
    "Inner",
    "Heirloom",
  ];
  for (const name of [...names, "Idle", "Nest", "Egg", "Hybrid"]) await arrange.group({ name });
  await arrange.group({ name: "Commune", members: ["bob@acme.test", "ann@acme.test"] });
  await arrange.group({ name: "Sellers", members: ["ann@acme.test"] });
  await arrange.group({ name: "Sleeping Sellers", members: ["ann@acme.test"] });
  for (const group of ["Sellers", "Sleeping Sellers"])
    await arrange.grant({ group, feature: "view_sales_page", scope: "campus/chicago" });
  await database.owner.query(`
    insert into iam.group_members (tenant_id, group_id, user_id)
      select g.tenant_id, g.id, u.id from iam.groups g, iam.users u where g.name in ('Crew', 'Frozen') and u.email = 'dora@acme.test';
    insert into iam.group_includes (tenant_id, group_id, included_group_id)
      select a.tenant_id, a.id, b.id from iam.groups a, iam.groups b where a.name = 'Nest' and b.name = 'Egg';
    update iam.groups set is_active = false where name in ('Asleep', 'Idle', 'Sleeping Sellers');
    update iam.groups set is_locked = true where name = 'Frozen';
    update iam.groups set is_system = true where name = 'Core';
    update iam.groups set is_assignable = false where name = 'Closed';
    update iam.groups set type = 'external' where name = 'Outer';
    update iam.groups set type = 'hybrid' where name in ('Hybrid', 'Sellers');
    update iam.groups set members_manage_each_other = true where name = 'Commune'`);
  const { rows } = await database.owner.query<{ id: string }>(
    `insert into iam.group_mappings (tenant_id, group_id, provider_id, external_role)
     select g.tenant_id, g.id, p.id, 'mapped' from iam.groups g, iam.providers p where g.name = 'Hybrid' and p.code = 'demo' returning id`,
  );
  return { mapping: `GroupMapping:${rows[0]?.id}` };
}

async function arrangeRoles(database: TestDatabase): Promise<Readonly<Record<string, string>>> {
  const arrange = arranger(database);
  for (const code of ["blank", "obsolete", "upper", "lower"]) await arrange.role({ code });
  await arrange.role({ code: "sealed", features: ["view_sales_page"] });
  await arrange.role({ code: "kit", features: ["view_sales_page"], includes: ["lower"] });
  await arrange.role({ code: "withheld", features: ["approve_payments"], includes: ["upper"] });
  await arrange.feature("retired");
  await database.owner.query(`update iam.roles set is_assignable = false where code = 'sealed';
    update iam.features set is_assignable = false where code = 'retired'`);
  const chicago = { scope: "campus/chicago" } as const;
  return {
    deny: `Grant:${await arrange.grant({ ...chicago, user: "dora@acme.test", role: "withheld", effect: "deny" })}`,
    strongs: `Grant:${await arrange.grant({ ...chicago, user: "strong@acme.test", feature: "approve_payments" })}`,
    lifted: `Grant:${await arrange.grant({ ...chicago, user: "dora@acme.test", feature: "view_sales_page", effect: "deny" })}`,
    miamis: `Grant:${await arrange.grant({ user: "ann@acme.test", feature: "view_sales_page", scope: "campus/miami" })}`,
    anns: `Grant:${await arrange.grant({ ...chicago, user: "ann@acme.test", feature: "view_sales_page" })}`,
    alices: `Grant:${await grantOf(database, "alice@acme.test")}`,
    carols: `Grant:${await grantOf(database, "carol@globex.test")}`,
  };
}

async function arrangeScopes(database: TestDatabase): Promise<Readonly<Record<string, string>>> {
  const arrange = arranger(database);
  await arrange.scope("campus/chicago", "wing", "east");
  await arrange.scope("campus/chicago", "wing", "west");
  await arrange.scope("campus/chicago", "wing", "north");
  await arrange.scope("wing/east", "shop", "1");
  await arrange.scope("wing/east", "shop", "2");
  await arrange.scope("wing/east", "shop", "3");
  await arrange.grant({ user: "strong@acme.test", feature: "approve_payments", scope: "wing/west" });
  await database.owner.query(`insert into public.todos (tenant_id, owner_id, scope_id, title)
    select s.tenant_id, u.id, s.id, 'Sweep' from iam.scopes s, iam.users u where s.type = 'shop' and s.key = '2' and u.email = 'dora@acme.test'`);
  return {};
}

async function arrangeIdentities(database: TestDatabase): Promise<Readonly<Record<string, string>>> {
  await database.owner.query(`
    insert into iam.providers (code, name, issuer, audience, algorithms, jwks) values
      ('spare', 'Spare', 'https://spare.test', '{api}', '{ES256}', '{"keys":[]}'),
      ('late', 'Late', 'https://late.test', '{api}', '{ES256}', '{"keys":[]}'),
      ('doomed', 'Doomed', 'https://doomed.test', '{api}', '{ES256}', '{"keys":[]}');
    update iam.providers set is_enabled = false where code = 'late';
    update iam.identities set is_enabled = false where subject in ('keyed@acme.test', 'strong@acme.test')`);
  const { rows } = await database.owner.query<{ name: string; id: string; user_id: string }>(
    "select split_part(subject, '@', 1) as name, id, user_id from iam.identities",
  );
  return {
    ...Object.fromEntries(rows.map(({ name, id }) => [`identity-${name}`, `Identity:${id}`])),
    ...Object.fromEntries(rows.map(({ name, user_id }) => [`user-${name}`, `User:${user_id}`])),
  };
}

async function arrangeKeys(database: TestDatabase): Promise<Readonly<Record<string, string>>> {
  const { rows } = await database.owner.query<{ name: string; id: string }>(`
    with key as (
      insert into iam.api_keys (tenant_id, user_id, name, public_id, secret_hash, expires_at, revoked_at)
      select m.tenant_id, m.user_id, given.name, rpad(replace(given.name, '-', ''), 8, '0'), sha256('secret'), given.ends, given.revoked
      from (
        values
          ('key-ann', 'ann@acme.test', null, null),
          ('key-dora', 'dora@acme.test', timestamptz '2100-01-01', null),
          ('key-ending', 'dora@acme.test', '2100-01-01', null),
          ('key-revoked', 'dora@acme.test', null, now()),
          ('key-strong', 'strong@acme.test', null, null),
          ('key-gus', 'gus@acme.test', null, null),
          ('key-carol', 'carol@globex.test', null, null)
      ) given (name, email, ends, revoked)
      join iam.users u on u.email = given.email
      join iam.tenant_members m on m.user_id = u.id
      returning *
    ), given as (
      insert into iam.api_key_grants (tenant_id, api_key_id, feature_id, scope_id)
      select k.tenant_id, k.id, f.id, s.id
      from key k
      join iam.scopes s on s.tenant_id = k.tenant_id and s.type = 'campus' and s.key = 'chicago'
      join iam.features f on f.code = 'view_sales_page'
      where k.name not in ('key-gus', 'key-carol')
    )
    select name, 'ApiKey:' || id as id from key`);
  return Object.fromEntries(rows.map(({ name, id }) => [name, id]));
}

async function arrangeTokens(database: TestDatabase): Promise<Readonly<Record<string, string>>> {
  const names = ["token-dora", "token-ended", "token-orphan", "token-used", "token-open"];
  const { rows } = await database.owner.query<{ name: string; id: string }>(
    `with made as (insert into iam.tokens (tenant_id, purpose, user_id, secret_hash, created_by, expires_at, used_at)
     select m.tenant_id, 'verification', m.user_id, sha256(given.name::bytea), maker.id,
       case when given.name = 'token-ended' then timestamptz '2001-01-01' else '2100-01-01' end,
       case when given.name = 'token-used' then now() end
     from unnest($1::text[]) given (name)
     join iam.users maker on maker.email = case when given.name = 'token-orphan' then 'bob@acme.test' else 'uma@acme.test' end
     join iam.users u on u.email = 'dora@acme.test'
     join iam.tenant_members m on m.user_id = u.id
     returning id, secret_hash)
     select given.name, made.id from unnest($1::text[]) given (name) join made on made.secret_hash = sha256(given.name::bytea)`,
    [names],
  );
  return {
    ...Object.fromEntries(names.map((name) => [name, name])),
    ...Object.fromEntries(rows.map(({ name, id }) => [`id-${name}`, `Token:${id}`])),
  };
}

async function grantOf(database: TestDatabase, email: string): Promise<string> {
  const { rows } = await database.owner.query<{ id: string }>(
    "select g.id from iam.grants g join iam.users u on u.id = g.user_id where u.email = $1",
    [email],
  );
  return rows[0]?.id ?? "";
}
