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
-- features are few, and reading them all looks cheaper than it is
set enable_seqscan = off
as $$
begin
  return nullif(
    array(
      select c.ancestor_id
      from iam.feature_closure c
      where c.feature_id = (select f.id from iam.features f where f.code = feature)
    ),
    '{}'
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

create function iam.live_grants(of_user uuid, tenant uuid, any_of uuid[])
returns table (scope_id uuid, effect iam.grant_effect)
language sql stable
as $$
  select g.scope_id, g.effect
  from iam.grants g
  where (
      g.user_id = of_user
      or g.group_id = any (array(
        select c.group_id
        from iam.group_members m
        join iam.group_closure c on c.included_group_id = m.group_id
        where m.tenant_id = tenant and m.user_id = of_user and iam.is_live(m.valid_from, m.valid_until)
      ))
    )
    and (g.tenant_id = tenant or g.tenant_id is null)
    and (
      g.feature_id = any (any_of)
      or g.role_id = any (array(
        select c.role_id
        from iam.role_features rf
        join iam.role_closure c on c.included_role_id = rf.role_id
        where rf.feature_id = any (any_of) and (c.tenant_id = tenant or c.tenant_id is null)
      ))
    )
    and iam.is_live(g.valid_from, g.valid_until)
$$;
comment on function iam.live_grants(uuid, uuid, uuid[]) is
  'Where the user''s live grants in the tenant, his groups'' included, give or deny one of the features. Becomes part of the asking query: ask it with variables, not per row.';

create function iam.grants_covering(of_user uuid, tenant uuid, feature text)
returns table (scope_id uuid, effect iam.grant_effect)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  above uuid[] := iam.features_above(feature);
begin
  return query select g.scope_id, g.effect from iam.live_grants(of_user, tenant, above) g;
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
  above uuid[] := iam.features_above(feature);
begin
  return (
    select coalesce(bool_or(g.effect = 'allow') and not bool_or(g.effect = 'deny'), false)
    from iam.live_grants(of_user, tenant, above) g
    where g.scope_id = any (array(select c.ancestor_id from iam.scope_closure c where c.scope_id = user_can.scope))
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

-- Policies ask what follows. Their table's floor, tenant_id = (select iam.caller_tenant_id()), asks once per statement
-- whether everybody is still active; what is asked below that floor need not ask it again.

create function iam.named(whose text)
returns uuid
language sql stable
return nullif(current_setting(case whose when 'caller' then 'app.user_id' when 'actor' then 'app.actor_id' end, true), '')::uuid;
comment on function iam.named(text) is
  'The user whom the session names as its caller, or as who acts as him, active or not: for conditions below a table''s floor.';

-- What a new row of a table with a floor is given: the floor asks whether it is anybody's to give.

create function iam.named_user_id()
returns uuid
language sql stable
return iam.named('caller');
comment on function iam.named_user_id() is
  'The user whom the session names as its caller, active or not: for new rows of a table with a floor.';

create function iam.named_tenant_id()
returns uuid
language sql stable
return nullif(current_setting('app.tenant_id', true), '')::uuid;
comment on function iam.named_tenant_id() is
  'The tenant that the session names, active or not: for new rows of a table with a floor.';

create function iam.named_root_scope_id()
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := nullif(current_setting('app.tenant_id', true), '');
begin
  return (select s.id from iam.scopes s where s.tenant_id = tenant and s.parent_id is null);
end
$$;
comment on function iam.named_root_scope_id() is
  'The root of the tenant that the session names, active or not: for conditions below a table''s floor.';

create function iam.scopes_below(tenant uuid, allowed uuid[], denied uuid[])
returns table (id uuid)
language sql stable
as $$
  select distinct c.scope_id
  from iam.scope_closure c
  where c.tenant_id = tenant
    and c.ancestor_id = any (allowed)
    and (
      denied is null
      or not exists (
        select
        from iam.scope_closure d
        where d.scope_id = c.scope_id and d.ancestor_id = any (denied)
      )
    )
$$;
comment on function iam.scopes_below(uuid, uuid[], uuid[]) is
  'The scopes of the tenant at and below some, without those at and below others. Becomes part of the asking query.';

create function iam.scopes_given(feature text, whose text)
returns setof uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := nullif(current_setting('app.tenant_id', true), '');
  person uuid := iam.named(whose);
  above uuid[];
  allowed uuid[];
  denied uuid[];
begin
  if whose = 'key' then
    allowed := array(select iam.key_scopes(feature));
  else
    above := iam.features_above(feature);
    select array_agg(g.scope_id) filter (where g.effect = 'allow'), array_agg(g.scope_id) filter (where g.effect = 'deny')
    into allowed, denied
    from iam.live_grants(person, tenant, above) g;
  end if;
  return query select s.id from iam.scopes_below(tenant, allowed, denied) s;
end
$$;
comment on function iam.scopes_given(text, text) is
  'What iam.scopes_with(feature, whose) answers for an active session: for conditions below a table''s floor.';

create function iam.given_everywhere(feature text, whose text)
returns boolean
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := nullif(current_setting('app.tenant_id', true), '');
  person uuid := iam.named(whose);
  above uuid[];
begin
  if tenant is null then
    return false;
  elsif whose = 'key' then
    return exists (
      select
      from iam.key_scopes(feature) k (id)
      join iam.scopes s on s.id = k.id
      where s.parent_id is null
    );
  end if;
  above := iam.features_above(feature);
  return (
    select coalesce(bool_or(g.effect = 'allow' and s.id is not null) and not bool_or(g.effect = 'deny'), false)
    from iam.live_grants(person, tenant, above) g
    -- the tenant's root, or the global scope: nothing else has no parent, and no other tenant's is granted here
    left join iam.scopes s on s.id = g.scope_id and s.parent_id is null
  );
end
$$;
comment on function iam.given_everywhere(text, text) is
  'What iam.holds_everywhere(feature, whose) answers for an active session: for conditions below a table''s floor.';

create function iam.is_much_of(tenant uuid, places integer, most integer)
returns boolean
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(places > most, false)
    and not exists (select from iam.scopes s where s.tenant_id = tenant offset 20 * places limit 1);
end
$$;
comment on function iam.is_much_of(uuid, integer, integer) is
  'Whether so many scopes are more than `most`, and a twentieth of all that the tenant has.';

create function iam.caller_reach(feature text, most integer, out is_everywhere boolean, out places uuid[])
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := nullif(current_setting('app.tenant_id', true), '');
  person uuid := iam.named('caller');
  above uuid[] := iam.features_above(feature);
  allowed uuid[];
  denied uuid[];
begin
  select coalesce(bool_or(s.id is not null and g.effect = 'allow'), false),
         array_agg(g.scope_id) filter (where g.effect = 'allow'),
         array_agg(g.scope_id) filter (where g.effect = 'deny')
  into is_everywhere, allowed, denied
  from iam.live_grants(person, tenant, above) g
  left join iam.scopes s on s.id = g.scope_id and s.parent_id is null;
  is_everywhere := tenant is not null and is_everywhere and denied is null;
  -- each scope that was given is a place itself: too many of them need not be gone through
  if not is_everywhere and not iam.is_much_of(tenant, cardinality(allowed), most) then
    places := array(select s.id from iam.scopes_below(tenant, allowed, denied) s);
    if iam.is_much_of(tenant, cardinality(places), most) then
      places := null;
    end if;
  end if;
end
$$;
comment on function iam.caller_reach(text, integer) is
  'Both iam.given_everywhere() and iam.scopes_given() for the caller, by one look-up. No places where he holds it everywhere, and where they are more than `most` and much of the tenant (about: what is denied may count).';

create function iam.caller_key_reach(feature text, scope_type text, most integer, out is_everywhere boolean, out places text[])
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := nullif(current_setting('app.tenant_id', true), '');
  reached uuid[];
begin
  select r.is_everywhere, r.places into is_everywhere, reached from iam.caller_reach(feature, null) r;
  if not is_everywhere then
    places := array(
      select s.key from iam.scopes s where s.tenant_id = tenant and s.type = scope_type and s.id = any (reached)
    );
    if iam.is_much_of(tenant, cardinality(places), most) then
      places := null;
    end if;
  end if;
end
$$;
comment on function iam.caller_key_reach(text, text, integer) is
  'Both iam.given_everywhere() and iam.scope_keys_given() for the caller, by one look-up. No places where he holds it everywhere, and where they are more than `most` and much of the tenant.';

create function iam.groups_named(whose text)
returns setof uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return query select iam.groups_of(iam.named(whose), nullif(current_setting('app.tenant_id', true), '')::uuid);
end
$$;
comment on function iam.groups_named(text) is
  'What iam.groups_with(whose) answers for an active session: for conditions below a table''s floor.';

create function iam.scope_keys_given(feature text, scope_type text, whose text)
returns setof text
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := nullif(current_setting('app.tenant_id', true), '');
begin
  return query
  select s.key
  from iam.scopes s
  where s.tenant_id = tenant and s.type = scope_type and s.id in (select iam.scopes_given(feature, whose));
end
$$;
comment on function iam.scope_keys_given(text, text, text) is
  'What iam.scope_keys_with(feature, scope_type, whose) answers for an active session: for conditions below a table''s floor.';

create function iam.scopes_with(feature text, whose text)
returns setof uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if iam.caller_tenant_id() is not null then
    return query select iam.scopes_given(feature, whose);
  end if;
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
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if iam.caller_tenant_id() is not null then
    return query select iam.scope_keys_given(feature, scope_type, whose);
  end if;
end
$$;
comment on function iam.scope_keys_with(text, text, text) is
  'The keys of the scopes of one type at which one of the session''s three (caller, actor, key) holds the feature.';

create function iam.scope_keys_with(feature text, scope_type text)
returns setof text
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := iam.caller_tenant_id();
begin
  return query
  select s.key
  from iam.scopes s
  where s.tenant_id = tenant and s.type = scope_type and s.id in (select iam.scopes_with(feature));
end
$$;
comment on function iam.scope_keys_with(text, text) is
  'The keys of the scopes of one type at which the caller holds the feature, for tables that hold a key instead of a scope.';

create function iam.holds_everywhere(feature text, whose text)
returns boolean
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return iam.caller_tenant_id() is not null and iam.given_everywhere(feature, whose);
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
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return query select iam.groups_of(iam.principal(whose), iam.caller_tenant_id());
end
$$;
comment on function iam.groups_with(text) is 'Every group that the caller, or whoever acts as him, is in.';

create function iam.caller_groups()
returns setof uuid
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$ select iam.groups_with('caller') $$;
comment on function iam.caller_groups() is 'Every group the caller is in, nested ones included, active all the way.';
