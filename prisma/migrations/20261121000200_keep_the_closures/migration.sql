-- Closures: every node with every node above it, so that a check is a few index look-ups however deep the trees are.
-- Kept by triggers; right under concurrent writes because every change of authority takes iam.lock_authority first.
-- Who may: nobody writes a closure by hand; the trigger functions run as iam_definer.

-- The lock ------------------------------------------------------------------------------------------------------

create function iam.lock_key(tenant uuid)
returns bigint
language sql immutable
set search_path = pg_catalog, pg_temp
as $$ select hashtextextended('portcullis/' || coalesce(tenant::text, 'global'), 0) $$;
comment on function iam.lock_key(uuid) is
  'The advisory lock that orders what changes authority in a tenant (null: in all of them).';

create function iam.lock_authority(tenant uuid)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if tenant is null then
    perform pg_advisory_xact_lock(iam.lock_key(null));
  else
    perform pg_advisory_xact_lock_shared(iam.lock_key(null));
    perform pg_advisory_xact_lock(iam.lock_key(tenant));
  end if;
end
$$;
comment on function iam.lock_authority(uuid) is
  'Waits until nobody else changes or relies on authority in the tenant (null: anywhere), until the end of the transaction.';

create function iam.lock_before_write()
returns trigger
language plpgsql
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  -- a cascade comes from a row that its own statement has locked already
  if pg_trigger_depth() = 1 then
    perform iam.lock_authority(nullif(current_setting('app.tenant_id', true), '')::uuid);
  end if;
  return null;
end
$$;
comment on function iam.lock_before_write() is
  'Takes the authority lock for people who change authority by SQL.';

create trigger lock before insert or update or delete on iam.tenants
  for each statement execute function iam.lock_before_write();
create trigger lock before insert or update or delete on iam.tenant_members
  for each statement execute function iam.lock_before_write();
create trigger lock before insert or update or delete on iam.scopes
  for each statement execute function iam.lock_before_write();
create trigger lock before update of is_active, is_locked, may_log_in or delete on iam.users
  for each statement execute function iam.lock_before_write();
create trigger lock before update of is_enabled or delete on iam.identities
  for each statement execute function iam.lock_before_write();
create trigger lock before update of is_enabled or delete on iam.providers
  for each statement execute function iam.lock_before_write();
create trigger lock before insert or update of expires_at, revoked_at, previous_until or delete on iam.api_keys
  for each statement execute function iam.lock_before_write();
create trigger lock before insert or update or delete on iam.api_key_grants
  for each statement execute function iam.lock_before_write();
create trigger lock before insert or update or delete on iam.groups
  for each statement execute function iam.lock_before_write();
create trigger lock before insert or update or delete on iam.group_members
  for each statement execute function iam.lock_before_write();
create trigger lock before insert or update or delete on iam.group_includes
  for each statement execute function iam.lock_before_write();
create trigger lock before insert or update or delete on iam.features
  for each statement execute function iam.lock_before_write();
create trigger lock before insert or update or delete on iam.roles
  for each statement execute function iam.lock_before_write();
create trigger lock before insert or update or delete on iam.role_features
  for each statement execute function iam.lock_before_write();
create trigger lock before insert or update or delete on iam.role_includes
  for each statement execute function iam.lock_before_write();
create trigger lock before insert or update or delete on iam.grants
  for each statement execute function iam.lock_before_write();

-- Scopes: a tree under the one global scope ------------------------------------------------------------------------

create function iam.close_scope()
returns trigger
language plpgsql
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'UPDATE' then
    if exists (
      select
      from iam.scope_closure
      where ancestor_id = new.id and scope_id = new.parent_id
    ) then
      raise sqlstate 'PT409' using message = 'A scope can''t stand below itself.';
    end if;
    delete from iam.scope_closure stale
    using iam.scope_closure below
    where below.ancestor_id = new.id
      and stale.scope_id = below.scope_id
      and not exists (
        select
        from iam.scope_closure inside
        where inside.ancestor_id = new.id and inside.scope_id = stale.ancestor_id
      );
    insert into iam.scope_closure (ancestor_id, scope_id, tenant_id)
    select above.ancestor_id, below.scope_id, new.tenant_id
    from iam.scope_closure below
    cross join (
      select ancestor_id from iam.scope_closure where scope_id = new.parent_id
      union
      select id from iam.scopes where tenant_id is null
    ) above
    where below.ancestor_id = new.id;
    return null;
  end if;

  insert into iam.scope_closure (ancestor_id, scope_id, tenant_id)
  select ancestor_id, new.id, new.tenant_id from iam.scope_closure where scope_id = new.parent_id
  union
  select id, new.id, new.tenant_id from iam.scopes where tenant_id is null
  union
  select new.id, new.id, new.tenant_id;
  return null;
end
$$;
comment on function iam.close_scope() is 'Keeps scope_closure when a scope is created or moved.';

create trigger close after insert or update of parent_id on iam.scopes
  for each row execute function iam.close_scope();

-- Features: a tree under * ------------------------------------------------------------------------------------------

create function iam.close_feature()
returns trigger
language plpgsql
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  insert into iam.feature_closure (ancestor_id, feature_id)
  select ancestor_id, new.id from iam.feature_closure where feature_id = new.parent_id
  union
  select new.id, new.id;
  return null;
end
$$;
comment on function iam.close_feature() is
  'Keeps feature_closure when a feature is created. A code says where its feature stands, so features never move.';

