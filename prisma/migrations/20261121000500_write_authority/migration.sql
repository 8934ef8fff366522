-- Authority is written by these functions only, from GraphQL and from SQL alike. Each checks who may, that nobody gains
-- what the caller doesn't hold, takes the lock (the tables' triggers do), and writes its audit event in the same transaction.
-- Where an argument names a user, group, role, scope or grant, it takes the global id (Group:<uuid>) or the natural key.

-- Asking for things -------------------------------------------------------------------------------------------------

create function iam.id_in(reference text, kind text)
returns uuid
language plpgsql immutable
set search_path = ''
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
set search_path = ''
as $$
begin
  if name is null or not iam.is_name(name) then
    raise sqlstate 'PT400' using message =
      'A name has 1 to 255 characters, no blanks around it, and not the form of an id.';
  end if;
end
$$;
comment on function iam.require_name(text) is 'Raises PT400 unless the text can name something.';

create function iam.require_period(valid_from timestamptz, valid_until timestamptz)
returns void
language plpgsql stable
set search_path = ''
as $$
begin
  if valid_until <= coalesce(valid_from, statement_timestamp()) or valid_until <= statement_timestamp() then
    raise sqlstate 'PT400' using message = 'A period ends after it begins, and in the future.';
  end if;
end
$$;
comment on function iam.require_period(timestamptz, timestamptz) is 'Raises PT400 for a period that is over or ends before it begins.';

create function iam.require_tenant()
returns uuid
language plpgsql stable
security definer set search_path = ''
as $$
declare
  tenant uuid := iam.caller_tenant_id();
begin
  if iam.caller_id() is null then
    raise sqlstate 'PT401' using message = 'Authentication is required.';
  elsif tenant is null then
    raise sqlstate '52108' using message = 'No tenant is chosen.';
  end if;
  return tenant;
end
$$;
comment on function iam.require_tenant() is 'The tenant that the caller acts in; raises PT401 or 52108 when there is none.';

create function iam.require(feature text, scope uuid)
returns void
language plpgsql stable
security definer set search_path = ''
as $$
begin
  if not iam.user_can(iam.caller_id(), iam.caller_tenant_id(), feature, scope) then
    raise sqlstate '52109' using
      message = 'No permission for this here.',
      detail = jsonb_build_object('requires', feature)::text;
  end if;
end
$$;
comment on function iam.require(text, uuid) is 'Raises 52109 unless the caller holds the feature at the scope.';

-- What the caller may see: the same sets for the policies and for resolving a reference ------------------------------

create function iam.readable_groups()
returns setof uuid
language plpgsql stable
security definer set search_path = ''
as $$
declare
  me uuid := iam.caller_id();
  tenant uuid := iam.caller_tenant_id();
begin
  return query
  select g.id
  from iam.groups g
  where g.tenant_id = tenant
    and (
      iam.holds_everywhere('iam.groups.read')
      or g.owner_id = me
      or g.id = any (array(select iam.groups_of(me, tenant)))
    );
end
$$;
comment on function iam.readable_groups() is
  'The groups of the caller''s tenant that he may see: his own, those he is in, or all with iam.groups.read.';

create function iam.managed_groups()
returns setof uuid
language plpgsql stable
security definer set search_path = ''
as $$
declare
  me uuid := iam.caller_id();
  tenant uuid := iam.caller_tenant_id();
begin
  return query
  select g.id
  from iam.groups g
  where g.tenant_id = tenant
    and (
      iam.holds_everywhere('iam.groups.update')
      or g.owner_id = me
      or (g.members_manage_each_other and g.id = any (array(select iam.groups_of(me, tenant))))
    );
end
$$;
comment on function iam.managed_groups() is
  'The groups whose members the caller may change, as far as he holds what they hold: his own, those that let their members, or all with iam.groups.update.';

create function iam.groups_showing_members()
returns setof uuid
language plpgsql stable
security definer set search_path = ''
as $$
declare
  me uuid := iam.caller_id();
  tenant uuid := iam.caller_tenant_id();
