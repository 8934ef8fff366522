-- The decision: a caller holds feature f at scope s when some live allow-grant to the user, or to a group the user is in,
-- gives f or an ancestor of f at s or an ancestor of s, and no live deny-grant to the user covers f at s the same way.
-- Functions with parameters ask about anybody and are for the definer functions; those without ask about the caller.
-- plpgsql, because its plans are kept (language sql plans anew at each call before PostgreSQL 18).

create function iam.groups_of(of_user uuid, tenant uuid)
returns setof uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  select distinct c.group_id
  from iam.group_members m
  join iam.group_closure c on c.included_group_id = m.group_id
  where m.tenant_id = tenant
    and m.user_id = of_user
    and iam.is_live(m.valid_from, m.valid_until);
end
$$;
comment on function iam.groups_of(uuid, uuid) is
  'Every group the user is in at this moment, nested ones included, active all the way.';

create function iam.features_above(feature text)
returns uuid[]
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select array_agg(c.ancestor_id)
    from iam.features f
    join iam.feature_closure c on c.feature_id = f.id
    where f.code = feature
  );
end
$$;
comment on function iam.features_above(text) is 'A feature and everything above it; null when there is no such feature.';

create function iam.gives(role_id uuid, feature_id uuid, any_of uuid[])
returns boolean
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return gives.feature_id = any (gives.any_of)
    or (
      gives.role_id is not null
      and exists (
        select
        from iam.role_closure c
        join iam.role_features rf on rf.role_id = c.included_role_id
        where c.role_id = gives.role_id and rf.feature_id = any (gives.any_of)
      )
    );
end
$$;
comment on function iam.gives(uuid, uuid, uuid[]) is
  'Whether a grant''s role or feature gives one of the features, directly or through included roles.';

create function iam.grants_covering(of_user uuid, tenant uuid, feature text)
returns table (scope_id uuid, effect iam.grant_effect)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  above uuid[] := iam.features_above(feature);
  giving uuid[];
  in_groups uuid[];
begin
  if above is null or of_user is null then
    return;
  end if;
  giving := array(
    select distinct c.role_id
    from iam.role_features rf
    join iam.role_closure c on c.included_role_id = rf.role_id
    where rf.feature_id = any (above) and (c.tenant_id = tenant or c.tenant_id is null)
  );
  in_groups := array(select iam.groups_of(of_user, tenant));
  return query
  select g.scope_id, g.effect
  from iam.grants g
  where (g.user_id = of_user or g.group_id = any (in_groups))
    and (g.tenant_id = tenant or g.tenant_id is null)
    and (g.feature_id = any (above) or g.role_id = any (giving))
    and (g.valid_from is null or g.valid_from <= statement_timestamp())
    and (g.valid_until is null or g.valid_until > statement_timestamp());
end
$$;
comment on function iam.grants_covering(uuid, uuid, text) is
  'Where the user''s live grants in the tenant, his groups'' included, give or deny a feature.';

create function iam.user_can(of_user uuid, tenant uuid, feature text, scope uuid)
returns boolean
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  at_or_above uuid[] := array(select c.ancestor_id from iam.scope_closure c where c.scope_id = user_can.scope);
begin
  return (
    select coalesce(bool_or(g.effect = 'allow') and not bool_or(g.effect = 'deny'), false)
    from iam.grants_covering(of_user, tenant, feature) g
    where g.scope_id = any (at_or_above)
  );
end
$$;
comment on function iam.user_can(uuid, uuid, text, uuid) is
  'Whether the user, acting in the tenant, holds the feature at the scope. Deny wins.';

create function iam.find_scope(tenant uuid, scope_type text, scope_key text)
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select s.id
    from iam.scopes s
    where s.type = scope_type
      and s.key = scope_key
      and (s.tenant_id = tenant or s.tenant_id is null)
  );
end
$$;
comment on function iam.find_scope(uuid, text, text) is
  'A scope of the tenant, or the global one, by its type and key; null when there is none.';

-- What anybody may ask about himself ------------------------------------------------------------------------------------

create function iam.key_scopes(feature text)
returns setof uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  above uuid[] := iam.features_above(feature);
begin
  return query
  select g.scope_id
  from iam.api_key_grants g
  where g.api_key_id = iam.setting('app.api_key_id')::uuid and g.feature_id = any (above);
end
$$;
comment on function iam.key_scopes(text) is 'The scopes at which the session''s API key was given the feature or one above it.';

create function iam.caller_can(feature text, scope uuid)
returns boolean
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := iam.caller_tenant_id();
begin
  return iam.user_can(iam.caller_id(), tenant, feature, caller_can.scope)
    and (not iam.is_acting() or iam.user_can(iam.actor_id(), tenant, feature, caller_can.scope))
    and (
      not iam.has_api_key()
      or exists (
        select
        from iam.scope_closure c
        where c.scope_id = caller_can.scope and c.ancestor_id in (select iam.key_scopes(feature))
      )
    );
end
$$;
comment on function iam.caller_can(text, uuid) is
  'Whether the session holds the feature at the scope: its user does, whoever acts as him does, and its API key was given it.';

create function iam.can(feature text, scope_type text, scope_key text)
returns boolean
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$ select iam.caller_can(feature, iam.find_scope(iam.caller_tenant_id(), scope_type, scope_key)) $$;
comment on function iam.can(text, text, text) is
  'Whether the caller holds the feature at the scope. False for what does not exist, here or at all.';

