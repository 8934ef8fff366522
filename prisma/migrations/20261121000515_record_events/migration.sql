-- The audit trail: append-only, one closed list of events.
-- Who may: definer functions write what happened, in the transaction of what they tell; authenticator alone writes what was
-- refused, and seals; nobody at run time changes or removes an event, the owner of the tables included.

create function iam.event_name(code integer)
returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  name text := case event_name.code
    when 50001 then 'tenant_created'
    when 50002 then 'tenant_updated'
    when 50003 then 'tenant_deleted'
    when 50004 then 'tenant_owner_assigned'
    when 50005 then 'tenant_users_read'
    when 50006 then 'tenant_groups_read'
    when 50007 then 'tenant_member_added'
    when 50008 then 'tenant_member_removed'
    when 50011 then 'provider_created'
    when 50012 then 'provider_updated'
    when 50013 then 'provider_deleted'
    when 50014 then 'provider_enabled'
    when 50015 then 'provider_disabled'
    when 50016 then 'provider_users_read'
    when 50101 then 'user_created'
    when 50102 then 'user_updated'
    when 50103 then 'user_deleted'
    when 50104 then 'user_enabled'
    when 50105 then 'user_disabled'
    when 50106 then 'user_unlocked'
    when 50107 then 'user_locked'
    when 50108 then 'identity_enabled'
    when 50109 then 'identity_disabled'
    when 50131 then 'group_member_added'
    when 50133 then 'group_member_removed'
    when 50134 then 'identity_created'
    when 50135 then 'identity_deleted'
    when 50136 then 'password_changed'
    when 50201 then 'group_created'
    when 50202 then 'group_updated'
    when 50203 then 'group_deleted'
    when 50204 then 'group_enabled'
    when 50205 then 'group_disabled'
    when 50206 then 'group_unlocked'
    when 50207 then 'group_locked'
    when 50208 then 'group_set_external'
    when 50209 then 'group_set_hybrid'
    when 50210 then 'group_members_read'
    when 50211 then 'group_read'
    when 50212 then 'group_set_internal'
    when 50213 then 'group_included'
    when 50214 then 'group_excluded'
    when 50215 then 'group_owner_assigned'
    when 50231 then 'group_mapping_created'
    when 50233 then 'group_mapping_deleted'
    when 50301 then 'role_created'
    when 50302 then 'role_updated'
    when 50303 then 'role_deleted'
    when 50304 then 'grant_created'
    when 50305 then 'grant_revoked'
    when 50306 then 'assignability_changed'
    when 50311 then 'role_features_added'
    when 50313 then 'role_features_removed'
    when 50314 then 'role_included'
    when 50315 then 'role_excluded'
    when 50331 then 'feature_created'
    when 50332 then 'feature_updated'
    when 50341 then 'scope_created'
    when 50342 then 'scope_updated'
    when 50343 then 'scope_moved'
    when 50344 then 'scope_deleted'
    when 50401 then 'token_created'
    when 50402 then 'token_validated'
    when 50403 then 'token_used'
    when 50404 then 'token_revoked'
    when 50501 then 'api_key_created'
    when 50502 then 'api_key_updated'
    when 50503 then 'api_key_revoked'
    when 50504 then 'api_key_given'
    when 50505 then 'api_key_taken'
    when 50506 then 'api_key_rotated'
    when 50507 then 'api_key_refused'
    when 50900 then 'operation_denied'
    when 50901 then 'operation_failed'
  end;
begin
  if name is null then
    raise sqlstate 'PT400' using message = 'There is no such event.';
  end if;
  return name;
end
$$;
comment on function iam.event_name(integer) is
  'The closed list of events by number, the permission-model seed''s numbers where it has one. Raises PT400 for any other.';

create function iam.record(code integer, resource_type text, resource_id text, scope uuid, metadata jsonb)
returns void
language sql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
  insert into iam.audit_events (
    code, action, tenant_id, scope_id, actor_id, user_id, resource_type, resource_id, request_id, ip_address, user_agent, metadata
  )
  values (
    code, iam.event_name(code), iam.setting('app.tenant_id')::uuid, scope,
    coalesce(iam.setting('app.actor_id'), iam.setting('app.user_id'))::uuid, iam.setting('app.user_id')::uuid,
    resource_type, resource_id, iam.setting('app.request_id'),
    iam.setting('app.ip_address')::inet, iam.setting('app.user_agent'),
    coalesce(metadata, '{}') || coalesce((
      select jsonb_build_object('apiKey', k.public_id) from iam.api_keys k where k.id = iam.setting('app.api_key_id')::uuid
    ), '{}')
  )
$$;
comment on function iam.record(integer, text, text, uuid, jsonb) is
  'Writes a success event in the transaction of what it tells. Only definer functions call it, so that nobody forges one.';

