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
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$
  with given as materialized (
    select g.user_id, g.group_id, g.effect from iam.grants_reaching(tenant, feature, scope) g
  )
  select g.user_id from given g where g.user_id is not null and g.effect = 'allow'
  union
  select m.user_id
  from given g
  join iam.group_closure c on c.group_id = g.group_id
  join iam.group_members m on m.tenant_id = tenant and m.group_id = c.included_group_id
  where (m.valid_from is null or m.valid_from <= statement_timestamp())
    and (m.valid_until is null or m.valid_until > statement_timestamp())
  except
  select d.user_id from given d where d.effect = 'deny'
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
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$
  select u.id
  from unnest(users) one (id)
  join iam.users u on u.id = one.id and u.is_active and not u.is_locked
  left join iam.tenant_members m on m.tenant_id = tenant and m.user_id = u.id and m.deleted_at is null
  where m.user_id is not null or iam.reaches_all_tenants(u.id)
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
