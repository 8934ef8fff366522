-- Row-level security on everything in iam. A table without a policy for a runtime role is closed to it: the closures,
-- mappings' and includes' bookkeeping are read by the definer functions only.
-- Who may: iam_definer, named explicitly because security is forced for owners too; web_user as each comment says.

do $$
declare
  guarded record;
begin
  for guarded in
    select c.relname as name
    from pg_catalog.pg_class c
    where c.relnamespace = 'iam'::regnamespace and c.relkind in ('r', 'p')
  loop
    execute format('alter table iam.%I owner to api_owner', guarded.name);
    execute format('alter table iam.%I enable row level security', guarded.name);
    execute format('alter table iam.%I force row level security', guarded.name);
    execute format('grant select, insert, update, delete on iam.%I to iam_definer', guarded.name);
    execute format('create policy %I on iam.%I for all to iam_definer using (true) with check (true)', guarded.name || '_all_definer', guarded.name);
    execute format(
      'comment on policy %I on iam.%I is %L', guarded.name || '_all_definer', guarded.name,
      'The definer functions of iam, and nobody else, read and write every row; each checks who may what.'
    );
  end loop;
end
$$;
grant usage on sequence iam.audit_events_number_seq, iam.audit_seals_position_seq to iam_definer;
-- nobody changes what was written down
revoke update, delete on iam.audit_events, iam.audit_seals from iam_definer;

grant usage on schema iam, public to web_user, web_anon, authenticator;
grant select on
  iam.tenants,
  iam.tenant_members,
  iam.scopes,
  iam.groups,
  iam.group_members,
  iam.group_includes,
  iam.features,
  iam.roles,
  iam.role_features,
  iam.role_includes,
  iam.grants,
  iam.identities,
  iam.group_mappings,
  iam.audit_events
to web_user;
grant select (
  id, code, name, issuer, is_enabled, provisions, audience, algorithms, jwks_uri, preset, claims,
  audience_claim, token_types, clock_tolerance_seconds, created_at, updated_at
) on iam.providers to web_user;
grant select (id, tenant_id, user_id, name, public_id, previous_until, expires_at, revoked_at, last_used_at, created_at)
  on iam.api_keys to web_user;
grant select on iam.api_key_grants to web_user;
grant select (
  id, tenant_id, purpose, user_id, email, role_id, scope_id, created_by, expires_at, used_at, used_by, revoked_at, created_at
) on iam.tokens to web_user;
-- which tenant a user has chosen would tell one of the others that he is in
grant select (id, email, name, is_active, is_locked, is_system, is_service, may_log_in, created_at, updated_at, deleted_at)
  on iam.users to web_user;

create policy tenants_select_member
  on iam.tenants
  for select
  to web_user
  using (id in (select iam.readable_tenants()));
comment on policy tenants_select_member on iam.tenants is
  'A user sees the tenants that he is a member of, or all of them with iam.tenants.read at global/all.';

create policy tenant_members_select_known
  on iam.tenant_members
  for select
  to web_user
  using (
    deleted_at is null
    and (
      user_id = (select iam.caller_id())
      or (tenant_id = (select iam.caller_tenant_id()) and user_id in (select iam.readable_users()))
    )
  );
comment on policy tenant_members_select_known on iam.tenant_members is
  'A user sees his own memberships, and those of his tenant whose users he may see.';

create policy scopes_select_holder
  on iam.scopes
  for select
  to web_user
  using (
    (
      tenant_id = (select iam.caller_tenant_id())
      and ((select iam.holds_everywhere('iam.scopes.read')) or id in (select iam.readable_scopes()))
    )
    or (tenant_id is null and id in (select iam.readable_scopes()))
  );
comment on policy scopes_select_holder on iam.scopes is
  'A user sees the root of his tenant and every scope at or below one where a grant is his, or all of his tenant''s with iam.scopes.read.';

create policy users_select_known
  on iam.users
  for select
  to web_user
  using (id in (select iam.readable_users()));
