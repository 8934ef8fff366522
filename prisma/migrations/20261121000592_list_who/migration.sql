-- Who: everybody who holds a feature at a scope, found from the grants down to the people, never person by person.
-- Who may: whoever holds iam.explain at the scope; the sets without a check are for the functions of iam.

create function iam.members_of(tenant uuid, of_group uuid)
returns setof uuid
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$
  select distinct m.user_id
  from iam.group_closure c
  join iam.group_members m on m.tenant_id = tenant and m.group_id = c.included_group_id
  where c.group_id = of_group
    and (m.valid_from is null or m.valid_from <= statement_timestamp())
    and (m.valid_until is null or m.valid_until > statement_timestamp())
$$;
comment on function iam.members_of(uuid, uuid) is
  'Everybody who is in the group at this moment, nested groups included, active all the way.';

create function iam.denied(tenant uuid, feature text, scope uuid)
returns setof uuid
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$ select g.user_id from iam.grants_reaching(tenant, feature, scope) g where g.effect = 'deny' $$;
comment on function iam.denied(uuid, text, uuid) is 'The users to whom a live deny-grant covers the feature at the scope.';

create function iam.holders(tenant uuid, feature text, scope uuid)
returns setof uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
-- one person or all of them: no plan is good for both
set plan_cache_mode = force_custom_plan
as $$
declare
  users uuid[];
  groups uuid[];
  denied uuid[];
begin
  select
    array_agg(g.user_id) filter (where g.effect = 'allow' and g.user_id is not null),
    array_agg(distinct g.group_id) filter (where g.group_id is not null),
    array_agg(g.user_id) filter (where g.effect = 'deny')
  into users, groups, denied
  from iam.grants_reaching(tenant, feature, scope) g;
  return query
  select held.user_id
  from (
    select u.id from unnest(users) u (id)
    union
    select m.user_id
    from iam.group_members m
    where m.tenant_id = tenant
      and m.group_id in (select c.included_group_id from iam.group_closure c where c.group_id = any (groups))
      and (m.valid_from is null or m.valid_from <= statement_timestamp())
      and (m.valid_until is null or m.valid_until > statement_timestamp())
  ) held (user_id)
  where denied is null or held.user_id not in (select d.id from unnest(denied) d (id));
end
$$;
comment on function iam.holders(uuid, text, uuid) is
  'Everybody who holds the feature at the scope by live grants, whether or not a session would open for him.';

create function iam.holders_everywhere(tenant uuid, feature text)
returns setof uuid
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$
  select h.id
  from iam.holders(tenant, feature, iam.root_scope_id(tenant)) h (id)
  where not exists (
    select from iam.grants_covering(h.id, tenant, feature) g where g.effect = 'deny'
  )
$$;
comment on function iam.holders_everywhere(uuid, text) is
  'Everybody who holds the feature at every scope of the tenant: at its root, and denied nowhere.';

create function iam.active_among(users uuid[], tenant uuid)
returns setof uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
begin
  return query
  select u.id
  from iam.users u
  where u.id = any (users)
    and u.is_active
    and not u.is_locked
    and (
      u.id in (select m.user_id from iam.tenant_members m where m.tenant_id = active_among.tenant and m.deleted_at is null)
      or u.id in (
        select g.user_id
        from iam.grants g
        join iam.scopes s on s.id = g.scope_id and s.tenant_id is null
        where g.user_id is not null and g.effect = 'allow' and iam.is_live(g.valid_from, g.valid_until)
      )
    )
    and exists (select from iam.tenants t where t.id = active_among.tenant and t.deleted_at is null);
end
$$;
comment on function iam.active_among(uuid[], uuid) is 'Those of the users for whom a session opens in the tenant.';

create function iam.users_who_can(feature text, scope text)
returns setof uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := iam.caller_tenant_id();
  at_scope uuid := iam.scope_named(users_who_can.scope);
begin
  perform iam.require('iam.explain', at_scope);
  return query select iam.active_among(array(select iam.holders(tenant, feature, at_scope)), tenant);
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
  where c.user_id not in (select iam.denied(tenant, feature, at_scope));
end
$$;
comment on function iam.how_they_can(uuid[], text, text) is
  'The chains by which some of the users hold the feature at the scope; no row for who doesn''t. Raises 52109 unless the caller holds iam.explain there.';
