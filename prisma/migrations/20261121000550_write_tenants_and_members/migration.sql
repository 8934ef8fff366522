-- Tenants and their members, written by these functions only.
-- Each checks who may, that nobody gains what the caller doesn't hold, takes the lock (the tables' triggers do),
-- and writes its audit event in the same transaction. From GraphQL and from SQL alike.

create function iam.select_tenant(slug text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := iam.caller_id();
  chosen uuid;
begin
  if me is null then
    raise sqlstate 'PT401' using message = 'Authentication is required.';
  elsif iam.is_delegated() then
    raise sqlstate 'PT403' using message = 'Only the user himself chooses his tenant.';
  end if;
  select t.id into chosen
  from iam.tenants t
  join iam.tenant_members m on m.tenant_id = t.id and m.user_id = me and m.deleted_at is null
  where t.slug = select_tenant.slug and t.deleted_at is null;
  if chosen is null then
    raise sqlstate '52108' using message = 'No access to this tenant.';
  end if;
  update iam.users set selected_tenant_id = chosen where id = me;
  perform iam.record(50102, 'User', me::text, null, jsonb_build_object('selectedTenant', slug));
  return chosen;
end
$$;
comment on function iam.select_tenant(text) is
  'Chooses the tenant that the caller''s requests act in when they name none. Raises 52108.';

create function iam.create_tenant(slug text, name text, owner text default null)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  everywhere uuid := iam.find_scope(null, 'global', 'all');
  owner_role uuid := (select r.id from iam.roles r where r.tenant_id is null and r.code = 'tenant_owner');
  first_owner uuid := iam.require_caller();
  new_id uuid;
  root uuid;
begin
  perform iam.require('iam.tenants.create', everywhere);
  perform iam.require_name(name);
  if owner is not null then
    first_owner := iam.resolve_person(owner);
  end if;
  perform iam.require_to_hand_out(owner_role, null, everywhere, null);
  insert into iam.tenants (slug, name) values (create_tenant.slug, create_tenant.name) returning id into new_id;
  insert into iam.scopes (tenant_id, type, key, name) values (new_id, 'tenant', slug, name) returning id into root;
  insert into iam.tenant_members (tenant_id, user_id) values (new_id, first_owner);
  insert into iam.grants (tenant_id, user_id, role_id, scope_id, granted_by)
  values (new_id, first_owner, owner_role, root, iam.caller_id());
  perform iam.record(50001, 'Tenant', new_id::text, everywhere, jsonb_build_object('slug', slug, 'owner', first_owner));
  return new_id;
end
$$;
comment on function iam.create_tenant(text, text, text) is
  'Creates a tenant with its root scope and its first owner (the caller unless another is given). Needs iam.tenants.create and everything else at global/all. Raises 52109, 52103 or PT400.';

create function iam.tenant_to(command text, reference text)
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid := iam.resolve_tenant(reference);
begin
  case command
    when 'update' then perform iam.require_in_tenant('iam.tenants.update', target);
    when 'delete' then perform iam.require_in_tenant('iam.tenants.delete', target);
  end case;
  return target;
end
$$;
comment on function iam.tenant_to(text, text) is
  'The tenant named, for a caller who may do the command with it: `access` asks the same. Raises PT404 or 52109.';

create function iam.update_tenant(tenant text, name text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid := iam.tenant_to('update', tenant);
begin
  perform iam.require_name(name);
  update iam.tenants t set name = update_tenant.name, updated_at = now() where t.id = target;
  perform iam.record(50002, 'Tenant', target::text, iam.root_scope_id(target), jsonb_build_object('name', name));
  return target;
end
$$;
comment on function iam.update_tenant(text, text) is
  'Renames a tenant. Needs iam.tenants.update at its root, or at global/all. Raises PT404, PT400 or 52109.';

create function iam.delete_tenant(tenant text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid := iam.tenant_to('delete', tenant);
begin
  perform iam.lock_authority(target);
  update iam.tenants t set deleted_at = now(), updated_at = now() where t.id = target;
  update iam.users u set selected_tenant_id = null where u.selected_tenant_id = target;
  perform iam.record(50003, 'Tenant', target::text, iam.root_scope_id(target), null);
  return target;
end
$$;
comment on function iam.delete_tenant(text) is
  'Ends a tenant: from now on nobody acts in it. Its rows stay. Needs iam.tenants.delete at its root, or at global/all. Raises PT404 or 52109.';

create function iam.assign_tenant_owner("user" text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := iam.require_tenant();
  root uuid := iam.root_scope_id(tenant);
  owner_role uuid := (select r.id from iam.roles r where r.tenant_id is null and r.code = 'tenant_owner');
  heir uuid := iam.resolve_user("user");
  new_id uuid;
begin
  if iam.held_until(iam.caller_id(), tenant, (select f.id from iam.features f where f.code = '*'), root) is null then
    raise sqlstate '52280' using message = 'Only an owner of the tenant may do this.';
  end if;
  perform iam.require_to_hand_out(owner_role, null, root, null);
  insert into iam.grants (tenant_id, user_id, role_id, scope_id, granted_by)
  values (tenant, heir, owner_role, root, iam.caller_id())
  returning id into new_id;
  perform iam.record(50004, 'Tenant', tenant::text, root, jsonb_build_object('user', heir, 'grant', new_id));
  return tenant;
end
$$;
comment on function iam.assign_tenant_owner(text) is
  'Makes a member an owner of the caller''s tenant, beside the owners there are. Raises 52108, 52103, 52280 or 52109.';

create function iam.end_membership(tenant uuid, of_user uuid)
returns void
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  keys bigint;
begin
  delete from iam.grants g where g.tenant_id = tenant and g.user_id = of_user;
  delete from iam.group_members m where m.tenant_id = tenant and m.user_id = of_user;
  with ended as (
    delete from iam.api_keys k where k.tenant_id = tenant and k.user_id = of_user returning k.id
  )
  select count(iam.record(50503, 'ApiKey', e.id::text, iam.root_scope_id(tenant), jsonb_build_object('user', of_user)))
  into keys
  from ended e;
  update iam.groups g set owner_id = null, updated_at = now() where g.tenant_id = tenant and g.owner_id = of_user;
  update iam.users u set selected_tenant_id = null where u.id = of_user and u.selected_tenant_id = tenant;
  update iam.tenant_members m set deleted_at = now() where m.tenant_id = tenant and m.user_id = of_user;
end
$$;
comment on function iam.end_membership(uuid, uuid) is
  'Ends a membership with everything that hung on it: grants, groups, API keys, ownership of groups. Coming back revives nothing.';

create function iam.begin_membership(tenant uuid, of_user uuid)
returns boolean
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  -- what somebody's SQL left behind an ended membership; who is in every tenant anyway gains nothing by coming back
  if exists (
    select from iam.tenant_members m
    where m.tenant_id = tenant and m.user_id = of_user and m.deleted_at is not null
  ) and not iam.reaches_all_tenants(of_user) then
    perform iam.end_membership(tenant, of_user);
  end if;
  insert into iam.tenant_members as m (tenant_id, user_id)
  values (tenant, of_user)
  on conflict (tenant_id, user_id) do update set deleted_at = null, created_at = now() where m.deleted_at is not null;
  return found;
end
$$;
comment on function iam.begin_membership(uuid, uuid) is
  'Makes somebody a member; false when he is one already. A former member comes back with nothing, whatever was left behind.';

create function iam.add_tenant_member("user" text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := iam.require_tenant();
  person uuid;
begin
  perform iam.require('iam.users.create', iam.root_scope_id(tenant));
  if iam.id_in("user", 'User') is not null then
    person := iam.resolve_person("user");
  else
    select u.id into person from iam.users u where u.email = lower("user") and u.deleted_at is null;
  end if;
  if person is null then
    raise sqlstate '52103' using message = 'The user does not exist.';
  end if;
  if not iam.begin_membership(tenant, person) then
    raise sqlstate 'PT409' using message = 'The user is a member already.';
  end if;
  perform iam.record(50007, 'User', person::text, iam.root_scope_id(tenant), null);
  return person;
end
$$;
comment on function iam.add_tenant_member(text) is
  'Makes somebody a member of the caller''s tenant, by e-mail; a former member comes back with nothing. Needs iam.users.create. Raises 52108, 52109, 52103 or PT409.';

create function iam.member_to(command text, reference text)
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := iam.require_tenant();
  person uuid := iam.resolve_user(reference);
begin
  case command
    when 'remove' then
      if person <> iam.caller_id() then
        perform iam.require('iam.users.delete', iam.root_scope_id(tenant));
      end if;
      perform iam.require_delegates('iam.users.delete', iam.root_scope_id(tenant));
  end case;
  -- who reaches the tenant without being a member would be rid of what is denied to him here
  if exists (
    select from iam.grants g
    where g.user_id = person and g.tenant_id is null and g.effect = 'allow'
      and (g.valid_until is null or g.valid_until > statement_timestamp())
  ) then
    perform iam.require_to_hand_out(g.role_id, g.feature_id, g.scope_id, null)
    from iam.grants g
    where g.tenant_id = tenant and g.user_id = person and g.effect = 'deny'
      and (g.valid_until is null or g.valid_until > statement_timestamp());
  end if;
  if exists (
    select
    from iam.grants g
    join iam.roles r on r.id = g.role_id and r.tenant_id is null and r.code = 'tenant_owner'
    where g.tenant_id = tenant and g.user_id = person
  ) then
    perform iam.require_an_owner(tenant, leaving => person);
  end if;
  return person;
end
$$;
comment on function iam.member_to(text, text) is
  'The member named, for a caller who may do the command with his membership: `access` asks the same. Raises 52108, 52103, 52109 or 52280.';

create function iam.remove_tenant_member("user" text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := iam.require_tenant();
  person uuid;
begin
  -- first of all: two owners may go at once
  perform iam.lock_authority(tenant);
  person := iam.member_to('remove', "user");
  perform iam.end_membership(tenant, person);
  perform iam.record(50008, 'User', person::text, iam.root_scope_id(tenant), null);
  return person;
end
$$;
comment on function iam.remove_tenant_member(text) is
  'Ends somebody''s membership of the caller''s tenant; everybody may end his own. Needs iam.users.delete. Raises 52108, 52103, 52109 or 52280.';