comment on policy users_select_known on iam.users is
  'A user sees himself, whoever shares a group with him that shows its members, the owners of his groups, or all members of his tenant with iam.users.read.';

create policy identities_select_own
  on iam.identities
  for select
  to web_user
  using (
    user_id = (select iam.caller_id())
    or ((select iam.holds_everywhere('iam.identities.read')) and user_id in (select iam.member_ids()))
  );
comment on policy identities_select_own on iam.identities is
  'A user sees his own identities, or those of his tenant''s members with iam.identities.read.';

create policy providers_select_reader
  on iam.providers
  for select
  to web_user
  using ((select iam.can('iam.providers.read', 'global', 'all')));
comment on policy providers_select_reader on iam.providers is
  'A user sees the providers with iam.providers.read at global/all.';

create policy group_mappings_select_reader
  on iam.group_mappings
  for select
  to web_user
  using (tenant_id = (select iam.caller_tenant_id()) and (select iam.holds_everywhere('iam.groups.read')));
comment on policy group_mappings_select_reader on iam.group_mappings is
  'A user sees the mappings of his tenant''s groups with iam.groups.read.';

create policy groups_select_member
  on iam.groups
  for select
  to web_user
  using (
    tenant_id = (select iam.caller_tenant_id())
    and ((select iam.holds_everywhere('iam.groups.read')) or id in (select iam.readable_groups()))
  );
comment on policy groups_select_member on iam.groups is
  'A user sees the groups that he owns or is in, or all of his tenant''s with iam.groups.read.';

create policy group_members_select_member
  on iam.group_members
  for select
  to web_user
  using (
    tenant_id = (select iam.caller_tenant_id())
    and (
      (select iam.holds_everywhere('iam.groups.read'))
      or user_id = (select iam.caller_id())
      or group_id in (select iam.groups_showing_members())
    )
  );
comment on policy group_members_select_member on iam.group_members is
  'A user sees his own memberships, those of groups he owns or that show their members to each other, or all of his tenant''s with iam.groups.read.';

create policy group_includes_select_member
  on iam.group_includes
  for select
  to web_user
  using (
    tenant_id = (select iam.caller_tenant_id())
    and (
      (select iam.holds_everywhere('iam.groups.read'))
      or (group_id in (select iam.readable_groups()) and included_group_id in (select iam.readable_groups()))
    )
  );
comment on policy group_includes_select_member on iam.group_includes is
  'A user sees that a group is in another when he may see both.';

create policy features_select_authenticated
  on iam.features
  for select
  to web_user
  using ((select iam.caller_id()) is not null);
comment on policy features_select_authenticated on iam.features is
  'Every active user sees the features: they are the words that errors and permissions are told in.';

create policy roles_select_holder
  on iam.roles
  for select
  to web_user
  using (id in (select iam.readable_roles()));
comment on policy roles_select_holder on iam.roles is
  'A user sees the roles that he holds with what they include, or all of his tenant''s and the system''s with iam.roles.read.';

create policy role_features_select_holder
  on iam.role_features
  for select
  to web_user
  using (role_id in (select iam.readable_roles()));
comment on policy role_features_select_holder on iam.role_features is
  'A user sees what a role gives when he may see the role.';

create policy role_includes_select_holder
  on iam.role_includes
  for select
  to web_user
  using (role_id in (select iam.readable_roles()));
comment on policy role_includes_select_holder on iam.role_includes is
  'A user sees what a role includes when he may see the role.';

create policy grants_select_holder
  on iam.grants
  for select
  to web_user
  using (
    (tenant_id = (select iam.caller_tenant_id()) or tenant_id is null)
    and (
      user_id = (select iam.caller_id())
      or group_id in (select iam.caller_groups())
      or (tenant_id is not null and (select iam.holds_everywhere('iam.grants.read')))
      or scope_id in (select iam.scopes_with('iam.grants.read'))
      or (tenant_id is null and (select iam.can('iam.grants.read', 'global', 'all')))
    )
  );
comment on policy grants_select_holder on iam.grants is
  'A user sees the grants given to him and his groups, or those at the scopes where he holds iam.grants.read.';

