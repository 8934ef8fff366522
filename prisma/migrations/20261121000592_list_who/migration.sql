-- Who: everybody who holds a feature at a scope, found from the grants down to the people, never person by person.
-- Who may: whoever holds iam.explain at the scope.

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
  return query
  with given as materialized (
    select g.user_id, g.group_id, g.effect from iam.grants_reaching(tenant, feature, at_scope) g
  ), held (user_id) as (
    select g.user_id from given g where g.user_id is not null and g.effect = 'allow'
    union
    select m.user_id
    from given g
    join iam.group_closure c on c.group_id = g.group_id
    join iam.group_members m on m.tenant_id = tenant and m.group_id = c.included_group_id
    where (m.valid_from is null or m.valid_from <= statement_timestamp())
      and (m.valid_until is null or m.valid_until > statement_timestamp())
  )
  select u.id
  from held h
  join iam.users u on u.id = h.user_id and u.is_active and not u.is_locked
  left join iam.tenant_members m on m.tenant_id = tenant and m.user_id = u.id and m.deleted_at is null
  where (m.user_id is not null or iam.reaches_all_tenants(u.id))
    and u.id not in (select d.user_id from given d where d.effect = 'deny');
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
  from iam.chains(users, tenant, feature, at_scope) c
  where iam.why_inactive(c.user_id, tenant) is null
    and c.user_id not in (
      select g.user_id from iam.grants_reaching(tenant, feature, at_scope) g where g.effect = 'deny'
    );
end
$$;
comment on function iam.how_they_can(uuid[], text, text) is
  'The chains by which users hold the feature at the scope; no row for who doesn''t. Raises 52109 unless the caller holds iam.explain there.';