begin
  return query
  select g.id
  from iam.groups g
  where g.tenant_id = tenant
    and (
      iam.holds_everywhere('iam.groups.read')
      or g.owner_id = me
      or (g.members_see_each_other and g.id = any (array(select iam.groups_of(me, tenant))))
    );
end
$$;
comment on function iam.groups_showing_members() is 'The groups whose members the caller may see.';

create function iam.readable_users()
returns setof uuid
language plpgsql stable
security definer set search_path = ''
as $$
declare
  me uuid := iam.caller_id();
  tenant uuid := iam.caller_tenant_id();
begin
  if me is null then
    return;
  end if;
  return query select me;
  if tenant is null then
    return;
  elsif iam.holds_everywhere('iam.users.read') then
    return query
    select m.user_id from iam.tenant_members m where m.tenant_id = tenant and m.deleted_at is null;
    return;
  end if;
  return query
  select m.user_id
  from iam.group_members m
  where m.tenant_id = tenant
    and m.group_id in (select iam.groups_showing_members())
    and iam.is_live(m.valid_from, m.valid_until)
  union
  select g.owner_id from iam.groups g where g.id in (select iam.readable_groups()) and g.owner_id is not null;
end
$$;
comment on function iam.readable_users() is
  'The users that the caller may see: himself, whom he is in a group with, the owners of his groups, or all members with iam.users.read.';

create function iam.member_ids()
returns setof uuid
language sql stable
security definer set search_path = ''
as $$
  select m.user_id
  from iam.tenant_members m
  where m.tenant_id = iam.caller_tenant_id() and m.deleted_at is null and iam.caller_id() is not null
$$;
comment on function iam.member_ids() is 'The active members of the caller''s tenant, whom he may name by e-mail.';

create function iam.readable_tenants()
returns setof uuid
language plpgsql stable
security definer set search_path = ''
as $$
declare
  me uuid := iam.caller_id();
begin
  return query
  select t.id
  from iam.tenants t
  where t.deleted_at is null
    and me is not null
    and (
      exists (
        select
        from iam.tenant_members m
        where m.tenant_id = t.id and m.user_id = me and m.deleted_at is null
      )
      or iam.can('iam.tenants.read', 'global', 'all')
    );
end
$$;
comment on function iam.readable_tenants() is
  'The active tenants that the caller is a member of, or all with iam.tenants.read at global/all.';

create function iam.readable_scopes()
returns setof uuid
language plpgsql stable
security definer set search_path = ''
as $$
declare
  me uuid := iam.caller_id();
  tenant uuid := iam.caller_tenant_id();
begin
  if me is null or tenant is null then
    return;
  end if;
  return query
  select c.scope_id
  from iam.scope_closure c
  where (c.tenant_id = tenant or c.tenant_id is null)
    and c.ancestor_id in (
      select g.scope_id
      from iam.grants g
      where (g.user_id = me or g.group_id in (select iam.groups_of(me, tenant)))
        and (g.tenant_id = tenant or g.tenant_id is null)
        and g.effect = 'allow'
        and iam.is_live(g.valid_from, g.valid_until)
    )
  union
  select iam.root_scope_id(tenant);
end
$$;
comment on function iam.readable_scopes() is
  'The scopes that the caller may see: his tenant''s root, and everything at or below a scope where a grant is his.';

create function iam.readable_roles()
returns setof uuid
language plpgsql stable
security definer set search_path = ''
as $$
declare
  me uuid := iam.caller_id();
  tenant uuid := iam.caller_tenant_id();
begin
  if me is null or tenant is null then
    return;
  end if;
  return query
  select r.id
  from iam.roles r
  where (r.tenant_id = tenant or r.tenant_id is null)
    and iam.holds_somewhere('iam.roles.read')
  union
  select c.included_role_id
  from iam.grants g
  join iam.role_closure c on c.role_id = g.role_id
  where (g.user_id = me or g.group_id in (select iam.groups_of(me, tenant)))
    and (g.tenant_id = tenant or g.tenant_id is null)
    and iam.is_live(g.valid_from, g.valid_until);
