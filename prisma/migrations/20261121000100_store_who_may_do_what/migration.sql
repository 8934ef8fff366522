-- What the decision rests on. Each tenant's rows refer inside their tenant by composite keys, so that a reference
-- across tenants can't be stored; a reference that may point at a system row has a trigger for it.
-- Who may: api_owner owns; what others may do is granted in the migrations that guard the tables.

create schema if not exists iam;
alter schema iam owner to api_owner;
revoke all on schema iam from public;
revoke all on schema public from public;
-- a function is for whom it is granted to, never for everybody
alter default privileges revoke execute on functions from public;
grant usage on schema iam, public to iam_definer;
grant create on schema iam to iam_definer;
grant usage, create on schema public to api_owner;

create type iam.group_type as enum ('internal', 'external', 'hybrid');
create type iam.member_source as enum ('manual', 'synced');
create type iam.grant_effect as enum ('allow', 'deny');
create type iam.audit_outcome as enum ('success', 'failure', 'denied');

create table iam.tenants (
  id uuid not null default gen_random_uuid(),
  slug text not null,
  name text not null,
  created_at timestamptz(6) not null default now(),
  updated_at timestamptz(6) not null default now(),
  deleted_at timestamptz(6),
  constraint tenants_pkey primary key (id)
);
comment on table iam.tenants is 'An isolated organisation. A user can belong to many; a request acts in one.';

create table iam.tenant_members (
  tenant_id uuid not null,
  user_id uuid not null,
  created_at timestamptz(6) not null default now(),
  deleted_at timestamptz(6),
  constraint tenant_members_pkey primary key (tenant_id,user_id)
);
comment on table iam.tenant_members is 'A user''s membership of a tenant, apart from what he may do there.';

create table iam.scopes (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid,
  type text not null,
  key text not null,
  name text,
  parent_id uuid,
  created_at timestamptz(6) not null default now(),
  constraint scopes_pkey primary key (id)
);
comment on table iam.scopes is 'A node in a tenant''s tree of places, written type/key. Above every tenant''s root is the one global scope.';

create table iam.scope_closure (
  ancestor_id uuid not null,
  scope_id uuid not null,
  tenant_id uuid,
  constraint scope_closure_pkey primary key (scope_id,ancestor_id)
);
comment on table iam.scope_closure is 'Every scope with every scope above it, itself and the global scope included. Kept by triggers.';

create table iam.users (
  id uuid not null default gen_random_uuid(),
  email text,
  name text,
  is_active boolean not null default true,
  is_locked boolean not null default false,
  is_system boolean not null default false,
  is_service boolean not null default false,
  may_log_in boolean not null default true,
  selected_tenant_id uuid,
  created_at timestamptz(6) not null default now(),
  updated_at timestamptz(6) not null default now(),
  deleted_at timestamptz(6),
  constraint users_pkey primary key (id)
);
comment on table iam.users is 'A person or a service that can act, in every tenant it is a member of.';

create table iam.providers (
  id uuid not null default gen_random_uuid(),
  code text not null,
  name text not null,
  issuer text not null,
  audience text[],
  preset text not null default 'oidc',
  audience_claim text,
  token_types text[],
  clock_tolerance_seconds integer not null default 30,
  algorithms text[],
  jwks jsonb,
  jwks_uri text,
  claims jsonb not null default '{}',
  is_enabled boolean not null default true,
  provisions boolean not null default false,
  created_at timestamptz(6) not null default now(),
  updated_at timestamptz(6) not null default now(),
  constraint providers_pkey primary key (id)
);
comment on table iam.providers is 'An issuer of tokens that the gateway trusts.';

create table iam.identities (
  id uuid not null default gen_random_uuid(),
  provider_id uuid not null,
  subject text not null,
  user_id uuid not null,
  is_enabled boolean not null default true,
  groups_as_of timestamptz(6),
  created_at timestamptz(6) not null default now(),
  constraint identities_pkey primary key (id)
);
comment on table iam.identities is 'How one provider knows one user.';

