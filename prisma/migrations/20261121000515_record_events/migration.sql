-- The audit trail: append-only, one closed list of events.
-- Who may: definer functions write what happened, in the transaction of what they tell.

create function iam.event_name(code integer)
returns text
language plpgsql immutable
set search_path = ''
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
security definer set search_path = ''
as $$
  insert into iam.audit_events (
    code, action, tenant_id, scope_id, actor_id, user_id, resource_type, resource_id, request_id, ip_address, user_agent, metadata
  )
  values (
    code, iam.event_name(code), iam.setting('app.tenant_id')::uuid, scope,
    coalesce(iam.setting('app.actor_id'), iam.setting('app.user_id'))::uuid, iam.setting('app.user_id')::uuid,
    resource_type, resource_id, iam.setting('app.request_id'),
    iam.setting('app.ip_address')::inet, iam.setting('app.user_agent'), coalesce(metadata, '{}')
  )
$$;
comment on function iam.record(integer, text, text, uuid, jsonb) is
  'Writes a success event in the transaction of what it tells. Only definer functions call it, so that nobody forges one.';