end
$$;
comment on function iam.readable_roles() is
  'The roles that the caller may see: those he holds with what they include, or all of his tenant''s and the system''s with iam.roles.read.';

-- Resolving a reference --------------------------------------------------------------------------------------------------

create function iam.resolve_group(reference text)
returns uuid
language plpgsql stable
security definer set search_path = ''
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
security definer set search_path = ''
as $$
declare
  given uuid := iam.id_in(reference, 'User');
  found_id uuid;
begin
  perform iam.require_tenant();
  select u.id into found_id
  from iam.users u
  where (u.id = given or (given is null and u.email = lower(reference)))
    and u.id in (select iam.member_ids());
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
security definer set search_path = ''
as $$
declare
  given uuid := iam.id_in(reference, 'Role');
  found_id uuid;
begin
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
security definer set search_path = ''
as $$
declare
  given uuid := iam.id_in(reference, 'Feature');
  found_id uuid;
begin
  select f.id into found_id
  from iam.features f
  where f.id = given or (given is null and f.code = reference);
  if found_id is null then
    raise sqlstate '52275' using message = 'The feature does not exist.';
  end if;
  return found_id;
end
$$;
comment on function iam.resolve_feature(text) is 'A feature, by global id or code; raises 52275.';

create function iam.resolve_scope(reference text)
returns uuid
language plpgsql stable
security definer set search_path = ''
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
        and s.key = substr(reference, strpos(reference, '/') + 1)
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

-- No escalation ------------------------------------------------------------------------------------------------------------

create function iam.held_until(of_user uuid, tenant uuid, feature uuid, scope uuid)
returns timestamptz
language plpgsql stable
security definer set search_path = ''
as $$
begin
  return (
    with held as (
      select g.role_id, g.feature_id, coalesce(g.valid_until, 'infinity') as ends
      from iam.grants g
      join iam.scope_closure sc on sc.ancestor_id = g.scope_id and sc.scope_id = held_until.scope
      where g.user_id = of_user
        and g.effect = 'allow'
        and (g.tenant_id = tenant or g.tenant_id is null)
        and iam.is_live(g.valid_from, g.valid_until)
      union all
      select g.role_id, g.feature_id, least(coalesce(g.valid_until, 'infinity'), coalesce(m.valid_until, 'infinity'))
      from iam.group_members m
      join iam.group_closure gc on gc.included_group_id = m.group_id
      join iam.grants g on g.group_id = gc.group_id
      join iam.scope_closure sc on sc.ancestor_id = g.scope_id and sc.scope_id = held_until.scope
      where m.tenant_id = tenant
        and m.user_id = of_user
        and g.effect = 'allow'
        and iam.is_live(m.valid_from, m.valid_until)
        and iam.is_live(g.valid_from, g.valid_until)
    )
    select max(held.ends)
    from held
    where iam.gives(held.role_id, held.feature_id, array(
      select c.ancestor_id from iam.feature_closure c where c.feature_id = held_until.feature
    ))
  );
end
$$;
comment on function iam.held_until(uuid, uuid, uuid, uuid) is
  'Until when the user''s allow-grants give him the feature at the scope; infinity when for good, null when they do not.';

create function iam.is_touched_by_deny(of_user uuid, tenant uuid, feature uuid, scope uuid)
returns boolean
language plpgsql stable
security definer set search_path = ''
as $$
begin
  return exists (
    select
    from iam.grants g
    left join iam.role_closure rc on rc.role_id = g.role_id
    left join iam.role_features rf on rf.role_id = rc.included_role_id
    join iam.feature_closure fc
      on (fc.feature_id = is_touched_by_deny.feature and fc.ancestor_id = coalesce(g.feature_id, rf.feature_id))
      or (fc.ancestor_id = is_touched_by_deny.feature and fc.feature_id = coalesce(g.feature_id, rf.feature_id))
    join iam.scope_closure sc
      on (sc.scope_id = is_touched_by_deny.scope and sc.ancestor_id = g.scope_id)
      or (sc.ancestor_id = is_touched_by_deny.scope and sc.scope_id = g.scope_id)
    where g.user_id = of_user
      and g.effect = 'deny'
      and (g.tenant_id = tenant or g.tenant_id is null)
      and (g.valid_until is null or g.valid_until > statement_timestamp())
  );