create policy api_keys_select_owner
  on iam.api_keys
  for select
  to web_user
  using (
    tenant_id = (select iam.caller_tenant_id())
    and (user_id = (select iam.caller_id()) or (select iam.holds_everywhere('iam.api_keys.read')))
  );
comment on policy api_keys_select_owner on iam.api_keys is
  'A user sees his own API keys, or all of his tenant''s with iam.api_keys.read; nobody sees the hash of a secret.';

create policy api_key_grants_select_owner
  on iam.api_key_grants
  for select
  to web_user
  using (
    tenant_id = (select iam.caller_tenant_id())
    and (api_key_id in (select iam.caller_api_keys()) or (select iam.holds_everywhere('iam.api_keys.read')))
  );
comment on policy api_key_grants_select_owner on iam.api_key_grants is
  'A user sees what an API key was given when he may see the key.';

create policy tokens_select_maker
  on iam.tokens
  for select
  to web_user
  using (
    tenant_id = (select iam.caller_tenant_id())
    and (created_by = (select iam.caller_id()) or (select iam.holds_everywhere('iam.users.read')))
  );
comment on policy tokens_select_maker on iam.tokens is
  'A user sees the one-time tokens that he made, or all of his tenant''s with iam.users.read; nobody sees the hash of a secret.';

create policy audit_events_select_reader
  on iam.audit_events
  for select
  to web_user
  using (
    (
      tenant_id = (select iam.caller_tenant_id())
      and (
        (select iam.holds_everywhere('iam.audit.read'))
        or scope_id in (select iam.scopes_with('iam.audit.read'))
      )
    )
    or (select iam.can('iam.audit.read', 'global', 'all'))
  );
comment on policy audit_events_select_reader on iam.audit_events is
  'A user sees the events of the scopes where he holds iam.audit.read.';

-- An API key, and somebody who acts as another, see what they were given themselves ------------------------------------

create policy tenant_members_select_delegate
  on iam.tenant_members
  as restrictive
  for select
  to web_delegate
  using (not (select iam.is_delegated()) or (select iam.delegates_hold_everywhere('iam.users.read')));
comment on policy tenant_members_select_delegate on iam.tenant_members is
  'Whoever acts as the user, and an API key, see nothing here without iam.users.read of their own at the tenant''s root.';

create policy identities_select_delegate
  on iam.identities
  as restrictive
  for select
  to web_delegate
  using (not (select iam.is_delegated()) or (select iam.delegates_hold_everywhere('iam.identities.read')));
comment on policy identities_select_delegate on iam.identities is
  'Whoever acts as the user, and an API key, see nothing here without iam.identities.read of their own at the tenant''s root.';

create policy group_members_select_delegate
  on iam.group_members
  as restrictive
  for select
  to web_delegate
  using (not (select iam.is_delegated()) or (select iam.delegates_hold_everywhere('iam.groups.read')));
comment on policy group_members_select_delegate on iam.group_members is
  'Whoever acts as the user, and an API key, see nothing here without iam.groups.read of their own at the tenant''s root.';

create policy group_includes_select_delegate
  on iam.group_includes
  as restrictive
  for select
  to web_delegate
  using (not (select iam.is_delegated()) or (select iam.delegates_hold_everywhere('iam.groups.read')));
comment on policy group_includes_select_delegate on iam.group_includes is
  'Whoever acts as the user, and an API key, see nothing here without iam.groups.read of their own at the tenant''s root.';

create policy group_mappings_select_delegate
  on iam.group_mappings
  as restrictive
  for select
  to web_delegate
  using (not (select iam.is_delegated()) or (select iam.delegates_hold_everywhere('iam.groups.read')));
comment on policy group_mappings_select_delegate on iam.group_mappings is
  'Whoever acts as the user, and an API key, see nothing here without iam.groups.read of their own at the tenant''s root.';

create policy grants_select_delegate
  on iam.grants
  as restrictive
  for select
  to web_delegate
  using (not (select iam.is_delegated()) or (select iam.delegates_hold_everywhere('iam.grants.read')));
