-- Roles and features, written by these functions only.
-- Each checks who may, that nobody gains what the caller doesn't hold, takes the lock (the tables' triggers do),
-- and writes its audit event in the same transaction. From GraphQL and from SQL alike.

create function iam.require_own_role(feature text, reference text)
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid := iam.resolve_role(reference);
begin
  if exists (select from iam.roles r where r.id = target and r.tenant_id is null) then
    raise sqlstate 'PT403' using message = 'A system role stays as it is.';
  end if;
  perform iam.require(feature, iam.caller_root_scope_id());
  return target;
end
$$;
comment on function iam.require_own_role(text, text) is
  'A role of the caller''s tenant over which he holds the feature at its root, by reference; raises 52177, PT403 or 52109.';

create function iam.role_to(command text, reference text)
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid;
begin
  case command
    when 'update', 'setAssignable' then
      target := iam.require_own_role('iam.roles.update', reference);
    when 'delete' then
      target := iam.require_own_role('iam.roles.delete', reference);
      -- where the role was denied, its end gives
      perform iam.require_to_hand_out_through_role(target, iam.features_of_role(target), 'deny');
  end case;
  return target;
end
$$;
comment on function iam.role_to(text, text) is
  'The role named, for a caller who may do the command with it: `access` asks the same. Raises 52177, PT403 or 52109.';

create function iam.create_role(code text, name text, description text default null)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := iam.require_tenant();
  new_id uuid;
begin
  perform iam.require('iam.roles.create', iam.root_scope_id(tenant));
  perform iam.require_name(name);
  if exists (select from iam.roles r where r.tenant_id is null and r.code = create_role.code) then
    raise sqlstate 'PT409' using message = 'This code is a system role''s.';
  end if;
  insert into iam.roles (tenant_id, code, name, description)
  values (tenant, create_role.code, create_role.name, create_role.description)
  returning id into new_id;
  perform iam.record(50301, 'Role', new_id::text, iam.root_scope_id(tenant), jsonb_build_object('code', code));
  return new_id;
end
$$;
comment on function iam.create_role(text, text, text) is
  'Creates an empty role of the caller''s tenant. Needs iam.roles.create. Raises 52108, 52109, PT400 or PT409.';

create function iam.update_role(role text, name text default null, description text default null)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid := iam.role_to('update', role);
begin
  if num_nonnulls(name, description) = 0 then
    raise sqlstate 'PT400' using message = 'Nothing to change was given.';
  end if;
  if name is not null then
    perform iam.require_name(name);
  end if;
  update iam.roles r
  set name = coalesce(update_role.name, r.name),
      description = coalesce(update_role.description, r.description),
      updated_at = now()
  where r.id = target;
  perform iam.record(50302, 'Role', target::text, iam.caller_root_scope_id(), null);
  return target;
end
$$;
comment on function iam.update_role(text, text, text) is
  'Renames or describes a role; null leaves as it is. Needs iam.roles.update. Raises 52177, PT403, 52109 or PT400.';