end
$$;
comment on function iam.is_touched_by_deny(uuid, uuid, uuid, uuid) is
  'Whether a deny against the user, in force now or later, meets the feature or something above or below it, at the scope or above or below it.';

create function iam.require_to_hand_out(role uuid, feature uuid, scope uuid, valid_until timestamptz)
returns void
language plpgsql stable
security definer set search_path = ''
as $$
declare
  me uuid := iam.caller_id();
  tenant uuid := iam.caller_tenant_id();
  missing text;
begin
  select f.code into missing
  from iam.features f
  where f.id in (
      select require_to_hand_out.feature
      union
      select rf.feature_id
      from iam.role_closure rc
      join iam.role_features rf on rf.role_id = rc.included_role_id
      where rc.role_id = require_to_hand_out.role
    )
    and (
      iam.held_until(me, tenant, f.id, scope) is null
      or iam.held_until(me, tenant, f.id, scope) < coalesce(require_to_hand_out.valid_until, 'infinity')
      or iam.is_touched_by_deny(me, tenant, f.id, scope)
    )
  order by f.code
  limit 1;
  if missing is not null then
    raise sqlstate '52109' using
      message = 'Nobody hands out what he does not hold himself, there and for as long.',
      detail = jsonb_build_object('requires', missing)::text;
  end if;
end
$$;
comment on function iam.require_to_hand_out(uuid, uuid, uuid, timestamptz) is
  'Raises 52109 unless the caller holds everything that the role or feature gives, at the scope and all below it, for as long, with no deny touching it.';

create function iam.require_to_hand_out_group(of_group uuid, valid_until timestamptz)
returns void
language plpgsql stable
security definer set search_path = ''
as $$
begin
  perform iam.require_to_hand_out(
    g.role_id, g.feature_id, g.scope_id,
    nullif(least(coalesce(g.valid_until, 'infinity'), coalesce(require_to_hand_out_group.valid_until, 'infinity')), 'infinity')
  )
  from iam.grants g
  where g.effect = 'allow'
    and (g.valid_until is null or g.valid_until > statement_timestamp())
    and g.group_id in (
      with recursive above (id) as (
        select of_group
        union
        select link.group_id from above join iam.group_includes link on link.included_group_id = above.id
      )
      select id from above
    );
end
$$;
comment on function iam.require_to_hand_out_group(uuid, timestamptz) is
  'Raises 52109 unless the caller holds everything that the group, and every group it is in, holds now or later.';

-- Audit ----------------------------------------------------------------------------------------------------------------------

create function iam.record(code integer, action text, resource_type text, resource_id text, scope uuid, metadata jsonb)
returns void
language sql volatile
security definer set search_path = ''
as $$
  insert into iam.audit_events (
    code, action, tenant_id, scope_id, actor_id, user_id, resource_type, resource_id, request_id, ip_address, user_agent, metadata
  )
  values (
    code, action, iam.setting('app.tenant_id')::uuid, scope,
    coalesce(iam.setting('app.actor_id'), iam.setting('app.user_id'))::uuid, iam.setting('app.user_id')::uuid,
    resource_type, resource_id, iam.setting('app.request_id'),
    iam.setting('app.ip_address')::inet, iam.setting('app.user_agent'), coalesce(metadata, '{}')
  )
$$;
comment on function iam.record(integer, text, text, text, uuid, jsonb) is
  'Writes a success event in the transaction of what it tells. Only definer functions call it, so that nobody forges one.';

-- Groups ---------------------------------------------------------------------------------------------------------------------

create function iam.require_to_manage(of_group uuid)
returns void
language plpgsql stable
security definer set search_path = ''
as $$
declare
  g iam.groups;