comment on policy grants_select_delegate on iam.grants is
  'Whoever acts as the user, and an API key, see nothing here without iam.grants.read of their own at the tenant''s root.';

create policy api_keys_select_delegate
  on iam.api_keys
  as restrictive
  for select
  to web_delegate
  using (not (select iam.is_delegated()) or (select iam.delegates_hold_everywhere('iam.api_keys.read')));
comment on policy api_keys_select_delegate on iam.api_keys is
  'Whoever acts as the user, and an API key, see nothing here without iam.api_keys.read of their own at the tenant''s root.';

create policy api_key_grants_select_delegate
  on iam.api_key_grants
  as restrictive
  for select
  to web_delegate
  using (not (select iam.is_delegated()) or (select iam.delegates_hold_everywhere('iam.api_keys.read')));
comment on policy api_key_grants_select_delegate on iam.api_key_grants is
  'Whoever acts as the user, and an API key, see nothing here without iam.api_keys.read of their own at the tenant''s root.';

create policy tokens_select_delegate
  on iam.tokens
  as restrictive
  for select
  to web_delegate
  using (not (select iam.is_delegated()) or (select iam.delegates_hold_everywhere('iam.users.read')));
comment on policy tokens_select_delegate on iam.tokens is
  'Whoever acts as the user, and an API key, see nothing here without iam.users.read of their own at the tenant''s root.';

create policy audit_events_select_delegate
  on iam.audit_events
  as restrictive
  for select
  to web_delegate
  using (not (select iam.is_delegated()) or (select iam.delegates_hold_everywhere('iam.audit.read')));
comment on policy audit_events_select_delegate on iam.audit_events is
  'Whoever acts as the user, and an API key, see nothing here without iam.audit.read of their own at the tenant''s root.';

-- Functions -----------------------------------------------------------------------------------------------------------

-- Every function of iam runs as iam_definer where it says security definer; what is not granted below is for the others alone.
do $$
declare
  f record;
begin
  for f in
    select p.oid::regprocedure as signature, p.prosecdef, p.provolatile = 's' as only_reads,
           coalesce(p.proconfig::text like '%plan_cache_mode%', false) as says_how_to_plan
    from pg_catalog.pg_proc p
    where p.pronamespace = 'iam'::regnamespace
  loop
    execute format('revoke all on function %s from public', f.signature);
    -- all of them are look-ups by an index: planning one anew for each caller took longer than answering
    if f.prosecdef and f.only_reads and not f.says_how_to_plan then
      execute format('alter function %s set plan_cache_mode = force_generic_plan', f.signature);
    end if;
    execute format('alter function %s owner to %I', f.signature, case when f.prosecdef then 'iam_definer' else 'api_owner' end);
    execute format('grant execute on function %s to iam_definer', f.signature);
  end loop;
end
$$;

-- Settings and tables are the same for a parallel worker: a count under a policy may have some. What sets a setting, or tries
-- something and catches its error, is for the leader alone, and so is whatever calls it.
do $$
declare
  f record;
begin
  for f in
    with recursive of_leader as (
      select p.oid, p.proname
      from pg_catalog.pg_proc p
      where p.pronamespace = 'iam'::regnamespace
        and (p.provolatile = 'v' or p.prosrc ~ '\mset_config\(|\mexception when\M')
      union
      select p.oid, p.proname
      from pg_catalog.pg_proc p
      join of_leader called on p.prosrc ~ ('\miam\.' || called.proname || '\(')
      where p.pronamespace = 'iam'::regnamespace
    )
    select p.oid::regprocedure as signature
    from pg_catalog.pg_proc p
    where p.pronamespace = 'iam'::regnamespace and p.provolatile = 's' and p.oid not in (select l.oid from of_leader l)
  loop
    execute format('alter function %s parallel safe', f.signature);
  end loop;
end
$$;

