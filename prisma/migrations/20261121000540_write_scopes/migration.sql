-- Scopes, written by these functions only.
-- Each checks who may, that nobody gains what the caller doesn't hold, takes the lock (the tables' triggers do),
-- and writes its audit event in the same transaction. From GraphQL and from SQL alike.

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
  perform iam.record(50341, 'Scope', new_id::text, new_id, null);
  return new_id;
end
$$;
comment on function iam.create_scope(text, text, text, text) is
  'Creates a scope below another. Needs iam.scopes.create there. Raises PT404, 52109 or PT400.';
