-- Groups and who is in them, written by these functions only.
-- Each checks who may, that nobody gains what the caller doesn't hold, takes the lock (the tables' triggers do),
-- and writes its audit event in the same transaction. From GraphQL and from SQL alike.

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
  perform iam.record(50133, 'Group', target::text, iam.caller_root_scope_id(), jsonb_build_object('user', member));
  return target;
end
$$;
comment on function iam.remove_group_member(text, text) is
  'Ends a membership that was made by hand; everybody may end his own. Raises 52171, 52103, 52172, 52271 or 52281.';
