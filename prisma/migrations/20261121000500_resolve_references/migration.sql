-- What a caller may see, and how he names it: where an argument names a user, group, role, feature or scope, it takes
-- the global id (Group:<uuid>) or the natural key. What he may not see does not exist for him.
-- Who may: the sets are asked by policies, the resolvers by the functions that write authority.

create function iam.id_in(reference text, kind text)
returns uuid
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if reference is null or reference = '' then
    raise sqlstate 'PT400' using message = format('A %s must be named.', lower(kind));
  elsif reference !~ '^[A-Z]\w*:' then
    return null;
  elsif reference !~ ('^' || kind || ':[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$') then
    raise sqlstate 'PT400' using message = format('This is not the id of a %s.', lower(kind));
  end if;
  return substr(reference, length(kind) + 2)::uuid;
end
$$;
comment on function iam.id_in(text, text) is
  'The uuid in a global id of the given type; null when the reference is a natural key. Raises PT400 for another type''s id.';

create function iam.require_name(name text)
returns void
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if name is null or not iam.is_name(name) then
    raise sqlstate 'PT400' using message =
      'A name has 1 to 255 characters, no blanks around it, nothing invisible in it, and not the form of an id.';
  end if;
end
$$;
comment on function iam.require_name(text) is 'Raises PT400 unless the text can name something.';

create function iam.require_period(valid_from timestamptz, valid_until timestamptz)
returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if valid_until <= coalesce(valid_from, statement_timestamp()) or valid_until <= statement_timestamp() then
    raise sqlstate 'PT400' using message = 'A period ends after it begins, and in the future.';
  end if;
end
$$;
comment on function iam.require_period(timestamptz, timestamptz) is 'Raises PT400 for a period that is over or ends before it begins.';

create function iam.require_caller()
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := iam.caller_id();
begin
  if me is null then
    raise sqlstate 'PT401' using message = 'Authentication is required.';
  end if;
  return me;
end
$$;
comment on function iam.require_caller() is 'The user that this session acts as; raises PT401 when there is none.';

create function iam.require_tenant()
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := iam.caller_tenant_id();
begin
  perform iam.require_caller();
  if tenant is null then
    raise sqlstate '52108' using message = 'No tenant is chosen.';
  end if;
  return tenant;
end
$$;
comment on function iam.require_tenant() is 'The tenant that the caller acts in; raises PT401 or 52108 when there is none.';

create function iam.require(feature text, scope uuid)
returns void
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not iam.caller_can(feature, scope) then
    raise sqlstate '52109' using
      message = 'No permission for this here.',
      detail = jsonb_build_object('requires', feature)::text;
  end if;
end
$$;
comment on function iam.require(text, uuid) is 'Raises 52109 unless the caller holds the feature at the scope.';

-- What the caller may see: the same sets for the policies and for resolving a reference ------------------------------

create function iam.readable_groups(whose text)
returns setof uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := iam.principal(whose);
  tenant uuid := iam.caller_tenant_id();
  all_of_them boolean := iam.holds_everywhere('iam.groups.read', whose);
  mine uuid[] := array(select iam.groups_of(me, tenant));
begin
  return query
  select g.id
  from iam.groups g
  where g.tenant_id = tenant and (all_of_them or g.owner_id = me or g.id = any (mine));
end
$$;
comment on function iam.readable_groups(text) is
  'The same as iam.readable_groups() for one of the session''s three: caller, actor, key.';

create function iam.readable_groups()
returns setof uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not iam.is_delegated() then
    return query select iam.readable_groups('caller');
    return;
  end if;
  return query
  select r.id
  from iam.readable_groups('caller') r (id)
  where (not iam.is_acting() or r.id in (select iam.readable_groups('actor')))
    and (not iam.has_api_key() or r.id in (select iam.readable_groups('key')));
end
$$;
comment on function iam.readable_groups() is
  'The groups of the caller''s tenant that he may see: his own, those he is in, or all with iam.groups.read.';