grant execute on function
  iam.open_session(),
  iam.provision(),
  iam.sync_groups(text[], text[], timestamptz),
  iam.list_providers(),
  iam.touch_api_key(text),
  iam.record_attempts(jsonb),
  iam.seal_audit_events(integer),
  iam.verify_audit_events(),
  iam.audit_pulse(bigint)
to authenticator;

grant execute on function
  iam.setting(text),
  iam.is_live(timestamptz, timestamptz),
  iam.is_name(text),
  iam.caller_id(),
  iam.caller_tenant_id(),
  iam.caller_root_scope_id(),
  iam.is_member(),
  iam.caller_groups(),
  iam.can(text, text),
  iam.can(text, text, text),
  iam.can_all(text[], text[], text),
  iam.features_held(text, text),
  iam.may(text, text, uuid),
  iam.can_route(text),
  iam.authorized_routes(),
  iam.scopes_with(text),
  iam.scope_keys_with(text, text),
  iam.holds_everywhere(text),
  iam.holds_somewhere(text),
  iam.is_acting(),
  iam.has_api_key(),
  iam.is_delegated(),
  iam.actor_id(),
  iam.delegates_hold_everywhere(text),
  iam.groups_with(text),
  iam.scopes_with(text, text),
  iam.scope_keys_with(text, text, text),
  iam.holds_everywhere(text, text),
  iam.named(text),
  iam.named_user_id(),
  iam.named_tenant_id(),
  iam.named_root_scope_id(),
  iam.caller_reach(text, integer),
  iam.caller_key_reach(text, text, integer),
  iam.groups_named(text),
  iam.given_everywhere(text, text),
  iam.scopes_given(text, text),
  iam.scope_keys_given(text, text, text),
  iam.caller_authority(),
  iam.pre_request()
to web_user, web_anon;

-- what policies and resolvers ask, and what writes authority: named one by one, so that a new function is closed until it stands here
do $$
declare
  name text;
begin
  foreach name in array array[
    'caller_api_keys', 'public_id_of', 'readable_groups', 'readable_users', 'readable_tenants', 'readable_scopes', 'readable_roles',
    'groups_showing_members', 'member_ids',
    'resolve_group', 'resolve_user', 'resolve_role', 'resolve_feature', 'resolve_scope', 'resolve_tenant',
    'create_group', 'update_group', 'delete_group', 'enable_group', 'disable_group', 'lock_group', 'unlock_group',
    'set_group_type', 'set_group_assignable', 'assign_group_owner', 'include_group', 'exclude_group',
    'create_group_mapping', 'delete_group_mapping', 'add_group_member', 'add_group_members', 'remove_group_member',
    'grant_role', 'grant_feature', 'grant_role_to_many', 'revoke',
    'create_scope', 'update_scope', 'move_scope', 'delete_scope',
    'select_tenant', 'create_tenant', 'update_tenant', 'delete_tenant', 'assign_tenant_owner',
    'add_tenant_member', 'remove_tenant_member',
    'create_user', 'update_user', 'delete_user', 'enable_user', 'disable_user', 'lock_user', 'unlock_user',
    'link_identity', 'unlink_identity', 'enable_identity', 'disable_identity',
    'create_provider', 'update_provider', 'delete_provider', 'enable_provider', 'disable_provider',
    'create_api_key', 'update_api_key', 'rotate_api_key', 'revoke_api_key', 'grant_to_api_key', 'revoke_from_api_key',
    'create_token', 'validate_token', 'use_token', 'revoke_token',
    'create_role', 'update_role', 'delete_role', 'add_role_features', 'remove_role_features',
    'include_role', 'exclude_role', 'set_role_assignable',
    'create_feature', 'update_feature', 'set_feature_assignable',
    'explain', 'users_who_can', 'how_they_can', 'explain_row', 'users_who_can_access', 'how_they_can_access', 'explain_field', 'rows_open_to'
  ] loop
    execute (
      select string_agg(format('grant execute on function %s to web_user', p.oid::regprocedure), '; ')
      from pg_catalog.pg_proc p
      where p.pronamespace = 'iam'::regnamespace and p.proname = name
    );
  end loop;
end
$$;