begin
  select * into g from iam.groups where id = of_group;
  if g.is_locked then
    raise sqlstate '52172' using message = 'The group is locked.';
  elsif g.is_system then
    raise sqlstate '52271' using message = 'The group is a system group.';
  elsif of_group not in (select iam.managed_groups()) then
    raise sqlstate '52281' using
      message = 'Only the group''s owner may do this.',
      detail = jsonb_build_object('requires', 'iam.groups.update')::text;
  end if;
end
$$;
comment on function iam.require_to_manage(uuid) is
  'Raises 52172, 52271 or 52281 unless the group may be changed, and by the caller.';

create function iam.create_group(name text)
returns uuid
language plpgsql volatile
security definer set search_path = ''
as $$
declare
  tenant uuid := iam.require_tenant();
  me uuid := iam.caller_id();
  new_id uuid;
begin
  if me not in (select iam.member_ids()) then
    perform iam.require('iam.groups.create', iam.root_scope_id(tenant));
    me := null;
  end if;
  perform iam.require_name(name);
  insert into iam.groups (tenant_id, name, owner_id) values (tenant, create_group.name, me) returning id into new_id;
  perform iam.record(50201, 'group_created', 'Group', new_id::text, iam.root_scope_id(tenant), jsonb_build_object('name', name));
  return new_id;
end
$$;
comment on function iam.create_group(text) is
  'Creates a group that the caller owns. Any member may. Raises PT400 for a bad name; a name in use is a unique violation.';

create function iam.update_group(
  "group" text,
  name text default null,
  members_see_each_other boolean default null,
  members_manage_each_other boolean default null
)
returns uuid
language plpgsql volatile
security definer set search_path = ''
as $$
declare
  target uuid := iam.resolve_group("group");
begin
  perform iam.require_to_manage(target);
  if num_nonnulls(name, members_see_each_other, members_manage_each_other) = 0 then
    raise sqlstate 'PT400' using message = 'Nothing to change was given.';
  end if;
  if name is not null then
    perform iam.require_name(name);
  end if;
  update iam.groups g
  set name = coalesce(update_group.name, g.name),
      members_see_each_other = coalesce(update_group.members_see_each_other, g.members_see_each_other),
      members_manage_each_other = coalesce(update_group.members_manage_each_other, g.members_manage_each_other),
      updated_at = now()
  where g.id = target;
  perform iam.record(50202, 'group_updated', 'Group', target::text, iam.caller_root_scope_id(), jsonb_strip_nulls(jsonb_build_object(
    'name', name, 'membersSeeEachOther', members_see_each_other, 'membersManageEachOther', members_manage_each_other
  )));
  return target;
end
$$;
comment on function iam.update_group(text, text, boolean, boolean) is
  'Renames a group or changes what its members may do with each other; null leaves as it is. Raises 52171, 52172, 52271, 52281 or PT400.';

create function iam.delete_group("group" text)
returns uuid
language plpgsql volatile
security definer set search_path = ''
as $$
declare
  target uuid := iam.resolve_group("group");
begin
  perform iam.require_to_manage(target);
  if not exists (select from iam.groups g where g.id = target and g.owner_id = iam.caller_id()) then
    perform iam.require('iam.groups.delete', iam.caller_root_scope_id());
  end if;
  delete from iam.groups where id = target;
  perform iam.record(50203, 'group_deleted', 'Group', target::text, iam.caller_root_scope_id(), null);
  return target;
end
$$;
comment on function iam.delete_group(text) is
  'Deletes a group with its memberships, shares and grants. Its owner may, or a holder of iam.groups.delete. Raises 52171, 52172, 52271, 52281 or 52109.';

create function iam.add_group_member(
  "group" text,
  "user" text,
  valid_from timestamptz default null,
  valid_until timestamptz default null
)
returns uuid
language plpgsql volatile
security definer set search_path = ''
as $$
declare
  target uuid := iam.resolve_group("group");
  member uuid;
  g iam.groups;