create function iam.managed_groups()
returns setof uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := iam.caller_id();
  tenant uuid := iam.caller_tenant_id();
  all_of_them boolean := iam.holds_everywhere('iam.groups.update', 'caller');
  mine uuid[] := array(select iam.groups_of(me, tenant));
begin
  return query
  select g.id
  from iam.groups g
  where g.tenant_id = tenant and (all_of_them or g.owner_id = me or (g.members_manage_each_other and g.id = any (mine)));
end
$$;
comment on function iam.managed_groups() is
  'The groups whose members the caller himself may change, as far as he holds what they hold: his own, those that let their members, or all with iam.groups.update. Who acts as him, and a key, are asked beside it.';

create function iam.groups_showing_members(whose text)
returns setof uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := iam.principal(whose);
  tenant uuid := iam.caller_tenant_id();
  all_of_them boolean := iam.holds_everywhere('iam.groups.read', whose);
  mine uuid[] := array(select iam.groups_of(me, tenant));
begin
  return query
  select g.id
  from iam.groups g
  where g.tenant_id = tenant and (all_of_them or g.owner_id = me or (g.members_see_each_other and g.id = any (mine)));
end
$$;
comment on function iam.groups_showing_members(text) is
  'The same as iam.groups_showing_members() for one of the session''s three: caller, actor, key.';

create function iam.groups_showing_members()
returns setof uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not iam.is_delegated() then
    return query select iam.groups_showing_members('caller');
    return;
  end if;
  return query
  select r.id
  from iam.groups_showing_members('caller') r (id)
  where (not iam.is_acting() or r.id in (select iam.groups_showing_members('actor')))
    and (not iam.has_api_key() or r.id in (select iam.groups_showing_members('key')));
end
$$;
comment on function iam.groups_showing_members() is
  'The groups whose members the caller may see.';

create function iam.readable_users(whose text)
returns setof uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := iam.principal(whose);
  tenant uuid := iam.caller_tenant_id();
begin
  if whose = 'key' then
    -- a key may know whose it is
    return query select iam.caller_id();
  elsif me is null then
    return;
  else
    return query select me;
  end if;
  if tenant is null then
    return;
  elsif iam.holds_everywhere('iam.users.read', whose) then
    return query
    select m.user_id from iam.tenant_members m where m.tenant_id = tenant and m.deleted_at is null;
    return;
  end if;
  return query
  select m.user_id
  from iam.group_members m
  where m.tenant_id = tenant
    and m.group_id = any (array(select iam.groups_showing_members(whose)))
    and iam.is_live(m.valid_from, m.valid_until)
  union
  select g.owner_id
  from iam.groups g
  where g.id = any (array(select iam.readable_groups(whose))) and g.owner_id is not null;
end
$$;
comment on function iam.readable_users(text) is
  'The same as iam.readable_users() for one of the session''s three: caller, actor, key.';

create function iam.readable_users()
returns setof uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not iam.is_delegated() then
    return query select iam.readable_users('caller');
    return;
  end if;
  return query
  select r.id
  from iam.readable_users('caller') r (id)
  where (not iam.is_acting() or r.id in (select iam.readable_users('actor')))
    and (not iam.has_api_key() or r.id in (select iam.readable_users('key')));
end
$$;
comment on function iam.readable_users() is
  'The users that the caller may see: himself, whom he is in a group with, the owners of his groups, or all members with iam.users.read.';

create function iam.member_ids()
returns setof uuid
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$
  select m.user_id
  from iam.tenant_members m
  where m.tenant_id = iam.caller_tenant_id() and m.deleted_at is null and iam.caller_id() is not null
$$;
comment on function iam.member_ids() is 'The active members of the caller''s tenant, whom he may name by e-mail.';

create function iam.readable_tenants(whose text)
returns setof uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := iam.principal(whose);
  all_of_them boolean := iam.can('iam.tenants.read', 'global', 'all');