create table iam.groups (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null,
  name text not null,
  type iam.group_type not null default 'internal',
  owner_id uuid,
  is_active boolean not null default true,
  is_locked boolean not null default false,
  is_assignable boolean not null default true,
  is_system boolean not null default false,
  members_see_each_other boolean not null default true,
  members_manage_each_other boolean not null default false,
  created_at timestamptz(6) not null default now(),
  updated_at timestamptz(6) not null default now(),
  constraint groups_pkey primary key (id)
);
comment on table iam.groups is 'A named set of members of one tenant, to give grants and shares to.';

create table iam.group_members (
  tenant_id uuid not null,
  group_id uuid not null,
  user_id uuid not null,
  source iam.member_source not null default 'manual',
  valid_from timestamptz(6),
  valid_until timestamptz(6),
  created_at timestamptz(6) not null default now(),
  constraint group_members_pkey primary key (group_id,user_id,source)
);
comment on table iam.group_members is 'A user''s membership of a group, for a time if it says so.';

create table iam.group_includes (
  tenant_id uuid not null,
  group_id uuid not null,
  included_group_id uuid not null,
  created_at timestamptz(6) not null default now(),
  constraint group_includes_pkey primary key (group_id,included_group_id)
);
comment on table iam.group_includes is 'A group in a group: the members of the included one count as members of the other.';

create table iam.group_closure (
  group_id uuid not null,
  included_group_id uuid not null,
  tenant_id uuid not null,
  constraint group_closure_pkey primary key (included_group_id,group_id)
);
comment on table iam.group_closure is 'Every active group with every group whose members count as its own, itself included; paths through active groups only. Kept by triggers.';

create table iam.group_mappings (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null,
  group_id uuid not null,
  provider_id uuid not null,
  external_id text,
  external_role text,
  created_at timestamptz(6) not null default now(),
  constraint group_mappings_pkey primary key (id)
);
comment on table iam.group_mappings is 'A provider''s group or role whose holders become members of a group here.';

create table iam.features (
  id uuid not null default gen_random_uuid(),
  code text not null,
  description text,
  parent_id uuid,
  is_assignable boolean not null default true,
  is_system boolean not null default false,
  route text,
  route_parent_id uuid,
  sort_order integer not null default 0,
  created_at timestamptz(6) not null default now(),
  constraint features_pkey primary key (id)
);
comment on table iam.features is 'A dotted permission code. Holding it means holding everything below it.';

create table iam.feature_closure (
  ancestor_id uuid not null,
  feature_id uuid not null,
  constraint feature_closure_pkey primary key (feature_id,ancestor_id)
);
comment on table iam.feature_closure is 'Every feature with every feature above it, itself included. Kept by triggers.';

create table iam.roles (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid,
  code text not null,
  name text not null,
  description text,
  is_assignable boolean not null default true,
  created_at timestamptz(6) not null default now(),
  updated_at timestamptz(6) not null default now(),
  constraint roles_pkey primary key (id)
);
comment on table iam.roles is 'A named set of features. System roles belong to no tenant.';

create table iam.role_features (
  role_id uuid not null,
  feature_id uuid not null,
  tenant_id uuid,
  constraint role_features_pkey primary key (role_id,feature_id)
);
comment on table iam.role_features is 'A feature that a role gives.';

create table iam.role_includes (
  role_id uuid not null,
  included_role_id uuid not null,
  tenant_id uuid,
  constraint role_includes_pkey primary key (role_id,included_role_id)
);
comment on table iam.role_includes is 'A role in a role: the one gives everything that the included one gives.';

create table iam.role_closure (
  role_id uuid not null,
  included_role_id uuid not null,
  tenant_id uuid,
  constraint role_closure_pkey primary key (role_id,included_role_id)
);
comment on table iam.role_closure is 'Every role with every role it includes, itself included. Kept by triggers.';

create table iam.grants (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid,
  user_id uuid,
  group_id uuid,
  role_id uuid,
  feature_id uuid,
  scope_id uuid not null,
  effect iam.grant_effect not null default 'allow',
  valid_from timestamptz(6),
  valid_until timestamptz(6),
  granted_by uuid,
  created_at timestamptz(6) not null default now(),
  constraint grants_pkey primary key (id)
);
comment on table iam.grants is 'A role or a feature given to a user or a group at a scope and everything below it.';

