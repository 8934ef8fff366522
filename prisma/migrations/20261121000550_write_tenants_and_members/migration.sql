-- Tenants and their members, written by these functions only.
-- Each checks who may, that nobody gains what the caller doesn't hold, takes the lock (the tables' triggers do),
-- and writes its audit event in the same transaction. From GraphQL and from SQL alike.

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