create trigger close after insert on iam.features
  for each row execute function iam.close_feature();

-- Roles: a graph without cycles ---------------------------------------------------------------------------------------

create function iam.close_role()
returns trigger
language plpgsql
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  insert into iam.role_closure (role_id, included_role_id, tenant_id)
  values (new.id, new.id, new.tenant_id);
  return null;
end
$$;
comment on function iam.close_role() is 'Gives a new role its own row in role_closure.';

create trigger close after insert on iam.roles
  for each row execute function iam.close_role();

create function iam.close_role_include()
returns trigger
language plpgsql
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'INSERT' then
    if exists (
      select
      from iam.role_closure
      where role_id = new.included_role_id and included_role_id = new.role_id
    ) then
      raise sqlstate 'PT409' using message = 'A role can''t include itself.';
    end if;
    insert into iam.role_closure (role_id, included_role_id, tenant_id)
    select above.role_id, below.included_role_id, above.tenant_id
    from iam.role_closure above
    cross join iam.role_closure below
    where above.included_role_id = new.role_id and below.role_id = new.included_role_id
    on conflict do nothing;
    return null;
  end if;

  -- only the roles above the broken link can have lost something: their rows are derived anew
  with recursive affected as materialized (
    select role_id, tenant_id from iam.role_closure where included_role_id = old.role_id
  ), reached (role_id, included_role_id) as (
    select role_id, role_id from affected
    union
    select reached.role_id, link.included_role_id
    from reached
    join iam.role_includes link on link.role_id = reached.included_role_id
  )
  delete from iam.role_closure stale
  using affected
  where stale.role_id = affected.role_id
    and not exists (
      select
      from reached
      where reached.role_id = stale.role_id and reached.included_role_id = stale.included_role_id
    );
  return null;
end
$$;
comment on function iam.close_role_include() is 'Keeps role_closure when a role is put into a role or taken out.';

create trigger close after insert or delete on iam.role_includes
  for each row execute function iam.close_role_include();

create function iam.unclose_role()
returns trigger
language plpgsql
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  delete from iam.role_closure where role_id = old.id or included_role_id = old.id;
  return null;
end
$$;
comment on function iam.unclose_role() is 'Clears role_closure of a deleted role.';

create trigger unclose after delete on iam.roles
  for each row execute function iam.unclose_role();

-- Groups: a graph without cycles, through active groups only --------------------------------------------------------------

create function iam.derive_group_closure(tenant uuid, below uuid)
returns void
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  -- only what stands below the changed group can have other groups above it now
  with recursive affected (id) as (
    select below
    union
    select link.included_group_id
    from affected
    join iam.group_includes link on link.group_id = affected.id
  ), reached (included_group_id, group_id) as (
    select g.id, g.id
    from affected
    join iam.groups g on g.id = affected.id and g.is_active
    union
    select reached.included_group_id, link.group_id
    from reached
    join iam.group_includes link on link.included_group_id = reached.group_id
    join iam.groups g on g.id = link.group_id and g.is_active
  ), gone as (
    delete from iam.group_closure stale
    using affected
    where stale.included_group_id = affected.id
      and not exists (
        select
        from reached
        where reached.included_group_id = stale.included_group_id and reached.group_id = stale.group_id
      )
  )
  insert into iam.group_closure (group_id, included_group_id, tenant_id)
  select group_id, included_group_id, tenant from reached
  on conflict do nothing;
end
$$;
comment on function iam.derive_group_closure(uuid, uuid) is
  'Derives the closure of a group and of everything below it anew.';

create function iam.close_group()
returns trigger
language plpgsql
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform iam.derive_group_closure(new.tenant_id, new.id);
  return null;
end
$$;
comment on function iam.close_group() is 'Keeps group_closure when a group is created, enabled or disabled.';

create trigger close after insert on iam.groups
  for each row execute function iam.close_group();
create trigger reclose after update of is_active on iam.groups
  for each row when (old.is_active <> new.is_active) execute function iam.close_group();

create function iam.close_group_include()
returns trigger
language plpgsql
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  cyclic boolean;
begin
  if tg_op = 'DELETE' then
    perform iam.derive_group_closure(old.tenant_id, old.included_group_id);
    return null;
  end if;

  with recursive below (id) as (
    select new.included_group_id
    union
    select link.included_group_id
    from below
    join iam.group_includes link on link.group_id = below.id
  )
  select exists (select from below where id = new.group_id) into cyclic;
  if cyclic then
    raise sqlstate 'PT409' using message = 'A group can''t include itself.';
  end if;
  -- a link only adds: what reaches the included group now reaches what the other one reaches
  insert into iam.group_closure (group_id, included_group_id, tenant_id)
  select above.group_id, below.included_group_id, new.tenant_id
  from iam.group_closure above
  cross join iam.group_closure below
  where above.included_group_id = new.group_id and below.group_id = new.included_group_id
  on conflict do nothing;
  return null;
end
$$;
comment on function iam.close_group_include() is 'Keeps group_closure when a group is put into a group or taken out.';

create trigger close after insert or delete on iam.group_includes
  for each row execute function iam.close_group_include();

create function iam.unclose_group()
returns trigger
language plpgsql
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  delete from iam.group_closure where group_id = old.id or included_group_id = old.id;
  return null;
end
$$;
comment on function iam.unclose_group() is 'Clears group_closure of a deleted group.';

create trigger unclose after delete on iam.groups
  for each row execute function iam.unclose_group();