create table iam.api_keys (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null,
  user_id uuid not null,
  name text not null,
  public_id text not null,
  secret_hash bytea not null,
  previous_hash bytea,
  previous_until timestamptz(6),
  expires_at timestamptz(6),
  revoked_at timestamptz(6),
  last_used_at timestamptz(6),
  created_at timestamptz(6) not null default now(),
  constraint api_keys_pkey primary key (id)
);
comment on table iam.api_keys is 'A secret that lets a machine act as its owner, as far as the key itself was given.';

create table iam.api_key_grants (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null,
  api_key_id uuid not null,
  feature_id uuid not null,
  scope_id uuid not null,
  constraint api_key_grants_pkey primary key (id)
);
comment on table iam.api_key_grants is 'A feature given to an API key at a scope and everything below it.';

create table iam.tokens (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null,
  purpose text not null,
  user_id uuid,
  email text,
  role_id uuid,
  scope_id uuid,
  secret_hash bytea not null,
  created_by uuid not null,
  expires_at timestamptz(6) not null,
  used_at timestamptz(6),
  used_by uuid,
  revoked_at timestamptz(6),
  created_at timestamptz(6) not null default now(),
  constraint tokens_pkey primary key (id)
);
comment on table iam.tokens is 'Something that somebody can use once: an invitation or a verification.';

create table iam.audit_events (
  id uuid not null default gen_random_uuid(),
  number bigserial not null,
  code integer not null,
  action text not null,
  outcome iam.audit_outcome not null default 'success',
  tenant_id uuid,
  scope_id uuid,
  actor_id uuid,
  user_id uuid,
  resource_type text,
  resource_id text,
  request_id text,
  ip_address inet,
  user_agent text,
  metadata jsonb not null default '{}',
  created_at timestamptz(6) not null default clock_timestamp(),
  transaction bigint not null default ((pg_current_xact_id())::text)::bigint,
  constraint audit_events_pkey primary key (id)
);
comment on table iam.audit_events is 'Something that somebody did or tried to do. Written once, never changed.';

create table iam.audit_seals (
  position bigserial not null,
  event_id uuid not null,
  hash bytea not null,
  sealed_at timestamptz(6) not null default now(),
  constraint audit_seals_pkey primary key (position)
);
comment on table iam.audit_seals is 'The seal of one event: a hash over it and over the seal before, so that nothing is changed, removed or swapped unseen.';

