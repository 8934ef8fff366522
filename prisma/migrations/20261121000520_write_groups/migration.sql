-- Groups and who is in them, written by these functions only.
-- Each checks who may, that nobody gains what the caller doesn't hold, takes the lock (the tables' triggers do),
-- and writes its audit event in the same transaction. From GraphQL and from SQL alike.
-- What a command on a group asks, whatever else it is told, stands in iam.group_to(): `access` asks the same.

create function iam.require_to_manage(of_group uuid)
returns void
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
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
  perform iam.require_delegates('iam.groups.update', iam.caller_root_scope_id());
end
$$;
comment on function iam.require_to_manage(uuid) is
  'Raises 52172, 52271 or 52281 unless the group may be changed, and by the caller.';

create function iam.group_to(command text, reference text)
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid := iam.resolve_group(reference);
  root uuid := iam.caller_root_scope_id();
  g iam.groups;
begin
  select * into g from iam.groups where id = target;
  case
    when command in ('enable', 'disable', 'lock', 'unlock') then
      if g.is_system then
        raise sqlstate '52271' using message = 'The group is a system group.';
      end if;
      perform iam.require('iam.groups.update', root);
    else
      perform iam.require_to_manage(target);
  end case;
  case command
    when 'delete' then
      if g.owner_id is distinct from iam.caller_id() then
        perform iam.require('iam.groups.delete', root);
      end if;
      perform iam.require_delegates('iam.groups.delete', root);
    when 'assignOwner' then
      if g.owner_id is distinct from iam.caller_id() then
        perform iam.require('iam.groups.update', root);
      end if;
    when 'include' then
      if not g.is_assignable or g.type = 'external' then
        raise sqlstate '52173' using message = 'The group is not assignable, or external.';
      end if;
    when 'createMapping' then
      perform iam.require('iam.groups.update', root);
      if g.type = 'internal' then
        raise sqlstate '52173' using message = 'An internal group has no members from a provider.';
      end if;
    when 'update', 'setType', 'setAssignable', 'exclude', 'enable', 'disable', 'lock', 'unlock' then
      null;
  end case;
  if command in ('enable', 'assignOwner', 'include', 'createMapping') then
    -- somebody comes to hold what the group holds
    perform iam.require_to_hand_out_group(target, null);
  end if;
  if command = 'createMapping' then
    -- whoever the provider puts into the group becomes a member of the tenant
    perform iam.require('iam.users.create', root);
  end if;
  return target;
end
$$;
comment on function iam.group_to(text, text) is
  'The group named, for a caller who may do the command with it. Raises 52171, 52172, 52173, 52271, 52281 or 52109.';