create function iam.can(feature text, scope text)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$ select iam.can(feature, split_part(scope, '/', 1), substr(scope, nullif(strpos(scope, '/'), 0) + 1)) $$;
comment on function iam.can(text, text) is
  'Whether the caller holds the feature at the scope, written type/key: iam.can(''view_sales_page'', ''campus/chicago'').';

-- A row command is allowed when the user may, whoever acts as him may, and the API key was given it. Each of the three
-- is asked by name: 'caller', 'actor', 'key'. Without a name, all of them together.

create function iam.principal(whose text)
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return case whose when 'caller' then iam.caller_id() when 'actor' then iam.actor_id() end;
end
$$;
comment on function iam.principal(text) is 'The user who is the caller, or who acts as him.';

create function iam.scopes_with(feature text, whose text)
returns setof uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := iam.caller_tenant_id();
  allowed uuid[];
  denied uuid[];
begin
  if whose = 'key' then
    allowed := array(select iam.key_scopes(feature));
  else
    select array_agg(g.scope_id) filter (where g.effect = 'allow'), array_agg(g.scope_id) filter (where g.effect = 'deny')
    into allowed, denied
    from iam.grants_covering(iam.principal(whose), tenant, feature) g;
  end if;
  return query
  select distinct c.scope_id
  from iam.scope_closure c
  where c.tenant_id = tenant
    and c.ancestor_id = any (allowed)
    and not exists (
      select
      from iam.scope_closure d
      where d.scope_id = c.scope_id and d.ancestor_id = any (denied)
    );
end
$$;
comment on function iam.scopes_with(text, text) is
  'Every scope of the caller''s tenant at which one of the session''s three (caller, actor, key) holds the feature.';

create function iam.scopes_with(feature text)
returns setof uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not iam.is_delegated() then
    return query select iam.scopes_with(feature, 'caller');
    return;
  end if;
  return query
  select s.id
  from iam.scopes_with(feature, 'caller') s (id)
  where (not iam.is_acting() or s.id in (select iam.scopes_with(feature, 'actor')))
    and (not iam.has_api_key() or s.id in (select iam.scopes_with(feature, 'key')));
end
$$;
comment on function iam.scopes_with(text) is
  'Every scope of the caller''s tenant at which he holds the feature. In a policy: scope_id in (select iam.scopes_with(…)).';

create function iam.scope_keys_with(feature text, scope_type text, whose text)
returns setof text
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$
  select s.key
  from iam.scopes s
  where s.type = scope_type and s.id in (select iam.scopes_with(feature, whose))
$$;
comment on function iam.scope_keys_with(text, text, text) is
  'The keys of the scopes of one type at which one of the session''s three (caller, actor, key) holds the feature.';

create function iam.scope_keys_with(feature text, scope_type text)
returns setof text
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$
  select s.key
  from iam.scopes s
  where s.type = scope_type and s.id in (select iam.scopes_with(feature))
$$;
comment on function iam.scope_keys_with(text, text) is
  'The keys of the scopes of one type at which the caller holds the feature, for tables that hold a key instead of a scope.';

create function iam.holds_everywhere(feature text, whose text)
returns boolean
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := iam.caller_tenant_id();
  root uuid := iam.root_scope_id(tenant);
  everywhere uuid := iam.find_scope(null, 'global', 'all');
begin
  if tenant is null then
    return false;
  elsif whose = 'key' then
    return exists (select from iam.key_scopes(feature) k (id) where k.id in (root, everywhere));
  end if;
  return (
    select coalesce(bool_or(g.effect = 'allow' and g.scope_id in (root, everywhere)) and not bool_or(g.effect = 'deny'), false)
    from iam.grants_covering(iam.principal(whose), tenant, feature) g
  );
end
$$;
comment on function iam.holds_everywhere(text, text) is
  'Whether one of the session''s three (caller, actor, key) holds the feature at every scope of the tenant.';

create function iam.holds_everywhere(feature text)
returns boolean
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return iam.holds_everywhere(feature, 'caller')
    and (not iam.is_acting() or iam.holds_everywhere(feature, 'actor'))
    and (not iam.has_api_key() or iam.holds_everywhere(feature, 'key'));
end
$$;
comment on function iam.holds_everywhere(text) is
  'Whether the caller holds the feature at every scope of his tenant: allowed at its root or above, and denied nowhere.';

create function iam.delegates_hold_everywhere(feature text)
returns boolean
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return (not iam.is_acting() or iam.holds_everywhere(feature, 'actor'))
    and (not iam.has_api_key() or iam.holds_everywhere(feature, 'key'));
end
$$;
comment on function iam.delegates_hold_everywhere(text) is
  'Whether whoever acts as the caller, and the session''s API key, hold the feature at every scope of the tenant.';

create function iam.holds_somewhere(feature text)
returns boolean
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$ select exists (select from iam.scopes_with(feature)) $$;
comment on function iam.holds_somewhere(text) is 'Whether the caller holds the feature at any scope of his tenant.';

create function iam.groups_with(whose text)
returns setof uuid
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$ select iam.groups_of(iam.principal(whose), iam.caller_tenant_id()) $$;
comment on function iam.groups_with(text) is 'Every group that the caller, or whoever acts as him, is in.';

create function iam.caller_groups()
returns setof uuid
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$ select iam.groups_with('caller') $$;
comment on function iam.caller_groups() is 'Every group the caller is in, nested ones included, active all the way.';