create unique index tenants_slug_key on iam.tenants(slug);
create index tenant_members_user_id_idx on iam.tenant_members(user_id);
create index scopes_tenant_id_parent_id_idx on iam.scopes(tenant_id, parent_id);
create unique index scopes_tenant_id_type_key_key on iam.scopes(tenant_id, type, key);
create unique index scopes_tenant_id_id_key on iam.scopes(tenant_id, id);
create index scope_closure_ancestor_id_tenant_id_scope_id_idx on iam.scope_closure(ancestor_id, tenant_id, scope_id);
create unique index users_email_key on iam.users(email);
create unique index providers_code_key on iam.providers(code);
create unique index providers_issuer_key on iam.providers(issuer);
create index identities_user_id_idx on iam.identities(user_id);
create unique index identities_provider_id_subject_key on iam.identities(provider_id, subject);
create index groups_tenant_id_owner_id_idx on iam.groups(tenant_id, owner_id);
create unique index groups_tenant_id_name_key on iam.groups(tenant_id, name);
create unique index groups_tenant_id_id_key on iam.groups(tenant_id, id);
create index group_members_tenant_id_user_id_idx on iam.group_members(tenant_id, user_id);
create index group_members_tenant_id_group_id_idx on iam.group_members(tenant_id, group_id);
create index group_includes_tenant_id_included_group_id_idx on iam.group_includes(tenant_id, included_group_id);
create index group_closure_group_id_idx on iam.group_closure(group_id);
create index group_mappings_provider_id_idx on iam.group_mappings(provider_id);
create index group_mappings_tenant_id_group_id_idx on iam.group_mappings(tenant_id, group_id);
create unique index group_mappings_group_id_provider_id_external_id_key on iam.group_mappings(group_id, provider_id, external_id);
create unique index group_mappings_group_id_provider_id_external_role_key on iam.group_mappings(group_id, provider_id, external_role);
create unique index features_code_key on iam.features(code);
create unique index features_route_key on iam.features(route);
create index features_parent_id_idx on iam.features(parent_id);
create index features_route_parent_id_idx on iam.features(route_parent_id);
create index feature_closure_ancestor_id_idx on iam.feature_closure(ancestor_id);
create unique index roles_tenant_id_code_key on iam.roles(tenant_id, code);
create index role_features_feature_id_idx on iam.role_features(feature_id);
create index role_includes_included_role_id_idx on iam.role_includes(included_role_id);
create index role_closure_included_role_id_idx on iam.role_closure(included_role_id);
create index grants_user_id_idx on iam.grants(user_id);
create index grants_group_id_idx on iam.grants(group_id);
create index grants_role_id_scope_id_idx on iam.grants(role_id, scope_id);
create index grants_feature_id_scope_id_idx on iam.grants(feature_id, scope_id);
create index grants_scope_id_idx on iam.grants(scope_id);
create index grants_tenant_id_created_at_id_idx on iam.grants(tenant_id, created_at desc, id desc);
create unique index api_keys_public_id_key on iam.api_keys(public_id);
create index api_keys_tenant_id_user_id_idx on iam.api_keys(tenant_id, user_id);
create unique index api_keys_tenant_id_id_key on iam.api_keys(tenant_id, id);
create index api_key_grants_feature_id_idx on iam.api_key_grants(feature_id);
create index api_key_grants_tenant_id_scope_id_idx on iam.api_key_grants(tenant_id, scope_id);
create unique index api_key_grants_api_key_id_feature_id_scope_id_key on iam.api_key_grants(api_key_id, feature_id, scope_id);
create unique index tokens_secret_hash_key on iam.tokens(secret_hash);
create index tokens_tenant_id_created_at_id_idx on iam.tokens(tenant_id, created_at desc, id desc);
create index tokens_user_id_idx on iam.tokens(user_id);
create index tokens_role_id_idx on iam.tokens(role_id);
create index tokens_tenant_id_scope_id_idx on iam.tokens(tenant_id, scope_id);
create index audit_events_tenant_id_created_at_id_idx on iam.audit_events(tenant_id, created_at desc, id desc);
create index audit_events_actor_id_created_at_idx on iam.audit_events(actor_id, created_at desc);
create index audit_events_code_idx on iam.audit_events(code);
create index audit_events_transaction_number_idx on iam.audit_events(transaction, number);
create unique index audit_seals_event_id_key on iam.audit_seals(event_id);

alter table iam.tenant_members
  add constraint tenant_members_tenant_id_fkey
  foreign key (tenant_id)
  references iam.tenants(id)
  on delete cascade on update cascade;
alter table iam.tenant_members
  add constraint tenant_members_user_id_fkey
  foreign key (user_id)
  references iam.users(id)
  on delete cascade on update cascade;
alter table iam.scopes
  add constraint scopes_tenant_id_fkey
  foreign key (tenant_id)
  references iam.tenants(id)
  on delete cascade on update cascade;
alter table iam.scopes
  add constraint scopes_tenant_id_parent_id_fkey
  foreign key (tenant_id, parent_id)
  references iam.scopes(tenant_id, id)
  on delete restrict on update restrict;
alter table iam.scope_closure
  add constraint scope_closure_ancestor_id_fkey
  foreign key (ancestor_id)
  references iam.scopes(id)
  on delete cascade on update cascade;
alter table iam.scope_closure
  add constraint scope_closure_scope_id_fkey
  foreign key (scope_id)
  references iam.scopes(id)
  on delete cascade on update cascade;
alter table iam.users
  add constraint users_selected_tenant_id_id_fkey
  foreign key (selected_tenant_id, id)
  references iam.tenant_members(tenant_id, user_id)
  on delete restrict on update restrict;
alter table iam.identities
  add constraint identities_provider_id_fkey
  foreign key (provider_id)
  references iam.providers(id)
  on delete cascade on update cascade;
alter table iam.identities
  add constraint identities_user_id_fkey
  foreign key (user_id)
  references iam.users(id)
  on delete cascade on update cascade;
alter table iam.groups
  add constraint groups_tenant_id_fkey
  foreign key (tenant_id)
  references iam.tenants(id)
  on delete cascade on update cascade;