begin
  perform iam.require_to_manage(target);
  member := iam.resolve_user("user");
  select * into g from iam.groups where id = target;
  if not g.is_active then
    raise sqlstate '52172' using message = 'The group is not active.';
  elsif not g.is_assignable or g.type = 'external' then
    raise sqlstate '52173' using message = 'The group is not assignable, or external.';
  end if;
  perform iam.require_period(valid_from, valid_until);
  perform iam.require_to_hand_out_group(target, valid_until);
  insert into iam.group_members (tenant_id, group_id, user_id, source, valid_from, valid_until)
  values (g.tenant_id, target, member, 'manual', add_group_member.valid_from, add_group_member.valid_until)
  on conflict (group_id, user_id, source)
  do update set valid_from = excluded.valid_from, valid_until = excluded.valid_until;
  perform iam.record(50131, 'group_member_added', 'Group', target::text, iam.caller_root_scope_id(), jsonb_strip_nulls(jsonb_build_object(
    'user', member, 'from', valid_from, 'until', valid_until
  )));
  return target;
end
$$;
comment on function iam.add_group_member(text, text, timestamptz, timestamptz) is
  'Adds a member by hand, for a time if one is given; again with another time, it counts from then on. Raises 52171, 52103, 52172, 52173, 52281, 52109 or PT400.';

create function iam.remove_group_member("group" text, "user" text)
returns uuid
language plpgsql volatile
security definer set search_path = ''
as $$
declare
  target uuid := iam.resolve_group("group");
  member uuid;
begin
  member := iam.resolve_user("user");
  if member <> iam.caller_id() then
    perform iam.require_to_manage(target);
  end if;
  delete from iam.group_members where group_id = target and user_id = member and source = 'manual';
  if not found then
    raise sqlstate '52103' using message = 'The user does not exist.';
  end if;
  perform iam.record(50133, 'group_member_removed', 'Group', target::text, iam.caller_root_scope_id(), jsonb_build_object('user', member));
  return target;
end
$$;
comment on function iam.remove_group_member(text, text) is
  'Ends a membership that was made by hand; everybody may end his own. Raises 52171, 52103, 52172, 52271 or 52281.';

-- Grants -----------------------------------------------------------------------------------------------------------------------

create function iam.insert_grant(
  role uuid, feature uuid, at_scope uuid, to_user uuid, to_group uuid,
  effect iam.grant_effect, valid_from timestamptz, valid_until timestamptz
)
returns uuid
language plpgsql volatile
security definer set search_path = ''
as $$
declare
  new_id uuid;
begin
  insert into iam.grants (tenant_id, user_id, group_id, role_id, feature_id, scope_id, effect, valid_from, valid_until, granted_by)
  select s.tenant_id, to_user, to_group, role, feature, at_scope, insert_grant.effect,
         insert_grant.valid_from, insert_grant.valid_until, iam.caller_id()
  from iam.scopes s
  where s.id = at_scope
  returning id into new_id;
  perform iam.record(50304, 'permission_assigned', 'Grant', new_id::text, at_scope, jsonb_strip_nulls(jsonb_build_object(
    'user', to_user, 'group', to_group, 'role', role, 'feature', feature,
    'effect', insert_grant.effect, 'from', insert_grant.valid_from, 'until', insert_grant.valid_until
  )));
  return new_id;
end
$$;
comment on function iam.insert_grant(uuid, uuid, uuid, uuid, uuid, iam.grant_effect, timestamptz, timestamptz) is
  'Writes a grant and its event; the functions below have checked that it may be handed out.';

create function iam.resolve_grantee("user" text, "group" text, at_scope uuid, out to_user uuid, out to_group uuid)
language plpgsql stable
security definer set search_path = ''
as $$
begin
  if num_nonnulls("user", "group") <> 1 then
    raise sqlstate '52272' using message = 'Either a user or a group must be given.';
  end if;
  if "user" is not null then
    to_user := iam.resolve_user("user");
  else
    to_group := iam.resolve_group("group");
    if exists (select from iam.scopes s where s.id = at_scope and s.tenant_id is null) then
      raise sqlstate 'PT400' using message = 'A group belongs to one tenant and can''t be given anything above it.';
    end if;
  end if;