begin
  if whose = 'key' then
    return query select iam.caller_tenant_id();
    return;
  end if;
  return query
  select t.id
  from iam.tenants t
  where t.deleted_at is null
    and me is not null
    and (
      all_of_them
      or exists (
        select
        from iam.tenant_members m
        where m.tenant_id = t.id and m.user_id = me and m.deleted_at is null
      )
    );
end
$$;
comment on function iam.readable_tenants(text) is
  'The same as iam.readable_tenants() for one of the session''s three: caller, actor, key.';

create function iam.readable_tenants()
returns setof uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not iam.is_delegated() then
    return query select iam.readable_tenants('caller');
    return;
  end if;
  return query
  select r.id
  from iam.readable_tenants('caller') r (id)
  where (not iam.is_acting() or r.id in (select iam.readable_tenants('actor')))
    and (not iam.has_api_key() or r.id in (select iam.readable_tenants('key')));
end
$$;
comment on function iam.readable_tenants() is
  'The active tenants that the caller is a member of, or all with iam.tenants.read at global/all.';

create function iam.readable_scopes(whose text)
returns setof uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := iam.principal(whose);
  tenant uuid := iam.caller_tenant_id();
  mine uuid[] := array(select iam.groups_of(me, tenant));
begin
  if whose = 'key' then
    return query
    select k.id from iam.scopes_with('iam.scopes.read', 'key') k (id)
    union
    select c.scope_id
    from iam.scope_closure c
    where c.tenant_id = tenant
      and c.ancestor_id in (select g.scope_id from iam.api_key_grants g where g.api_key_id = iam.setting('app.api_key_id')::uuid)
    union
    select iam.root_scope_id(tenant);
    return;
  elsif me is null or tenant is null then
    return;
  end if;
  return query
  select c.scope_id
  from iam.scope_closure c
  where (c.tenant_id = tenant or c.tenant_id is null)
    and c.ancestor_id in (
      select g.scope_id
      from iam.grants g
      where (g.user_id = me or g.group_id = any (mine))
        and (g.tenant_id = tenant or g.tenant_id is null)
        and g.effect = 'allow'
        and iam.is_live(g.valid_from, g.valid_until)
    )
  union
  select iam.root_scope_id(tenant);
end
$$;
comment on function iam.readable_scopes(text) is
  'The same as iam.readable_scopes() for one of the session''s three: caller, actor, key.';

create function iam.readable_scopes()
returns setof uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not iam.is_delegated() then
    return query select iam.readable_scopes('caller');
    return;
  end if;
  return query
  select r.id
  from iam.readable_scopes('caller') r (id)
  where (not iam.is_acting() or r.id in (select iam.readable_scopes('actor')))
    and (not iam.has_api_key() or r.id in (select iam.readable_scopes('key')));
end
$$;
comment on function iam.readable_scopes() is
  'The scopes that the caller may see: his tenant''s root, and everything at or below a scope where a grant is his.';

create function iam.readable_roles(whose text)
returns setof uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := iam.principal(whose);
  tenant uuid := iam.caller_tenant_id();
  mine uuid[] := array(select iam.groups_of(me, tenant));
  all_of_them boolean := exists (select from iam.scopes_with('iam.roles.read', whose));
begin
  if whose <> 'key' and me is null or tenant is null then
    return;
  end if;
  return query
  select r.id
  from iam.roles r
  where (r.tenant_id = tenant or r.tenant_id is null) and all_of_them
  union
  select c.included_role_id
  from iam.grants g
  join iam.role_closure c on c.role_id = g.role_id
  where (g.user_id = me or g.group_id = any (mine))
    and (g.tenant_id = tenant or g.tenant_id is null)
    and iam.is_live(g.valid_from, g.valid_until);
end
$$;
comment on function iam.readable_roles(text) is
  'The same as iam.readable_roles() for one of the session''s three: caller, actor, key.';

create function iam.readable_roles()
returns setof uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not iam.is_delegated() then
    return query select iam.readable_roles('caller');
    return;
  end if;
  return query
  select r.id
  from iam.readable_roles('caller') r (id)
  where (not iam.is_acting() or r.id in (select iam.readable_roles('actor')))
    and (not iam.has_api_key() or r.id in (select iam.readable_roles('key')));