alter table iam.groups
  add constraint groups_tenant_id_owner_id_fkey
  foreign key (tenant_id, owner_id)
  references iam.tenant_members(tenant_id, user_id)
  on delete restrict on update restrict;
alter table iam.group_members
  add constraint group_members_tenant_id_group_id_fkey
  foreign key (tenant_id, group_id)
  references iam.groups(tenant_id, id)
  on delete cascade on update cascade;
alter table iam.group_members
  add constraint group_members_tenant_id_user_id_fkey
  foreign key (tenant_id, user_id)
  references iam.tenant_members(tenant_id, user_id)
  on delete cascade on update cascade;
alter table iam.group_includes
  add constraint group_includes_tenant_id_group_id_fkey
  foreign key (tenant_id, group_id)
  references iam.groups(tenant_id, id)
  on delete cascade on update cascade;
alter table iam.group_includes
  add constraint group_includes_tenant_id_included_group_id_fkey
  foreign key (tenant_id, included_group_id)
  references iam.groups(tenant_id, id)
  on delete cascade on update cascade;
alter table iam.group_mappings
  add constraint group_mappings_tenant_id_group_id_fkey
  foreign key (tenant_id, group_id)
  references iam.groups(tenant_id, id)
  on delete cascade on update cascade;
alter table iam.group_mappings
  add constraint group_mappings_provider_id_fkey
  foreign key (provider_id)
  references iam.providers(id)
  on delete cascade on update cascade;
alter table iam.features
  add constraint features_parent_id_fkey
  foreign key (parent_id)
  references iam.features(id)
  on delete restrict on update restrict;
alter table iam.features
  add constraint features_route_parent_id_fkey
  foreign key (route_parent_id)
  references iam.features(id)
  on delete set null on update cascade;
alter table iam.feature_closure
  add constraint feature_closure_ancestor_id_fkey
  foreign key (ancestor_id)
  references iam.features(id)
  on delete cascade on update cascade;
alter table iam.feature_closure
  add constraint feature_closure_feature_id_fkey
  foreign key (feature_id)
  references iam.features(id)
  on delete cascade on update cascade;
alter table iam.roles
  add constraint roles_tenant_id_fkey
  foreign key (tenant_id)
  references iam.tenants(id)
  on delete cascade on update cascade;
alter table iam.role_features
  add constraint role_features_role_id_fkey
  foreign key (role_id)
  references iam.roles(id)
  on delete cascade on update cascade;
alter table iam.role_features
  add constraint role_features_feature_id_fkey
  foreign key (feature_id)
  references iam.features(id)
  on delete cascade on update cascade;
alter table iam.role_includes
  add constraint role_includes_role_id_fkey
  foreign key (role_id)
  references iam.roles(id)
  on delete cascade on update cascade;
alter table iam.role_includes
  add constraint role_includes_included_role_id_fkey
  foreign key (included_role_id)
  references iam.roles(id)
  on delete cascade on update cascade;
alter table iam.grants
  add constraint grants_tenant_id_fkey
  foreign key (tenant_id)
  references iam.tenants(id)
  on delete cascade on update cascade;
alter table iam.grants
  add constraint grants_user_id_fkey
  foreign key (user_id)
  references iam.users(id)
  on delete cascade on update cascade;
alter table iam.grants
  add constraint grants_tenant_id_user_id_fkey
  foreign key (tenant_id, user_id)
  references iam.tenant_members(tenant_id, user_id)
  on delete cascade on update restrict;
alter table iam.grants
  add constraint grants_tenant_id_group_id_fkey
  foreign key (tenant_id, group_id)
  references iam.groups(tenant_id, id)
  on delete cascade on update restrict;
alter table iam.grants
  add constraint grants_role_id_fkey
  foreign key (role_id)
  references iam.roles(id)
  on delete cascade on update cascade;
alter table iam.grants
  add constraint grants_feature_id_fkey
  foreign key (feature_id)
  references iam.features(id)
  on delete cascade on update cascade;
alter table iam.grants
  add constraint grants_scope_id_fkey
  foreign key (scope_id)
  references iam.scopes(id)
  on delete cascade on update cascade;
