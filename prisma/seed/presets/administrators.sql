-- Roles for those who administer a part of it: the admin permission sets of KeenMate's postgresql-permissions-model, told in
-- our features. They compose: a person may have several, each at the scope where it is meant to hold.
--
--   role                granted at      gives
--   system_admin        global/all      tenants, providers, users, identities, groups, shares and the trail of every tenant;
--                                       sees roles, scopes and grants, and defines none
--   tenant_admin        a tenant's root renames and ends the tenant; reads the trail
--   tenant_member       a tenant's root sees its users and groups
--   user_manager        a tenant's root users and their identities; reads the trail
--   group_manager       a tenant's root groups and who is in them; reads the trail
--   permission_manager  a tenant's root roles, features and grants; reads the trail
--   provider_manager    global/all      identity providers; reads the trail
--   resource_manager    a tenant's root sees and shares everybody's todos and chats; reads the trail
--   full_admin          either          everything about who may do what, and what resource_manager gives
--
-- Whoever hands out must hold what he hands out: a permission_manager defines roles, and fills them with what he holds himself.
-- Not here: tenant_owner and auditor, which are system roles already. "Tenant creator": whoever creates a tenant makes its first
-- owner, so he holds everything at global/all, as platform_admin does. "Token manager" and "Api key manager": they come with
-- Credentials. The six sets of service accounts: the gateway does those things by functions that its login alone may call.
-- Runs as iam_definer. A role that is there already stays as it is, whatever it gives by now.

with made as (
  insert into iam.roles (tenant_id, code, name, description)
  select nullif(current_setting('preset.tenant_id'), '')::uuid, given.code, given.name, given.description
  from (
    values
      ('system_admin', 'System administrator', 'Tenants, providers, people, groups and shares, everywhere; no roles.'),
      ('tenant_admin', 'Tenant administrator', 'Renames and ends the tenant, and reads its trail.'),
      ('tenant_member', 'Tenant member', 'Sees the tenant''s users and groups.'),
      ('user_manager', 'User manager', 'Users and their identities.'),
      ('group_manager', 'Group manager', 'Groups and who is in them.'),
      ('permission_manager', 'Permission manager', 'Roles, features and grants, up to what he holds himself.'),
      ('provider_manager', 'Provider manager', 'Identity providers, when granted at global/all.'),
      ('resource_manager', 'Resource manager', 'Sees and shares what others own.'),
      ('full_admin', 'Full administrator', 'Everything about who may do what.')
  ) given (code, name, description)
  where not exists (
    select from iam.roles r
    where r.code = given.code
      and (r.tenant_id is null or r.tenant_id = nullif(current_setting('preset.tenant_id'), '')::uuid)
  )
  returning id, tenant_id, code
)
insert into iam.role_features (role_id, feature_id, tenant_id)
select made.id, f.id, made.tenant_id
from made
join (
  values
    (
      'system_admin',
      '{iam.tenants,iam.providers,iam.users,iam.identities,iam.groups,iam.audit,iam.roles.read,iam.scopes.read,iam.grants.read,todos.read,todos.share,chats.read,chats.share}'::text[]
    ),
    ('tenant_admin', '{iam.tenants,iam.audit.read}'),
    ('tenant_member', '{iam.users.read,iam.groups.read}'),
    ('user_manager', '{iam.users,iam.identities,iam.audit.read}'),
    ('group_manager', '{iam.groups,iam.audit.read}'),
    ('permission_manager', '{iam.roles,iam.features,iam.grants,iam.scopes.read,iam.audit.read}'),
    ('provider_manager', '{iam.providers,iam.audit.read}'),
    ('resource_manager', '{todos.read,todos.share,chats.read,chats.share,iam.audit.read}'),
    ('full_admin', '{iam,todos.read,todos.share,chats.read,chats.share}')
) gives (role, features) on gives.role = made.code
join iam.features f on f.code = any (gives.features);
