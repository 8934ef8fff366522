-- Who: everybody who holds a feature at a scope, found from the grants down to the people, never person by person.
-- Who may: whoever holds iam.explain at the scope; the sets without a check are for the functions of iam.

create function iam.members_of(tenant uuid, of_groups uuid[])
returns setof uuid
language sql stable
as $$
  select m.user_id
  from iam.group_members m
  where m.tenant_id = members_of.tenant
    and m.group_id = any (array(select c.included_group_id from iam.group_closure c where c.group_id = any (of_groups)))
    and iam.is_live(m.valid_from, m.valid_until)
$$;
comment on function iam.members_of(uuid, uuid[]) is
  'Everybody who is in one of the groups at this moment, nested groups included, active all the way; some twice. Becomes part of the asking query.';

create function iam.denied_among(users uuid[], tenant uuid, feature text, scope uuid)
returns setof uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  above uuid[] := iam.features_above(feature);
begin
  return query
  select g.user_id
  from iam.live_grants_at(tenant, above, denied_among.scope) g
  where g.user_id = any (users) and g.effect = 'deny';
end
$$;
comment on function iam.denied_among(uuid[], uuid, text, uuid) is
  'Those of the users to whom a live deny-grant covers the feature at the scope.';

create function iam.holders(tenant uuid, feature text, scope uuid)
returns setof uuid
language plpgsql stable
rows 10000
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  above uuid[] := iam.features_above(feature);
  groups uuid[];
  denied uuid[];
begin
  select array_agg(distinct g.group_id), array_agg(g.user_id) filter (where g.effect = 'deny')
  into groups, denied
  from iam.live_grants_at(tenant, above, holders.scope) g
  where g.group_id is not null or g.effect = 'deny';
  return query
  select h.id
  from (
    select g.user_id
    from iam.live_grants_at(tenant, above, holders.scope) g
    where g.user_id is not null and g.effect = 'allow'
    union all
    select m.id from iam.members_of(tenant, groups) m (id)
  ) h (id)
  where denied is null or h.id <> all (denied);
end
$$;
comment on function iam.holders(uuid, text, uuid) is
  'Everybody who holds the feature at the scope by live grants, whether or not a session would open for him; some twice.';

create function iam.holders_everywhere(tenant uuid, feature text)
returns setof uuid
language plpgsql stable
rows 10000
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  above uuid[] := iam.features_above(feature);
begin
  return query
  select h.id
  from iam.holders(tenant, feature, iam.root_scope_id(tenant)) h (id)
  where h.id not in (
    select g.user_id
    from iam.grants g
    where g.effect = 'deny'
      and (g.tenant_id = tenant or g.tenant_id is null)
      and iam.is_live(g.valid_from, g.valid_until)
      and iam.gives(g.role_id, g.feature_id, above)
  );
end
$$;
comment on function iam.holders_everywhere(uuid, text) is
  'Everybody who holds the feature at every scope of the tenant: at its root, and denied nowhere.';

create function iam.active_users(tenant uuid)
returns setof uuid
language sql stable
as $$
  select u.id
  from iam.tenant_members m
  join iam.users u on u.id = m.user_id and u.is_active and not u.is_locked
  where m.tenant_id = active_users.tenant
    and m.deleted_at is null
    and exists (select from iam.tenants t where t.id = active_users.tenant and t.deleted_at is null)
  union all
  select u.id
  from iam.users u
  where u.id = any (array(
      select g.user_id
      from iam.scopes s
      join iam.grants g on g.scope_id = s.id
      where s.tenant_id is null and g.effect = 'allow' and iam.is_live(g.valid_from, g.valid_until)
    ))
    and u.is_active
    and not u.is_locked
    and not exists (
      select
      from iam.tenant_members m
      where m.tenant_id = active_users.tenant and m.user_id = u.id and m.deleted_at is null
    )
    and exists (select from iam.tenants t where t.id = active_users.tenant and t.deleted_at is null)
$$;
comment on function iam.active_users(uuid) is
  'Everybody for whom a session opens in the tenant: its members, and whom a grant at global/all reaches it. Becomes part of the asking query.';

create function iam.active_among(users uuid[], tenant uuid)
returns setof uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return query select a.id from iam.active_users(active_among.tenant) a (id) where a.id = any (users);
end
$$;
comment on function iam.active_among(uuid[], uuid) is 'Those of the users for whom a session opens in the tenant.';

create function iam.users_who_can(feature text, scope text)
returns setof uuid
language plpgsql stable
rows 10000
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := iam.caller_tenant_id();
  at_scope uuid := iam.scope_named(users_who_can.scope);
begin
  perform iam.require('iam.explain', at_scope);
  return query
  select a.id
  from iam.active_users(tenant) a (id)
  where a.id in (select h.id from iam.holders(tenant, feature, at_scope) h (id));
end
$$;
comment on function iam.users_who_can(text, text) is
  'Every active user who holds the feature at the scope, written type/key. Raises 52109 unless the caller holds iam.explain there.';

create function iam.how_they_can(users uuid[], feature text, scope text)
returns table (user_id uuid, chain jsonb)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := iam.caller_tenant_id();
  at_scope uuid := iam.scope_named(how_they_can.scope);
begin
  perform iam.require('iam.explain', at_scope);
  return query
  select c.user_id, c.chain
  from iam.chains(array(select iam.active_among(users, tenant)), tenant, feature, at_scope) c
  where c.user_id not in (select iam.denied_among(users, tenant, feature, at_scope));
end
$$;
comment on function iam.how_they_can(uuid[], text, text) is
  'The chains by which some of the users hold the feature at the scope; no row for who doesn''t. Raises 52109 unless the caller holds iam.explain there.';