alter table iam.api_keys
  add constraint api_keys_tenant_id_fkey
  foreign key (tenant_id)
  references iam.tenants(id)
  on delete cascade on update cascade;
alter table iam.api_keys
  add constraint api_keys_tenant_id_user_id_fkey
  foreign key (tenant_id, user_id)
  references iam.tenant_members(tenant_id, user_id)
  on delete cascade on update cascade;
alter table iam.api_key_grants
  add constraint api_key_grants_tenant_id_api_key_id_fkey
  foreign key (tenant_id, api_key_id)
  references iam.api_keys(tenant_id, id)
  on delete cascade on update cascade;
alter table iam.api_key_grants
  add constraint api_key_grants_feature_id_fkey
  foreign key (feature_id)
  references iam.features(id)
  on delete cascade on update cascade;
alter table iam.api_key_grants
  add constraint api_key_grants_tenant_id_scope_id_fkey
  foreign key (tenant_id, scope_id)
  references iam.scopes(tenant_id, id)
  on delete cascade on update cascade;
alter table iam.tokens
  add constraint tokens_tenant_id_fkey
  foreign key (tenant_id)
  references iam.tenants(id)
  on delete cascade on update cascade;
alter table iam.tokens
  add constraint tokens_user_id_fkey
  foreign key (user_id)
  references iam.users(id)
  on delete cascade on update cascade;
alter table iam.tokens
  add constraint tokens_role_id_fkey
  foreign key (role_id)
  references iam.roles(id)
  on delete cascade on update cascade;
alter table iam.tokens
  add constraint tokens_tenant_id_scope_id_fkey
  foreign key (tenant_id, scope_id)
  references iam.scopes(tenant_id, id)
  on delete cascade on update restrict;
alter table iam.audit_events
  add constraint audit_events_tenant_id_fkey
  foreign key (tenant_id)
  references iam.tenants(id)
  on delete no action on update cascade;
alter table iam.audit_seals
  add constraint audit_seals_event_id_fkey
  foreign key (event_id)
  references iam.audit_events(id)
  on delete restrict on update restrict;

-- What Prisma's language can't say ---------------------------------------------------------------------------------

create function iam.is_name(name text)
returns boolean
language sql immutable parallel safe
as $$
  select name = btrim(name) and name <> '' and length(name) <= 255 and name !~ '^[A-Z]\w*:' and name !~ '[[:cntrl:]]'
    -- nothing that can't be seen, or turns what can: "Office" with a zero-width space is another name that looks the same
    and name !~ '[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffd]'
    -- joiners have a meaning between letters of scripts that join
    and name !~ '[\u200c\u200d]([\u0020-\u007e]|$)|(^|[\u0020-\u007e])[\u200c\u200d]'
$$;
comment on function iam.is_name(text) is
  'Whether a text can name something: not empty, no blanks around it, nothing invisible in it, at most 255 characters, not in the form of a global id.';

alter table iam.tenants
  add constraint tenants_slug_check check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  add constraint tenants_name_check check (iam.is_name(name));
alter table iam.scopes
  add constraint scopes_type_check check (type ~ '^[a-z][a-z0-9_]{0,62}$' and (type = 'global') = (tenant_id is null)),
  add constraint scopes_key_check check (iam.is_name(key) and key !~ '/'),
  add constraint scopes_parent_check check (parent_id <> id);
create unique index scopes_one_global on iam.scopes ((true)) where tenant_id is null;
create unique index scopes_one_root on iam.scopes (tenant_id) where parent_id is null;
alter table iam.users
  add constraint users_email_check check (email = lower(email) and email ~ '^[^@[:space:]]+@[^@[:space:]]+$' and length(email) <= 254),
  add constraint users_deleted_check check (deleted_at is null or (not is_active and email is null));
alter table iam.providers
  add constraint providers_trust_check check (issuer <> '' and coalesce(cardinality(audience), 0) > 0 and coalesce(cardinality(algorithms), 0) > 0),
  -- a key set is public: a symmetric algorithm beside it would let anybody sign
  add constraint providers_algorithms_check check (
    algorithms <@ array['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']
  ),
  add constraint providers_preset_check check (preset in ('oidc', 'keycloak', 'auth0', 'supabase', 'entra', 'cognito')),
  add constraint providers_audience_claim_check check (audience_claim in ('aud', 'client_id', 'azp')),
  add constraint providers_clock_check check (clock_tolerance_seconds between 0 and 60),
  add constraint providers_claims_check check (jsonb_typeof(claims) = 'object'),
  add constraint providers_code_check check (code ~ '^[a-z][a-z0-9_-]{0,62}$');