create function iam.create_group(name text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
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
  perform iam.require_delegates('iam.groups.create', iam.root_scope_id(tenant));
  perform iam.require_name(name);
  insert into iam.groups (tenant_id, name, owner_id) values (tenant, create_group.name, me) returning id into new_id;
  perform iam.record(50201, 'Group', new_id::text, iam.root_scope_id(tenant), jsonb_build_object('name', name));
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
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid := iam.group_to('update', "group");
begin
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
  perform iam.record(50202, 'Group', target::text, iam.caller_root_scope_id(), jsonb_strip_nulls(jsonb_build_object(
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
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid := iam.group_to('delete', "group");
begin
  delete from iam.groups where id = target;
  perform iam.record(50203, 'Group', target::text, iam.caller_root_scope_id(), null);
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
security definer set search_path = pg_catalog, pg_temp
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
  perform iam.record(50131, 'Group', target::text, iam.caller_root_scope_id(), jsonb_strip_nulls(jsonb_build_object(
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
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid := iam.resolve_group("group");
  member uuid;
begin
  member := iam.resolve_user("user");
  if member <> iam.caller_id() then
    perform iam.require_to_manage(target);
  end if;
  perform iam.require_delegates('iam.groups.update', iam.caller_root_scope_id());
  delete from iam.group_members where group_id = target and user_id = member and source = 'manual';
  if not found then
    raise sqlstate '52103' using message = 'The user does not exist.';
  end if;
  perform iam.record(50133, 'Group', target::text, iam.caller_root_scope_id(), jsonb_build_object('user', member));
  return target;
end
$$;
comment on function iam.remove_group_member(text, text) is
  'Ends a membership that was made by hand; everybody may end his own. Raises 52171, 52103, 52172, 52271 or 52281.';

create function iam.switch_group(command text, "group" text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid := iam.group_to(command, "group");
  code integer := case command when 'enable' then 50204 when 'disable' then 50205 when 'unlock' then 50206 when 'lock' then 50207 end;
begin
  update iam.groups g
  set is_active = case command when 'enable' then true when 'disable' then false else g.is_active end,
      is_locked = case command when 'lock' then true when 'unlock' then false else g.is_locked end,
      updated_at = now()
  where g.id = target;
  perform iam.record(code, 'Group', target::text, iam.caller_root_scope_id(), null);
  return target;
end
$$;
comment on function iam.switch_group(text, text) is 'Enables, disables, locks or unlocks a group.';

create function iam.enable_group("group" text)
returns uuid
language sql volatile
security definer set search_path = pg_catalog, pg_temp
as $$ select iam.switch_group('enable', "group") $$;
comment on function iam.enable_group(text) is
  'Lets a group give its members what it holds again. Needs iam.groups.update and all that it holds. Raises 52171, 52271 or 52109.';

create function iam.disable_group("group" text)
returns uuid
language sql volatile
security definer set search_path = pg_catalog, pg_temp
as $$ select iam.switch_group('disable', "group") $$;
comment on function iam.disable_group(text) is
  'Ends everything that a group gives, at once, until it is enabled again. Needs iam.groups.update. Raises 52171, 52271 or 52109.';

create function iam.lock_group("group" text)
returns uuid
language sql volatile
security definer set search_path = pg_catalog, pg_temp
as $$ select iam.switch_group('lock', "group") $$;
comment on function iam.lock_group(text) is
  'Freezes a group against changes; it goes on giving what it gives. Needs iam.groups.update. Raises 52171, 52271 or 52109.';

create function iam.unlock_group("group" text)
returns uuid
language sql volatile
security definer set search_path = pg_catalog, pg_temp
as $$ select iam.switch_group('unlock', "group") $$;
comment on function iam.unlock_group(text) is
  'Lets a frozen group be changed again. Needs iam.groups.update. Raises 52171, 52271 or 52109.';

create function iam.set_group_type("group" text, type text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid := iam.group_to('setType', "group");
begin
  if type not in ('internal', 'external', 'hybrid') or type is null then
    raise sqlstate 'PT400' using message = 'A group is internal, external or hybrid.';
  end if;
  update iam.groups g set type = set_group_type.type::iam.group_type, updated_at = now() where g.id = target;
  perform iam.record(
    case type when 'external' then 50208 when 'hybrid' then 50209 else 50212 end,
    'Group', target::text, iam.caller_root_scope_id(), null
  );
  return target;
end
$$;
comment on function iam.set_group_type(text, text) is
  'Says where a group''s members come from: internal by hand, external from a provider, hybrid both. Raises 52171, 52172, 52271, 52281 or PT400.';

create function iam.set_group_assignable("group" text, is_assignable boolean)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid := iam.group_to('setAssignable', "group");
begin
  update iam.groups g set is_assignable = set_group_assignable.is_assignable, updated_at = now() where g.id = target;
  perform iam.record(50306, 'Group', target::text, iam.caller_root_scope_id(), jsonb_build_object('assignable', is_assignable));
  return target;
end
$$;
comment on function iam.set_group_assignable(text, boolean) is
  'Says whether members can be added by hand. Raises 52171, 52172, 52271 or 52281.';

create function iam.assign_group_owner("group" text, "user" text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid := iam.group_to('assignOwner', "group");
  heir uuid := iam.resolve_user("user");
begin
  update iam.groups g set owner_id = heir, updated_at = now() where g.id = target;
  perform iam.record(50215, 'Group', target::text, iam.caller_root_scope_id(), jsonb_build_object('user', heir));
  return target;
end
$$;
comment on function iam.assign_group_owner(text, text) is
  'Gives a group to another owner. Its owner may, or a holder of iam.groups.update, while he holds all that it holds. Raises 52171, 52103, 52172, 52271, 52281 or 52109.';

create function iam.include_group("group" text, included text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  below uuid := iam.resolve_group(included);
  target uuid := iam.group_to('include', "group");
begin
  insert into iam.group_includes (tenant_id, group_id, included_group_id) values (iam.caller_tenant_id(), target, below);
  perform iam.record(50213, 'Group', target::text, iam.caller_root_scope_id(), jsonb_build_object('included', below));
  return target;
end
$$;
comment on function iam.include_group(text, text) is
  'Lets the members of one group count as members of another. Needs to manage the other and hold all that it holds. Raises 52171, 52172, 52173, 52271, 52281, 52109 or PT409 for a cycle.';

create function iam.exclude_group("group" text, included text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  below uuid := iam.resolve_group(included);
  target uuid := iam.group_to('exclude', "group");
begin
  delete from iam.group_includes where group_id = target and included_group_id = below;
  if not found then
    raise sqlstate '52171' using message = 'The group does not exist.';
  end if;
  perform iam.record(50214, 'Group', target::text, iam.caller_root_scope_id(), jsonb_build_object('included', below));
  return target;
end
$$;
comment on function iam.exclude_group(text, text) is
  'Takes a group out of a group. Raises 52171, 52172, 52271 or 52281.';

create function iam.create_group_mapping("group" text, provider text, external_id text default null, external_role text default null)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid := iam.group_to('createMapping', "group");
  issuer uuid := iam.name_provider(provider);
  new_id uuid;
begin
  if num_nonnulls(nullif(external_id, ''), nullif(external_role, '')) <> 1 then
    raise sqlstate '52174' using message = 'Either the provider''s group or its role must be given.';
  end if;
  insert into iam.group_mappings (tenant_id, group_id, provider_id, external_id, external_role)
  values (iam.caller_tenant_id(), target, issuer, nullif(create_group_mapping.external_id, ''), nullif(create_group_mapping.external_role, ''))
  returning id into new_id;
  perform iam.record(50231, 'GroupMapping', new_id::text, iam.caller_root_scope_id(), jsonb_strip_nulls(jsonb_build_object(
    'group', target, 'provider', issuer, 'externalId', external_id, 'externalRole', external_role
  )));
  return new_id;
end
$$;
comment on function iam.create_group_mapping(text, text, text, text) is
  'Makes the holders of a provider''s group or role members of a group, and of its tenant. Needs iam.groups.update, iam.users.create and all that the group holds. Raises 52171, 52173, 52174, PT404, 52281 or 52109.';

create function iam.group_mapping_to(command text, reference text)
returns iam.group_mappings
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  given uuid := iam.id_in(reference, 'GroupMapping');
  mapping iam.group_mappings;
begin
  perform iam.require_tenant();
  select * into mapping
  from iam.group_mappings m
  where m.id = given and m.tenant_id = iam.caller_tenant_id() and m.group_id in (select iam.readable_groups());
  if mapping.id is null then
    raise sqlstate 'PT404' using message = 'The mapping does not exist.';
  end if;
  case command
    when 'delete' then
      perform iam.require_to_manage(mapping.group_id);
      perform iam.require('iam.groups.update', iam.caller_root_scope_id());
  end case;
  return mapping;
end
$$;
comment on function iam.group_mapping_to(text, text) is
  'The mapping named, for a caller who may do the command with it. Raises PT404, 52172, 52271, 52281 or 52109.';

create function iam.delete_group_mapping(mapping text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  found_mapping iam.group_mappings := iam.group_mapping_to('delete', mapping);
  given uuid := found_mapping.id;
  target uuid := found_mapping.group_id;
begin
  delete from iam.group_mappings where id = given;
  -- with other mappings left, each member's next token tells whether he stays
  if not exists (select from iam.group_mappings m where m.group_id = target) then
    delete from iam.group_members m where m.group_id = target and m.source = 'synced';
  end if;
  perform iam.record(50233, 'GroupMapping', given::text, iam.caller_root_scope_id(), jsonb_build_object('group', target));
  return given;
end
$$;
comment on function iam.delete_group_mapping(text) is 'Ends a mapping, and with the group''s last one the memberships that came of it. Needs iam.groups.update. Raises PT404, 52172, 52271, 52281 or 52109.';

create function iam.add_group_members("group" text, users text[], valid_from timestamptz default null, valid_until timestamptz default null)
returns table (reference text, done boolean, code text, message text)
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  foreach reference in array users loop
    begin
      perform iam.add_group_member("group", reference, add_group_members.valid_from, add_group_members.valid_until);
      done := true;
      code := null;
      message := null;
    exception when others then
      -- a lock that was lost is the whole transaction's
      if sqlstate ~ '^(40|53|55|57|XX)' then
        raise;
      end if;
      done := false;
      code := sqlstate;
      message := sqlerrm;
    end;
    return next;
  end loop;
end
$$;
comment on function iam.add_group_members(text, text[], timestamptz, timestamptz) is
  'Adds many members, each by itself: what fails leaves nothing behind and says why, the others are done.';