end
$$;
comment on function iam.resolve_grantee(text, text, uuid) is 'The one principal that a grant names; raises 52272, 52103 or 52171.';

create function iam.grant_role(
  role text,
  scope text,
  "user" text default null,
  "group" text default null,
  valid_from timestamptz default null,
  valid_until timestamptz default null
)
returns uuid
language plpgsql volatile
security definer set search_path = ''
as $$
declare
  at_scope uuid := iam.resolve_scope(scope);
  given iam.roles;
  grantee record;
begin
  perform iam.require('iam.grants.create', at_scope);
  select * into given from iam.roles where id = iam.resolve_role(role);
  if not given.is_assignable then
    raise sqlstate '52175' using message = 'The role is not assignable.';
  end if;
  grantee := iam.resolve_grantee("user", "group", at_scope);
  perform iam.require_period(valid_from, valid_until);
  perform iam.require_to_hand_out(given.id, null, at_scope, valid_until);
  return iam.insert_grant(given.id, null, at_scope, grantee.to_user, grantee.to_group, 'allow', valid_from, valid_until);
end
$$;
comment on function iam.grant_role(text, text, text, text, timestamptz, timestamptz) is
  'Gives a role to a user or a group at a scope and everything below it. Needs iam.grants.create there and all that the role gives. Raises 52109, 52175, 52177, 52272, 52103, 52171, PT404 or PT400.';

create function iam.grant_feature(
  feature text,
  scope text,
  "user" text default null,
  "group" text default null,
  effect text default 'allow',
  valid_from timestamptz default null,
  valid_until timestamptz default null
)
returns uuid
language plpgsql volatile
security definer set search_path = ''
as $$
declare
  at_scope uuid := iam.resolve_scope(scope);
  given iam.features;
  grantee record;
begin
  perform iam.require('iam.grants.create', at_scope);
  select * into given from iam.features where id = iam.resolve_feature(feature);
  if not given.is_assignable then
    raise sqlstate '52176' using message = 'The feature is not assignable.';
  end if;
  grantee := iam.resolve_grantee("user", "group", at_scope);
  if effect not in ('allow', 'deny') then
    raise sqlstate 'PT400' using message = 'A grant''s effect is allow or deny.';
  elsif effect = 'deny' and grantee.to_group is not null then
    raise sqlstate 'PT400' using message = 'A deny is given to a user only.';
  end if;
  perform iam.require_period(valid_from, valid_until);
  perform iam.require_to_hand_out(null, given.id, at_scope, valid_until);
  return iam.insert_grant(
    null, given.id, at_scope, grantee.to_user, grantee.to_group, effect::iam.grant_effect, valid_from, valid_until
  );
end
$$;
comment on function iam.grant_feature(text, text, text, text, text, timestamptz, timestamptz) is
  'Gives a feature to a user or a group at a scope and everything below it, or denies it to a user. Needs iam.grants.create there and the feature itself. Raises 52109, 52176, 52275, 52272, 52103, 52171, PT404 or PT400.';

create function iam.revoke("grant" text)
returns boolean
language plpgsql volatile
security definer set search_path = ''
as $$
declare
  tenant uuid := iam.require_tenant();
  given uuid := iam.id_in("grant", 'Grant');
  g iam.grants;
