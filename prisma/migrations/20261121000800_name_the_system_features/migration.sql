-- The rows that the product itself stands on: the global scope, the root feature, the gateway's own features, the system roles.
-- Who may: they belong to no tenant; nobody changes them at run time.

set local role iam_definer;

insert into iam.scopes (type, key, name) values ('global', 'all', 'Everywhere');

insert into iam.features (code, description, is_system) values ('*', 'Everything there is.', true);
insert into iam.features (code, parent_id, description, is_system)
select given.code, root.id, given.description, true
from iam.features root
cross join (
  values
    ('iam', 'Everything about who may do what.'),
    ('todos', 'Everything about todos.'),
    ('chats', 'Everything about chats.')
) given (code, description)
where root.code = '*';

insert into iam.features (code, parent_id, description, is_system)
select given.code, parent.id, given.description, true
from (
  values
    ('iam.tenants', 'iam', 'Everything about tenants.'),
    ('iam.users', 'iam', 'Everything about users.'),
    ('iam.identities', 'iam', 'Everything about how providers know users.'),
    ('iam.providers', 'iam', 'Everything about identity providers.'),
    ('iam.groups', 'iam', 'Everything about groups.'),
    ('iam.roles', 'iam', 'Everything about roles.'),
    ('iam.features', 'iam', 'Everything about features.'),
    ('iam.scopes', 'iam', 'Everything about scopes.'),
    ('iam.grants', 'iam', 'Everything about grants.'),
    ('iam.audit', 'iam', 'Everything about the audit trail.'),
    ('iam.api_keys', 'iam', 'Everything about API keys.'),
    ('iam.impersonate', 'iam', 'Act as a member of the tenant, as far as one may oneself.'),
    ('iam.explain', 'iam', 'Ask who may do what, and why.'),
    ('todos.read', 'todos', 'See todos of others.'),
    ('todos.create', 'todos', 'Create todos at a scope.'),
    ('todos.update', 'todos', 'Edit todos of others.'),
    ('todos.delete', 'todos', 'Delete todos of others.'),
    ('todos.share', 'todos', 'Share todos of others.'),
    ('todos.audit', 'todos', 'See and write the internal note of todos.'),
    ('chats.read', 'chats', 'See chats of others.'),
    ('chats.create', 'chats', 'Create chats at a scope.'),
    ('chats.update', 'chats', 'Edit chats of others.'),
    ('chats.delete', 'chats', 'Delete chats of others.'),
    ('chats.share', 'chats', 'Share chats of others.')
) given (code, parent, description)
join iam.features parent on parent.code = given.parent;

insert into iam.features (code, parent_id, description, is_system)
select parent.code || '.' || given.verb, parent.id, given.description, true
from (
  values
    ('iam.tenants', 'read', 'See every tenant.'),
    ('iam.tenants', 'create', 'Create tenants.'),
    ('iam.tenants', 'update', 'Rename tenants.'),
    ('iam.tenants', 'delete', 'End tenants.'),
    ('iam.users', 'read', 'See every member of the tenant.'),
    ('iam.users', 'create', 'Create users and make people members.'),
    ('iam.users', 'update', 'Change, enable, disable, lock and unlock users.'),
    ('iam.users', 'delete', 'Delete users and end memberships.'),
    ('iam.identities', 'read', 'See how providers know the tenant''s members.'),
    ('iam.identities', 'create', 'Link identities to users.'),
    ('iam.identities', 'update', 'Enable and disable identities.'),
    ('iam.identities', 'delete', 'Unlink identities.'),
    ('iam.providers', 'read', 'See the providers.'),
    ('iam.providers', 'create', 'Trust new providers.'),
    ('iam.providers', 'update', 'Change, enable and disable providers.'),
    ('iam.providers', 'delete', 'Delete providers.'),
    ('iam.groups', 'read', 'See every group of the tenant, and who is in it.'),
    ('iam.groups', 'create', 'Create groups without being a member.'),
    ('iam.groups', 'update', 'Change groups of others, and who is in them.'),
    ('iam.groups', 'delete', 'Delete groups of others.'),
    ('iam.roles', 'read', 'See every role of the tenant.'),
    ('iam.roles', 'create', 'Create roles.'),
    ('iam.roles', 'update', 'Change what roles give.'),
    ('iam.roles', 'delete', 'Delete roles.'),
    ('iam.features', 'create', 'Create features.'),
    ('iam.features', 'update', 'Change features and the menu.'),
    ('iam.scopes', 'read', 'See every scope of the tenant.'),
    ('iam.scopes', 'create', 'Create scopes below a scope.'),
    ('iam.scopes', 'update', 'Rename and move scopes.'),
    ('iam.scopes', 'delete', 'Delete scopes below a scope.'),
    ('iam.grants', 'read', 'See who was granted what.'),
    ('iam.grants', 'create', 'Hand out what one holds oneself.'),
    ('iam.grants', 'delete', 'End grants.'),
    ('iam.api_keys', 'read', 'See the API keys of others.'),
    ('iam.api_keys', 'create', 'Create API keys.'),
    ('iam.api_keys', 'update', 'Rotate API keys of others, and change what they were given.'),
    ('iam.api_keys', 'delete', 'Revoke API keys of others.'),
    ('iam.audit', 'read', 'Read the audit trail.')
) given (parent, verb, description)
join iam.features parent on parent.code = given.parent;

insert into iam.roles (code, name, description) values
  ('platform_admin', 'Platform administrator', 'Everything, everywhere, when granted at global/all.'),
  ('tenant_owner', 'Tenant owner', 'Everything in a tenant, when granted at its root.'),
  ('auditor', 'Auditor', 'Reads everything that can be read, and changes nothing.');

insert into iam.role_features (role_id, feature_id)
select r.id, f.id
from iam.roles r
join iam.features f
  on (r.code in ('platform_admin', 'tenant_owner') and f.code = '*')
  or (
    r.code = 'auditor'
    and f.code in (
      'iam.users.read', 'iam.groups.read', 'iam.roles.read', 'iam.scopes.read', 'iam.grants.read', 'iam.audit.read',
      'iam.explain',
      'todos.read', 'todos.audit', 'chats.read'
    )
  );

reset role;