-- What was refused -----------------------------------------------------------------------------------------------------

create function iam.record_attempts(attempts jsonb)
returns integer
language sql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
  with written as (
    insert into iam.audit_events (
      code, action, outcome, tenant_id, actor_id, user_id, resource_type, resource_id,
      request_id, ip_address, user_agent, metadata, created_at
    )
    select
      a.code, iam.event_name(a.code), a.outcome, coalesce(a.tenant_id, k.tenant_id), coalesce(a.actor_id, a.user_id), a.user_id,
      coalesce(a.resource_type, case when k.id is not null then 'ApiKey' end), coalesce(a.resource_id, k.id::text),
      a.request_id, a.ip_address, a.user_agent, coalesce(a.metadata, '{}'), coalesce(a.created_at, clock_timestamp())
    from jsonb_to_recordset(attempts) a (
      code integer, outcome iam.audit_outcome, tenant_id uuid, actor_id uuid, user_id uuid, resource_type text, resource_id text,
      request_id text, ip_address inet, user_agent text, metadata jsonb, created_at timestamptz
    )
    -- a refused key is told to its tenant; one that never was is nobody's
    left join iam.api_keys k on a.code = 50507 and k.public_id = a.metadata ->> 'apiKey'
    where a.code <> 50507 or k.id is not null
    returning 1
  )
  select count(*)::integer from written
$$;
comment on function iam.record_attempts(jsonb) is
  'Writes events that no definer function could: what was denied or failed, after its transaction was rolled back, and reads. For the gateway alone.';

-- Sealing ----------------------------------------------------------------------------------------------------------------

create function iam.refuse_change()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  raise insufficient_privilege using message = 'The audit trail is only added to.';
end
$$;
comment on function iam.refuse_change() is 'Refuses every change of what was written down, by its owner too.';

create trigger keep before update or delete or truncate on iam.audit_events
  for each statement execute function iam.refuse_change();
create trigger keep before update or delete or truncate on iam.audit_seals
  for each statement execute function iam.refuse_change();

create function iam.hash_event(previous bytea, e iam.audit_events)
returns bytea
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select sha256(coalesce(previous, '\x') || convert_to(jsonb_build_array(
    e.id, e.number, e.code, e.action, e.outcome, e.tenant_id, e.scope_id, e.actor_id, e.user_id, e.resource_type, e.resource_id,
    e.request_id, e.ip_address, e.user_agent, e.metadata, extract(epoch from e.created_at), e.transaction
  )::text, 'UTF8'))
$$;
comment on function iam.hash_event(bytea, iam.audit_events) is 'The hash of an event behind the seal before it (SHA-256).';

create function iam.seal_audit_events(at_most integer default 1000)
returns table (sealed integer, head text)
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  last_hash bytea;
  last_transaction bigint := -1;
  e iam.audit_events;
begin
  sealed := 0;
  -- one at a time seals, and nobody who writes an event ever waits for it
  if not pg_try_advisory_xact_lock(hashtextextended('portcullis/audit-seal', 0)) then
    return next;
    return;
  end if;
  select s.hash, written.transaction into last_hash, last_transaction
  from iam.audit_seals s
  join iam.audit_events written on written.id = s.event_id
  order by s.position desc
  limit 1;
  for e in
    select a.*
    from iam.audit_events a
    where a.transaction >= coalesce(last_transaction, -1)
      -- whatever is below this has committed or never will
      and a.transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
      and not exists (select from iam.audit_seals s where s.event_id = a.id)
    order by a.transaction, a.number
    limit at_most
  loop
    last_hash := iam.hash_event(last_hash, e);
    insert into iam.audit_seals (event_id, hash) values (e.id, last_hash);
    sealed := sealed + 1;
  end loop;
  head := encode(last_hash, 'hex');
  return next;
end
$$;
comment on function iam.seal_audit_events(integer) is
  'Seals committed events in their order and tells how many and the hash at the head, to be kept elsewhere too.';

create function iam.verify_audit_events()
returns table (broken_at uuid, head text)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  previous bytea;
  s record;
begin
  for s in
    select seal.event_id, seal.hash, e
    from iam.audit_seals seal
    left join iam.audit_events e on e.id = seal.event_id
    order by seal.position
  loop
    if (s.e).id is null or iam.hash_event(previous, s.e) <> s.hash then
      broken_at := s.event_id;
      head := encode(previous, 'hex');
      return next;
      return;
    end if;
    previous := s.hash;
  end loop;
  head := encode(previous, 'hex');
  return next;
end
$$;
comment on function iam.verify_audit_events() is
  'Walks the seals: the first event that is not what was sealed, or null; and the hash that the trail ends with, to compare with the one kept elsewhere.';