end
$$;
comment on function iam.readable_roles() is
  'The roles that the caller may see: those he holds with what they include, or all of his tenant''s and the system''s with iam.roles.read.';

-- Resolving a reference --------------------------------------------------------------------------------------------------

create function iam.resolve_group(reference text)
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  given uuid := iam.id_in(reference, 'Group');
  found_id uuid;
begin
  select g.id into found_id
  from iam.groups g
  where g.tenant_id = iam.require_tenant()
    and (g.id = given or (given is null and g.name = reference))
    and g.id in (select iam.readable_groups());
  if found_id is null then
    raise sqlstate '52171' using message = 'The group does not exist.';
  end if;
  return found_id;
end
$$;
comment on function iam.resolve_group(text) is 'A group that the caller may see, by global id or name; raises 52171.';

create function iam.resolve_user(reference text)
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  given uuid := iam.id_in(reference, 'User');
  tenant uuid := iam.require_tenant();
  found_id uuid;
begin
  select u.id into found_id
  from iam.users u
  where (u.id = given or (given is null and u.email = lower(reference)))
    and exists (
      select
      from iam.tenant_members m
      where m.tenant_id = tenant and m.user_id = u.id and m.deleted_at is null
    );
  if found_id is null then
    raise sqlstate '52103' using message = 'The user does not exist.';
  end if;
  return found_id;
end
$$;
comment on function iam.resolve_user(text) is 'A member of the caller''s tenant, by global id or e-mail; raises 52103.';

create function iam.resolve_role(reference text)
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  given uuid;
  found_id uuid;
begin
  if reference is null or reference = '' then
    raise sqlstate '52273' using message = 'Either a role or a feature must be named.';
  end if;
  given := iam.id_in(reference, 'Role');
  perform iam.require_tenant();
  select r.id into found_id
  from iam.roles r
  where (r.id = given or (given is null and r.code = reference))
    and r.id in (select iam.readable_roles());
  if found_id is null then
    raise sqlstate '52177' using message = 'The role is not defined in this tenant.';
  end if;
  return found_id;
end
$$;
comment on function iam.resolve_role(text) is
  'A role of the caller''s tenant or of the system that he may see, by global id or code; raises 52177.';

create function iam.resolve_feature(reference text)
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  given uuid;
  found_id uuid;
begin
  if reference is null or reference = '' then
    raise sqlstate '52274' using message = 'A feature''s id or code must be given.';
  end if;
  given := iam.id_in(reference, 'Feature');
  perform iam.require_caller();
  select f.id into found_id
  from iam.features f
  where f.id = given or (given is null and f.code = reference);
  if found_id is null then
    raise sqlstate '52275' using message = 'The feature does not exist.';
  end if;
  return found_id;
end
$$;
comment on function iam.resolve_feature(text) is 'A feature, by global id or code; raises 52274, 52275 or PT401.';

create function iam.resolve_scope(reference text)
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := iam.require_tenant();
  given uuid := iam.id_in(reference, 'Scope');
  found_id uuid;
begin
  select s.id into found_id
  from iam.scopes s
  where (s.tenant_id = tenant or s.tenant_id is null)
    and (
      s.id = given
      or (
        given is null
        and s.type = split_part(reference, '/', 1)
        and s.key = substr(reference, nullif(strpos(reference, '/'), 0) + 1)
      )
    )
    and s.id in (select iam.readable_scopes());
  if found_id is null then
    raise sqlstate 'PT404' using message = 'The scope does not exist.';
  end if;
  return found_id;
end
$$;
comment on function iam.resolve_scope(text) is
  'A scope that the caller may see, by global id or type/key; raises PT404.';

create function iam.resolve_tenant(reference text)
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  given uuid := iam.id_in(reference, 'Tenant');
  found_id uuid;
