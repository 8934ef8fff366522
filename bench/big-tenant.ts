/** In charge of the tenant that authority is measured in: written by the owner, in bulk, the closures by their triggers. */
import type { Client } from "pg";

/** How much of everything there is. */
export interface Size {
  readonly users: number;
  readonly groups: number;
  readonly roles: number;
  readonly features: number;
  readonly scopes: number;
  readonly grants: number;
  readonly todos: number;
}

/**
 * Tenant `bench`: every 6 groups nested in each other, group 0 with 1,000 members; scopes 5 deep below the root; a plain
 * member with ten grants and three groups of his own; and a holder who was given everything at the root.
 */
export async function arrangeBigTenant(client: Client, size: Size): Promise<void> {
  const { users, groups, roles, features, scopes, grants, todos } = size;
  const branching = Math.ceil(scopes ** (1 / 5)) + 1;
  const steps: readonly string[] = [
    "insert into iam.tenants (slug, name) values ('bench', 'Bench')",
    "insert into iam.scopes (tenant_id, type, key) select id, 'tenant', 'bench' from iam.tenants where slug = 'bench'",
    `insert into iam.users (email) select 'u' || n || '@bench.test' from generate_series(1, ${users}) n
       union all select 'bench-' || who || '@bench.test' from unnest('{plain,holder,target}'::text[]) who`,
    `insert into iam.tenant_members (tenant_id, user_id) select t.id, u.id from iam.tenants t, iam.users u where t.slug = 'bench' and u.email like '%@bench.test'`,
    `insert into iam.identities (provider_id, subject, user_id) select p.id, u.email, u.id from iam.providers p, iam.users u where u.email like '%@bench.test'`,
    "insert into iam.features (code, parent_id) select 'bench', id from iam.features where code = '*'",
    `insert into iam.features (code, parent_id) select 'bench.f' || n, id from iam.features, generate_series(1, ${features / 10}) n where code = 'bench'`,
    `insert into iam.features (code, parent_id) select p.code || '.g' || n, p.id from iam.features p, generate_series(1, 9) n where p.code ~ '^bench\\.f\\d+$'`,
    `insert into iam.roles (tenant_id, code, name) select t.id, 'bench_role_' || n, 'Role ' || n from iam.tenants t, generate_series(1, ${roles}) n where t.slug = 'bench'`,
    `insert into iam.role_features (role_id, feature_id, tenant_id)
       select r.id, f.id, r.tenant_id from iam.roles r
       join lateral (select id from iam.features where code like 'bench.f%' and hashtext(code || r.code) % ${Math.max(features / 10, 1)} = 0) f on true
       where r.code like 'bench_role_%'`,
    `insert into iam.role_includes (role_id, included_role_id, tenant_id)
       select a.id, b.id, a.tenant_id from iam.roles a join iam.roles b on b.tenant_id = a.tenant_id
       where a.code ~ '^bench_role_\\d+$' and substr(b.code, 12)::int = substr(a.code, 12)::int + 1 and substr(a.code, 12)::int % 3 <> 0`,
    ...[1, 2, 3, 4, 5].map((level) => scopeLevel(level, branching, scopes)),
    `insert into iam.groups (tenant_id, name) select t.id, 'bench-' || n from iam.tenants t, generate_series(0, ${groups - 1}) n where t.slug = 'bench'`,
    `insert into iam.group_includes (tenant_id, group_id, included_group_id)
       select a.tenant_id, a.id, b.id from iam.groups a join iam.groups b on b.tenant_id = a.tenant_id and b.name = 'bench-' || (substr(a.name, 7)::int + 1)
       where a.name ~ '^bench-\\d+$' and (substr(a.name, 7)::int) % 6 <> 5`,
    `insert into iam.group_members (tenant_id, group_id, user_id)
       select g.tenant_id, g.id, u.id from iam.groups g join iam.users u on u.email = any (select 'u' || (n * 7 + substr(g.name, 7)::int) % ${users} + 1 || '@bench.test' from generate_series(1, case g.name when 'bench-0' then 1000 else 20 end) n)
       where g.name ~ '^bench-\\d+$' on conflict do nothing`,
    `insert into iam.group_members (tenant_id, group_id, user_id)
       select g.tenant_id, g.id, u.id from iam.groups g, iam.users u where g.name in ('bench-5', 'bench-11', 'bench-17') and u.email = 'bench-plain@bench.test'`,
    // a group of his own that holds nothing, as full as the other one
    `insert into iam.groups (tenant_id, name, owner_id) select t.id, 'bench-own', u.id from iam.tenants t, iam.users u where t.slug = 'bench' and u.email = 'bench-plain@bench.test'`,
    `insert into iam.group_members (tenant_id, group_id, user_id)
       select g.tenant_id, g.id, u.id from iam.groups g, iam.users u where g.name = 'bench-own' and u.email in (select 'u' || n || '@bench.test' from generate_series(1, 1000) n)`,
    // the triggers would look up for each row what is right by construction
    "set session_replication_role = replica",
    // half to users, half to groups; four of five by a role; all over the tree
    `insert into iam.grants (tenant_id, user_id, group_id, role_id, feature_id, scope_id)
       select t.id,
              case when n % 2 = 0 then (u.ids)[1 + (n / 2) % cardinality(u.ids)] end, case when n % 2 = 1 then (g.ids)[1 + (n / 2) % cardinality(g.ids)] end,
              case when n % 5 > 0 then (r.ids)[1 + n % cardinality(r.ids)] end, case when n % 5 = 0 then (f.ids)[1 + (n / 5) % cardinality(f.ids)] end,
              (s.ids)[1 + (n::bigint * 7919) % cardinality(s.ids)]
       from generate_series(1, ${grants}) n, iam.tenants t,
            (select array_agg(id) as ids from iam.users where email ~ '^u\\d+@bench') u, (select array_agg(id) as ids from iam.groups where name ~ '^bench-\\d') g,
            (select array_agg(id) as ids from iam.roles where code ~ '^bench_role') r, (select array_agg(id) as ids from iam.features where code ~ '^bench\\.f') f,
            (select array_agg(id) as ids from iam.scopes where type = 'place') s
       where t.slug = 'bench'`,
    `insert into iam.grants (tenant_id, user_id, role_id, scope_id)
       select s.tenant_id, u.id, r.id, s.id from iam.users u, iam.scopes s, iam.roles r
       where u.email = 'bench-plain@bench.test' and s.key in ('s5', 's9', 's12', 's70', 's71', 's72', 's73', 's74', 's75', 's76') and r.code = 'bench_role_1'`,
    "set session_replication_role = origin",
    // the subtree of everything: given at the root, and by no system role
    `insert into iam.grants (tenant_id, user_id, feature_id, scope_id)
       select s.tenant_id, u.id, f.id, s.id from iam.users u, iam.scopes s, iam.features f
       where u.email = 'bench-holder@bench.test' and s.type = 'tenant' and s.key = 'bench' and f.code = '*'`,
    `insert into public.todos (tenant_id, owner_id, scope_id, title)
       select t.id, (u.ids)[1 + n % cardinality(u.ids)], (s.ids)[1 + n % cardinality(s.ids)], 'Todo ' || n
       from generate_series(1, ${todos}) n, iam.tenants t, (select array_agg(id) as ids from iam.users where email like '%@bench.test') u,
            (select array_agg(id) as ids from iam.scopes where type = 'place') s where t.slug = 'bench'`,
    `insert into public.todos (tenant_id, owner_id, scope_id, title)
       select s.tenant_id, u.id, s.id, 'Mine ' || n from generate_series(1, 30) n, iam.users u, iam.scopes s
       where u.email = 'bench-plain@bench.test' and s.type = 'tenant' and s.key = 'bench'`,
    "analyze",
  ];
  for (const step of steps) await client.query(step);
}

// Numbered through: s1 to s<all>, each level as wide as the tree needs, the last one whatever is left.
function scopeLevel(level: number, branching: number, all: number): string {
  const first = level === 1 ? 1 : (branching ** level - branching) / (branching - 1) + 1;
  const last = level === 5 ? all : Math.min(all, first + branching ** level - 1);
  const parent =
    level === 1
      ? "'bench'"
      : `'s' || (${first - branching ** (level - 1)} + (n - ${first}) % ${branching ** (level - 1)})`;
  return `insert into iam.scopes (tenant_id, parent_id, type, key)
    select p.tenant_id, p.id, 'place', 's' || n from generate_series(${first}, ${last}) n
    join iam.tenants t on t.slug = 'bench' join iam.scopes p on p.tenant_id = t.id and p.key = ${parent}`;
}