alter table iam.identities
  add constraint identities_subject_check check (subject ~ '^[!-~]{1,255}$');
alter table iam.groups
  add constraint groups_name_check check (iam.is_name(name));
alter table iam.group_members
  add constraint group_members_period_check check (valid_until > valid_from);
alter table iam.group_includes
  add constraint group_includes_itself_check check (group_id <> included_group_id);
alter table iam.group_mappings
  add constraint group_mappings_one_check check (num_nonnulls(external_id, external_role) = 1);
alter table iam.features
  add constraint features_code_check check (code = '*' or code ~ '^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$'),
  add constraint features_parent_check check ((parent_id is null) = (code = '*'));
alter table iam.roles
  add constraint roles_code_check check (code ~ '^[a-z][a-z0-9_.-]{0,62}$'),
  add constraint roles_name_check check (iam.is_name(name));
create unique index roles_system_code_key on iam.roles (code) where tenant_id is null;
alter table iam.role_includes
  add constraint role_includes_itself_check check (role_id <> included_role_id);
alter table iam.grants
  add constraint grants_principal_check check (num_nonnulls(user_id, group_id) = 1),
  add constraint grants_what_check check (num_nonnulls(role_id, feature_id) = 1),
  add constraint grants_deny_check check (effect = 'allow' or user_id is not null),
  add constraint grants_period_check check (valid_until > valid_from),
  add constraint grants_global_check check (tenant_id is not null or group_id is null);

alter table iam.api_keys
  add constraint api_keys_name_check check (iam.is_name(name)),
  add constraint api_keys_public_id_check check (public_id ~ '^[0-9A-Za-z]{8,32}$'),
  add constraint api_keys_hash_check check (length(secret_hash) = 32 and length(previous_hash) = 32),
  add constraint api_keys_rotation_check check ((previous_hash is null) = (previous_until is null));

alter table iam.tokens
  add constraint tokens_purpose_check check (purpose in ('invitation', 'verification')),
  add constraint tokens_bound_check check (num_nonnulls(user_id, email) = 1),
  add constraint tokens_email_check check (email = lower(email) and email ~ '^[^@[:space:]]+@[^@[:space:]]+$' and length(email) <= 254),
  add constraint tokens_role_check check ((role_id is null) = (scope_id is null) and (role_id is null or purpose = 'invitation')),
  add constraint tokens_hash_check check (length(secret_hash) = 32);

create function iam.require_same_tenant()
returns trigger
language plpgsql
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target_tenant uuid;
begin
  execute format('select tenant_id from iam.%I where id = $1', tg_argv[0])
    into target_tenant
    using (to_jsonb(new) ->> tg_argv[1])::uuid;
  if target_tenant is not null and target_tenant is distinct from new.tenant_id then
    raise foreign_key_violation using message = 'A reference stays inside its tenant.';
  end if;
  return null;
end
$$;
comment on function iam.require_same_tenant() is
  'Refuses a reference to another tenant''s row, where the referenced row may also be the system''s.';

create constraint trigger same_tenant_role after insert or update on iam.role_features
  for each row execute function iam.require_same_tenant('roles', 'role_id');
create constraint trigger same_tenant_role after insert or update on iam.role_includes
  for each row execute function iam.require_same_tenant('roles', 'role_id');
create constraint trigger same_tenant_included after insert or update on iam.role_includes
  for each row execute function iam.require_same_tenant('roles', 'included_role_id');
create constraint trigger same_tenant_role after insert or update on iam.grants
  for each row when (new.role_id is not null) execute function iam.require_same_tenant('roles', 'role_id');
create constraint trigger same_tenant_role after insert or update on iam.tokens
  for each row when (new.role_id is not null) execute function iam.require_same_tenant('roles', 'role_id');
create constraint trigger same_tenant_scope after insert or update on iam.grants
  for each row execute function iam.require_same_tenant('scopes', 'scope_id');