begin
  perform iam.require_caller();
  select t.id into found_id
  from iam.tenants t
  where (t.id = given or (given is null and t.slug = reference))
    and t.id in (select iam.readable_tenants());
  if found_id is null then
    raise sqlstate 'PT404' using message = 'The tenant does not exist.';
  end if;
  return found_id;
end
$$;
comment on function iam.resolve_tenant(text) is 'An active tenant that the caller may see, by global id or slug; raises PT404.';

create function iam.resolve_person(reference text)
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  given uuid;
  found_id uuid;
begin
  perform iam.require_caller();
  if not iam.can('iam.users.read', 'global', 'all') then
    return iam.resolve_user(reference);
  end if;
  given := iam.id_in(reference, 'User');
  select u.id into found_id
  from iam.users u
  where (u.id = given or (given is null and u.email = lower(reference))) and u.deleted_at is null;
  if found_id is null then
    raise sqlstate '52103' using message = 'The user does not exist.';
  end if;
  return found_id;
end
$$;
comment on function iam.resolve_person(text) is
  'A member of the caller''s tenant, or anybody for a holder of iam.users.read at global/all, by global id or e-mail; raises 52103.';

create function iam.require_delegates(feature text, scope uuid)
returns void
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if (iam.is_acting() and not iam.user_can(iam.actor_id(), iam.caller_tenant_id(), feature, scope))
    or (
      iam.has_api_key()
      and not exists (
        select
        from iam.scope_closure c
        where c.scope_id = require_delegates.scope and c.ancestor_id in (select iam.key_scopes(feature))
      )
    )
  then
    raise sqlstate '52109' using
      message = 'No permission for this here.',
      detail = jsonb_build_object('requires', feature)::text;
  end if;
end
$$;
comment on function iam.require_delegates(text, uuid) is
  'Where the caller may because something is his own: raises 52109 unless whoever acts as him holds the feature, and the API key was given it.';

create function iam.name_provider(reference text)
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  given uuid := iam.id_in(reference, 'Provider');
  found_id uuid;
begin
  select p.id into found_id from iam.providers p where p.id = given or (given is null and p.code = reference);
  if found_id is null then
    raise sqlstate 'PT404' using message = 'The provider does not exist.';
  end if;
  return found_id;
end
$$;
comment on function iam.name_provider(text) is
  'A provider, by global id or code, for who refers to it without having to see it; raises PT404.';

create function iam.require_in_tenant(feature text, tenant uuid)
returns void
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform iam.require(
    feature,
    case when tenant = iam.caller_tenant_id() then iam.root_scope_id(tenant) else iam.find_scope(null, 'global', 'all') end
  );
end
$$;
comment on function iam.require_in_tenant(text, uuid) is
  'Raises 52109 unless the caller holds the feature at the root of the tenant that he acts in, or, for another tenant, at global/all.';

create function iam.require_over_user(feature text, of_user uuid)
returns void
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := iam.caller_tenant_id();
begin
  if exists (select from iam.users u where u.id = of_user and u.is_system) then
    raise sqlstate '52104' using message = 'The user is a system user.';
  end if;
  -- a user belongs to everybody he is a member of: one tenant alone decides only about its members who are in no other,
  -- and never about somebody who was given anything above the tenants
  if exists (
    select from iam.tenant_members m
    where m.user_id = of_user and m.deleted_at is null and m.tenant_id is distinct from tenant
  ) or not exists (
    select from iam.tenant_members m
    where m.user_id = of_user and m.deleted_at is null and m.tenant_id = tenant
  ) or exists (
    select from iam.grants g
    where g.user_id = of_user and g.tenant_id is null and (g.valid_until is null or g.valid_until > statement_timestamp())
  ) then
    perform iam.require(feature, iam.find_scope(null, 'global', 'all'));
  else
    perform iam.require_in_tenant(feature, tenant);
  end if;
end
$$;
comment on function iam.require_over_user(text, uuid) is
  'Raises 52104 or 52109 unless the caller may change the user: with the feature in the only tenant the user is in, or at global/all.';