begin
  select * into g
  from iam.grants candidate
  where candidate.id = given
    and (candidate.tenant_id = tenant or candidate.tenant_id is null)
    and (
      candidate.user_id = iam.caller_id()
      or candidate.group_id in (select iam.caller_groups())
      or iam.user_can(iam.caller_id(), tenant, 'iam.grants.read', candidate.scope_id)
      or iam.user_can(iam.caller_id(), tenant, 'iam.grants.delete', candidate.scope_id)
    );
  if g.id is null then
    raise sqlstate 'PT404' using message = 'The grant does not exist.';
  end if;
  perform iam.require('iam.grants.delete', g.scope_id);
  if g.effect = 'deny' then
    -- ending a deny gives: the caller must hold what it held back
    perform iam.require_to_hand_out(g.role_id, g.feature_id, g.scope_id, null);
  end if;
  delete from iam.grants where id = g.id;
  if exists (select from iam.roles r where r.id = g.role_id and r.tenant_id is null and r.code = 'tenant_owner') then
    perform iam.require_an_owner(g.tenant_id);
  end if;
  perform iam.record(50305, 'permission_unassigned', 'Grant', g.id::text, g.scope_id, jsonb_strip_nulls(jsonb_build_object(
    'user', g.user_id, 'group', g.group_id, 'role', g.role_id, 'feature', g.feature_id, 'effect', g.effect
  )));
  return true;
end
$$;
comment on function iam.revoke(text) is
  'Ends a grant at once, whatever its holder holds beside it. Needs iam.grants.delete at its scope; ending a deny needs what it held back. Raises PT404, 52109 or 52280.';

create function iam.require_an_owner(tenant uuid)
returns void
language plpgsql stable
security definer set search_path = ''
as $$
begin
  if tenant is not null and not exists (
    select
    from iam.grants g
    join iam.roles r on r.id = g.role_id and r.tenant_id is null and r.code = 'tenant_owner'
    join iam.users u on u.id = g.user_id and u.is_active and not u.is_locked
    join iam.tenant_members m on m.tenant_id = g.tenant_id and m.user_id = g.user_id and m.deleted_at is null
    where g.tenant_id = require_an_owner.tenant
      and g.scope_id = iam.root_scope_id(require_an_owner.tenant)
      and g.effect = 'allow'
      and g.valid_until is null
      and iam.is_live(g.valid_from, g.valid_until)
  ) then
    raise sqlstate '52280' using message = 'A tenant keeps at least one owner.';
  end if;
end
$$;
comment on function iam.require_an_owner(uuid) is 'Raises 52280 when the tenant has no owner left who can act.';

-- Scopes, tenants ----------------------------------------------------------------------------------------------------------------

create function iam.create_scope(parent text, type text, key text, name text default null)
returns uuid
language plpgsql volatile
security definer set search_path = ''
as $$
declare
  above uuid := iam.resolve_scope(parent);
  new_id uuid;
begin
  perform iam.require('iam.scopes.create', above);
  insert into iam.scopes (tenant_id, parent_id, type, key, name)
  select s.tenant_id, s.id, create_scope.type, create_scope.key, create_scope.name
  from iam.scopes s
  where s.id = above and s.tenant_id is not null
  returning id into new_id;
  if new_id is null then
    raise sqlstate 'PT400' using message = 'Below the global scope stand the roots of tenants only.';
  end if;
  perform iam.record(50341, 'scope_created', 'Scope', new_id::text, new_id, null);
  return new_id;
end
$$;
comment on function iam.create_scope(text, text, text, text) is
  'Creates a scope below another. Needs iam.scopes.create there. Raises PT404, 52109 or PT400.';

create function iam.select_tenant(slug text)
returns uuid
language plpgsql volatile
security definer set search_path = ''
as $$
declare
  me uuid := iam.caller_id();
  chosen uuid;
begin
  if me is null then
    raise sqlstate 'PT401' using message = 'Authentication is required.';
  end if;
  select t.id into chosen
  from iam.tenants t
  join iam.tenant_members m on m.tenant_id = t.id and m.user_id = me and m.deleted_at is null
  where t.slug = select_tenant.slug and t.deleted_at is null;
  if chosen is null then
    raise sqlstate '52108' using message = 'No access to this tenant.';
  end if;
  update iam.users set selected_tenant_id = chosen where id = me;
  return chosen;
end
$$;
comment on function iam.select_tenant(text) is
  'Chooses the tenant that the caller''s requests act in when they name none. Raises 52108.';
