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
grant usage on sequence iam.audit_events_id_seq to iam_definer;
-- nobody changes what was written down
revoke update, delete on iam.audit_events from iam_definer;

grant usage on schema iam, public to web_user, web_anon, authenticator;
grant select on
  iam.tenants,
  iam.scopes,
  iam.users,
  iam.groups,
  iam.group_members,
  iam.group_includes,
  iam.features,
  iam.roles,
  iam.role_features,
  iam.role_includes,
  iam.grants,
  iam.identities,
  iam.audit_events
to web_user;

create policy tenants_select_member
  on iam.tenants
  for select
  to web_user
  using (id in (select iam.readable_tenants()));
comment on policy tenants_select_member on iam.tenants is
  'A user sees the tenants that he is a member of, or all of them with iam.tenants.read at global/all.';

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

-- Functions -----------------------------------------------------------------------------------------------------------

-- Every function of iam runs as iam_definer where it says security definer; what is not granted below is for the others alone.
do $$
declare
  f record;
begin
  for f in
    select p.oid::regprocedure as signature, p.prosecdef
    from pg_catalog.pg_proc p
    where p.pronamespace = 'iam'::regnamespace
  loop
    execute format('revoke all on function %s from public', f.signature);
    execute format('alter function %s owner to %I', f.signature, case when f.prosecdef then 'iam_definer' else 'api_owner' end);
    execute format('grant execute on function %s to iam_definer', f.signature);
  end loop;
end
$$;

grant execute on function iam.open_session(), iam.list_providers() to authenticator;

grant execute on function
  iam.setting(text),
  iam.is_live(timestamptz, timestamptz),
  iam.is_name(text),
  iam.caller_id(),
  iam.caller_tenant_id(),
  iam.caller_root_scope_id(),
  iam.caller_groups(),
  iam.can(text, text),
  iam.can(text, text, text),
  iam.scopes_with(text),
  iam.scope_keys_with(text, text),
  iam.holds_everywhere(text),
  iam.holds_somewhere(text)
to web_user, web_anon;

grant execute on function
  iam.readable_groups(),
  iam.readable_users(),
  iam.readable_tenants(),
  iam.readable_scopes(),
  iam.readable_roles(),
  iam.managed_groups(),
  iam.groups_showing_members(),
  iam.member_ids(),
  iam.resolve_group(text),
  iam.resolve_user(text),
  iam.resolve_role(text),
  iam.resolve_feature(text),
  iam.resolve_scope(text),
  iam.create_group(text),
  iam.update_group(text, text, boolean, boolean),
  iam.delete_group(text),
  iam.add_group_member(text, text, timestamptz, timestamptz),
  iam.remove_group_member(text, text),
  iam.grant_role(text, text, text, text, timestamptz, timestamptz),
  iam.grant_feature(text, text, text, text, text, timestamptz, timestamptz),
  iam.revoke(text),
  iam.create_scope(text, text, text, text),
  iam.select_tenant(text)
to web_user;