create function iam.delete_role(role text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid := iam.role_to('delete', role);
begin
  delete from iam.roles r where r.id = target;
  perform iam.record(50303, 'Role', target::text, iam.caller_root_scope_id(), null);
  return target;
end
$$;
comment on function iam.delete_role(text) is
  'Deletes a role with every grant of it. Needs iam.roles.delete. Raises 52177, PT403 or 52109.';

create function iam.resolve_features(codes text[])
returns uuid[]
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce(cardinality(codes), 0) = 0 then
    raise sqlstate '52274' using message = 'A feature''s id or code must be given.';
  end if;
  return (select array_agg(distinct iam.resolve_feature(code)) from unnest(codes) code);
end
$$;
comment on function iam.resolve_features(text[]) is 'Features by global id or code; raises 52275 or 52274.';

create function iam.add_role_features(role text, features text[])
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid := iam.require_own_role('iam.roles.update', role);
  given uuid[] := iam.resolve_features(features);
begin
  if exists (select from iam.features f where f.id = any (given) and not f.is_assignable) then
    raise sqlstate '52178' using message = 'Some feature is not assignable.';
  end if;
  perform iam.require_to_hand_out_through_role(target, given, 'allow');
  insert into iam.role_features (role_id, feature_id, tenant_id)
  select target, f.id, iam.caller_tenant_id() from unnest(given) f (id)
  on conflict do nothing;
  perform iam.record(50311, 'Role', target::text, iam.caller_root_scope_id(), jsonb_build_object('features', features));
  return target;
end
$$;
comment on function iam.add_role_features(text, text[]) is
  'Lets a role give features, to everybody who has it. Needs iam.roles.update, and to hold them wherever it is granted. Raises 52177, PT403, 52109, 52178, 52275 or 52274.';

create function iam.remove_role_features(role text, features text[])
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid := iam.require_own_role('iam.roles.update', role);
  given uuid[] := iam.resolve_features(features);
begin
  perform iam.require_to_hand_out_through_role(target, given, 'deny');
  delete from iam.role_features rf where rf.role_id = target and rf.feature_id = any (given);
  perform iam.record(50313, 'Role', target::text, iam.caller_root_scope_id(), jsonb_build_object('features', features));
  return target;
end
$$;
comment on function iam.remove_role_features(text, text[]) is
  'Takes features from a role, and so from everybody who has it. Needs iam.roles.update. Raises 52177, PT403, 52109, 52275 or 52274.';

create function iam.include_role(role text, included text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid := iam.require_own_role('iam.roles.update', role);
  below uuid := iam.resolve_role(included);
begin
  if exists (select from iam.roles r where r.id = below and not r.is_assignable) then
    raise sqlstate '52175' using message = 'The role is not assignable.';
  end if;
  perform iam.require_to_hand_out_through_role(target, iam.features_of_role(below), 'allow');
  insert into iam.role_includes (role_id, included_role_id, tenant_id) values (target, below, iam.caller_tenant_id());
  perform iam.record(50314, 'Role', target::text, iam.caller_root_scope_id(), jsonb_build_object('included', below));
  return target;
end
$$;
comment on function iam.include_role(text, text) is
  'Lets a role give everything that another gives. Needs iam.roles.update, and to hold that wherever the role is granted. Raises 52177, 52175, PT403, 52109 or PT409 for a cycle.';

create function iam.exclude_role(role text, included text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid := iam.require_own_role('iam.roles.update', role);
  below uuid := iam.resolve_role(included);
begin
  perform iam.require_to_hand_out_through_role(target, iam.features_of_role(below), 'deny');
  delete from iam.role_includes i where i.role_id = target and i.included_role_id = below;
  if not found then
    raise sqlstate '52177' using message = 'The role is not defined in this tenant.';
  end if;
  perform iam.record(50315, 'Role', target::text, iam.caller_root_scope_id(), jsonb_build_object('included', below));
  return target;
end
$$;
comment on function iam.exclude_role(text, text) is
  'Takes a role out of a role. Needs iam.roles.update. Raises 52177, PT403 or 52109.';

create function iam.set_role_assignable(role text, is_assignable boolean)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid := iam.role_to('setAssignable', role);
begin
  update iam.roles r set is_assignable = set_role_assignable.is_assignable, updated_at = now() where r.id = target;
  perform iam.record(50306, 'Role', target::text, iam.caller_root_scope_id(), jsonb_build_object('assignable', is_assignable));
  return target;
end
$$;
comment on function iam.set_role_assignable(text, boolean) is
  'Says whether a role can be granted from now on. Needs iam.roles.update. Raises 52177, PT403 or 52109.';

-- Features belong to everybody: only at global/all are they written ------------------------------------------------------

create function iam.create_feature(code text, description text default null, route text default null, route_parent text default null, sort_order integer default 0)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  everywhere uuid := iam.find_scope(null, 'global', 'all');
  above text;
  new_id uuid;
begin
  perform iam.require_caller();
  perform iam.require('iam.features.create', everywhere);
  if code is null or code !~ '^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$' then
    raise sqlstate 'PT400' using message = 'A feature''s code is words of a-z, 0-9 and _, parted by dots.';
  end if;
  above := case when strpos(code, '.') = 0 then '*' else regexp_replace(code, '\.[^.]*$', '') end;
  if not exists (select from iam.features f where f.code = above) then
    raise sqlstate '52179' using message = 'The feature above this one does not exist.';
  end if;
  insert into iam.features (code, parent_id, description, route, route_parent_id, sort_order)
  select create_feature.code, parent.id, create_feature.description, create_feature.route,
         case when route_parent is not null then iam.resolve_feature(route_parent) end, create_feature.sort_order
  from iam.features parent
  where parent.code = above
  returning id into new_id;
  perform iam.record(50331, 'Feature', new_id::text, everywhere, jsonb_build_object('code', code));
  return new_id;
end
$$;
comment on function iam.create_feature(text, text, text, text, integer) is
  'Creates a feature below the one that its code names: orders.cancel below orders. Needs iam.features.create at global/all. Raises 52109, 52179, 52275 or PT400.';

create function iam.feature_to(command text, reference text)
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid := iam.resolve_feature(reference);
begin
  case command
    when 'update', 'setAssignable' then perform iam.require('iam.features.update', iam.find_scope(null, 'global', 'all'));
  end case;
  return target;
end
$$;
comment on function iam.feature_to(text, text) is
  'The feature named, for a caller who may do the command with it: `access` asks the same. Raises 52274, 52275 or 52109.';

create function iam.update_feature(feature text, description text default null, route text default null, route_parent text default null, sort_order integer default null)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  everywhere uuid := iam.find_scope(null, 'global', 'all');
  target uuid := iam.feature_to('update', feature);
  above uuid;
begin
  if num_nonnulls(description, route, route_parent, sort_order) = 0 then
    raise sqlstate 'PT400' using message = 'Nothing to change was given.';
  end if;
  if route_parent is not null then
    above := iam.resolve_feature(route_parent);
    if exists (
      with recursive menu (id) as (
        select above
        union
        select f.route_parent_id from menu join iam.features f on f.id = menu.id where f.route_parent_id is not null
      )
      select from menu where id = target
    ) then
      raise sqlstate 'PT409' using message = 'A route can''t stand below itself.';
    end if;
  end if;
  update iam.features f
  set description = coalesce(update_feature.description, f.description),
      route = coalesce(update_feature.route, f.route),
      route_parent_id = coalesce(above, f.route_parent_id),
      sort_order = coalesce(update_feature.sort_order, f.sort_order)
  where f.id = target;
  perform iam.record(50332, 'Feature', target::text, everywhere, null);
  return target;
end
$$;
comment on function iam.update_feature(text, text, text, text, integer) is
  'Describes a feature, or puts its page into the menu; null leaves as it is. Needs iam.features.update at global/all. Raises 52275, 52109, PT400 or PT409.';

create function iam.set_feature_assignable(feature text, is_assignable boolean)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  everywhere uuid := iam.find_scope(null, 'global', 'all');
  target uuid := iam.feature_to('setAssignable', feature);
begin
  update iam.features f set is_assignable = set_feature_assignable.is_assignable where f.id = target;
  perform iam.record(50306, 'Feature', target::text, everywhere, jsonb_build_object('assignable', is_assignable));
  return target;
end
$$;
comment on function iam.set_feature_assignable(text, boolean) is
  'Says whether a feature can be granted or put into a role from now on. Needs iam.features.update at global/all. Raises 52275, 52274 or 52109.';
