-- Scopes, written by these functions only.
-- Each checks who may, that nobody gains what the caller doesn't hold, takes the lock (the tables' triggers do),
-- and writes its audit event in the same transaction. From GraphQL and from SQL alike.

create function iam.create_scope(parent text, type text, key text, name text default null)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  above uuid := iam.resolve_scope(parent);
  new_id uuid;
begin
  perform iam.require('iam.scopes.create', above);
  if name is not null then
    perform iam.require_name(name);
  end if;
  insert into iam.scopes (tenant_id, parent_id, type, key, name)
  select s.tenant_id, s.id, create_scope.type, create_scope.key, create_scope.name
  from iam.scopes s
  where s.id = above and s.tenant_id is not null
  returning id into new_id;
  if new_id is null then
    raise sqlstate 'PT400' using message = 'Below the global scope stand the roots of tenants only.';
  end if;
  perform iam.record(50341, 'Scope', new_id::text, new_id, null);
  return new_id;
end
$$;
comment on function iam.create_scope(text, text, text, text) is
  'Creates a scope below another. Needs iam.scopes.create there. Raises PT404, 52109 or PT400.';

create function iam.require_own_scope(reference text)
returns iam.scopes
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  s iam.scopes;
begin
  select * into s from iam.scopes where id = iam.resolve_scope(reference);
  if s.parent_id is null then
    raise sqlstate 'PT400' using message = 'The root of a tenant stays as it is.';
  end if;
  return s;
end
$$;
comment on function iam.require_own_scope(text) is 'A scope below its tenant''s root, by reference; raises PT404 or PT400.';

create function iam.scope_to(command text, reference text)
returns iam.scopes
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  s iam.scopes := iam.require_own_scope(reference);
begin
  case command
    when 'update' then
      perform iam.require('iam.scopes.update', s.id);
    when 'delete' then
      perform iam.require('iam.scopes.delete', s.parent_id);
      if exists (select from iam.scopes child where child.parent_id = s.id) then
        raise sqlstate 'PT409' using message = 'Scopes stand below this one.';
      end if;
  end case;
  return s;
end
$$;
comment on function iam.scope_to(text, text) is
  'The scope named, for a caller who may do the command with it: `access` asks the same. Raises PT404, PT400, PT409 or 52109.';

create function iam.update_scope(scope text, name text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  s iam.scopes := iam.scope_to('update', scope);
begin
  if name is not null then
    perform iam.require_name(name);
  end if;
  update iam.scopes target set name = update_scope.name where target.id = s.id;
  perform iam.record(50342, 'Scope', s.id::text, s.id, jsonb_build_object('name', name));
  return s.id;
end
$$;
comment on function iam.update_scope(text, text) is 'Renames a scope. Needs iam.scopes.update there. Raises PT404, PT400 or 52109.';

create function iam.move_scope(scope text, parent text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  s iam.scopes := iam.require_own_scope(scope);
  target uuid := iam.resolve_scope(parent);
begin
  if not exists (select from iam.scopes p where p.id = target and p.tenant_id = s.tenant_id) then
    raise sqlstate 'PT400' using message = 'Below the global scope stand the roots of tenants only.';
  end if;
  -- both ends: nobody moves a place out of what he administers, or into it
  perform iam.require('iam.scopes.update', s.parent_id);
  perform iam.require('iam.scopes.update', target);
  -- what is granted above the new place comes to hold here; what was denied above the old one doesn't any more
  perform iam.require_to_hand_out(
    g.role_id, g.feature_id, s.id, case when g.effect = 'allow' then g.valid_until end
  )
  from iam.grants g
  where (g.valid_until is null or g.valid_until > statement_timestamp())
    and (
      (
        g.effect = 'allow'
        and g.scope_id in (select c.ancestor_id from iam.scope_closure c where c.scope_id = target)
        and g.scope_id not in (select c.ancestor_id from iam.scope_closure c where c.scope_id = s.parent_id)
      )
      or (
        g.effect = 'deny'
        and g.scope_id in (select c.ancestor_id from iam.scope_closure c where c.scope_id = s.parent_id)
        and g.scope_id not in (select c.ancestor_id from iam.scope_closure c where c.scope_id = target)
      )
    );
  update iam.scopes moved set parent_id = target where moved.id = s.id;
  perform iam.record(50343, 'Scope', s.id::text, s.id, jsonb_build_object('from', s.parent_id, 'to', target));
  return s.id;
end
$$;
comment on function iam.move_scope(text, text) is
  'Moves a scope with everything below it. Needs iam.scopes.update at the old parent and the new one, and to hold what others gain by it. Raises PT404, PT400, PT409 for a cycle, or 52109.';

create function iam.delete_scope(scope text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  s iam.scopes := iam.scope_to('delete', scope);
begin
  delete from iam.scopes where id = s.id;
  perform iam.record(50344, 'Scope', s.id::text, s.parent_id, jsonb_build_object('type', s.type, 'key', s.key));
  return s.id;
end
$$;
comment on function iam.delete_scope(text) is
  'Deletes a scope that nothing stands in, with its grants. Needs iam.scopes.delete at its parent. Raises PT404, PT400, PT409 or 52109.';
