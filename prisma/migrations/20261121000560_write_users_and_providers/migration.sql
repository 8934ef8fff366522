-- Users, how providers know them, and the providers, written by these functions only.
-- Each checks who may, that nobody gains what the caller doesn't hold, takes the lock (the tables' triggers do),
-- and writes its audit event in the same transaction. From GraphQL and from SQL alike.

create function iam.create_user(
  email text,
  name text default null,
  is_service boolean default false,
  may_log_in boolean default true
)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := iam.require_tenant();
  new_id uuid;
begin
  perform iam.require('iam.users.create', iam.root_scope_id(tenant));
  if name is not null then
    perform iam.require_name(name);
  end if;
  if email is null then
    raise sqlstate 'PT400' using message = 'An e-mail address must be given.';
  end if;
  insert into iam.users (email, name, is_service, may_log_in)
  values (lower(create_user.email), create_user.name, create_user.is_service, create_user.may_log_in)
  on conflict do nothing
  returning id into new_id;
  if new_id is null then
    -- who exists already becomes a member, and keeps his name: the answer doesn't tell which it was
    return iam.add_tenant_member(email);
  end if;
  insert into iam.tenant_members (tenant_id, user_id) values (tenant, new_id);
  perform iam.record(50101, 'User', new_id::text, iam.root_scope_id(tenant), null);
  return new_id;
end
$$;
comment on function iam.create_user(text, text, boolean, boolean) is
  'Creates a user as a member of the caller''s tenant; somebody with this e-mail becomes a member instead. Needs iam.users.create. Raises 52108, 52109, PT400 or PT409.';

create function iam.user_to(command text, reference text)
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  person uuid := iam.resolve_person(reference);
begin
  case command
    when 'update' then
      if person <> iam.caller_id() then
        perform iam.require_over_user('iam.users.update', person);
      end if;
      perform iam.require_delegates('iam.users.update', iam.caller_root_scope_id());
    when 'delete' then
      perform iam.require_over_user('iam.users.delete', person);
    when 'enable', 'disable', 'lock', 'unlock' then
      perform iam.require_over_user('iam.users.update', person);
    when 'linkIdentity' then
      perform iam.require_over_user('iam.identities.create', person);
  end case;
  if command in ('enable', 'unlock', 'linkIdentity') then
    -- somebody comes to hold, or to hold again, whatever he holds
    perform iam.require_to_hand_out_user(person);
  elsif command in ('delete', 'disable', 'lock') then
    perform iam.require_owners(person, true);
  end if;
  return person;
end
$$;
comment on function iam.user_to(text, text) is
  'The user named, for a caller who may do the command with him: `access` asks the same. Raises 52103, 52104, 52109 or 52280.';

create function iam.update_user("user" text, name text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  person uuid := iam.user_to('update', "user");
begin
  perform iam.require_name(name);
  update iam.users u set name = update_user.name, updated_at = now() where u.id = person;
  perform iam.record(50102, 'User', person::text, iam.caller_root_scope_id(), jsonb_build_object('name', name));
  return person;
end
$$;
comment on function iam.update_user(text, text) is
  'Renames a user; everybody may rename himself. Needs iam.users.update over him. Raises 52103, 52104, 52109 or PT400.';

create function iam.delete_user("user" text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  person uuid;
begin
  -- first of all: two owners may go at once
  perform iam.lock_authority(iam.setting('app.tenant_id')::uuid);
  person := iam.user_to('delete', "user");
  update iam.users u
  set is_active = false, deleted_at = now(), updated_at = now(), email = null, selected_tenant_id = null
  where u.id = person;
  delete from iam.identities i where i.user_id = person;
  perform iam.end_membership(m.tenant_id, person) from iam.tenant_members m where m.user_id = person;
  delete from iam.grants g where g.user_id = person;
  perform iam.record(50103, 'User', person::text, iam.caller_root_scope_id(), null);
  return person;
end
$$;
comment on function iam.delete_user(text) is
  'Ends a user for good: identities, memberships and grants go, what he wrote stays. Needs iam.users.delete over him. Raises 52103, 52104, 52109 or 52280.';

create function iam.switch_user(command text, "user" text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  person uuid;
  code integer := case command when 'enable' then 50104 when 'disable' then 50105 when 'unlock' then 50106 when 'lock' then 50107 end;
begin
  -- first of all: two owners may go at once
  perform iam.lock_authority(iam.setting('app.tenant_id')::uuid);
  person := iam.user_to(command, "user");
  update iam.users u
  set is_active = case command when 'enable' then true when 'disable' then false else u.is_active end,
      is_locked = case command when 'lock' then true when 'unlock' then false else u.is_locked end,
      updated_at = now()
  where u.id = person;
  perform iam.record(code, 'User', person::text, iam.caller_root_scope_id(), null);
  return person;
end
$$;
comment on function iam.switch_user(text, text) is 'Enables, disables, locks or unlocks a user.';

create function iam.enable_user("user" text)
returns uuid
language sql volatile
security definer set search_path = pg_catalog, pg_temp
as $$ select iam.switch_user('enable', "user") $$;
comment on function iam.enable_user(text) is
  'Lets a disabled user act again. Needs iam.users.update over him and all that he holds. Raises 52103, 52104 or 52109.';

create function iam.disable_user("user" text)
returns uuid
language sql volatile
security definer set search_path = pg_catalog, pg_temp
as $$ select iam.switch_user('disable', "user") $$;
comment on function iam.disable_user(text) is
  'Ends every session of a user from now on. Needs iam.users.update over him. Raises 52103, 52104, 52109 or 52280.';

create function iam.lock_user("user" text)
returns uuid
language sql volatile
security definer set search_path = pg_catalog, pg_temp
as $$ select iam.switch_user('lock', "user") $$;
comment on function iam.lock_user(text) is
  'Keeps a user out until he is unlocked. Needs iam.users.update over him. Raises 52103, 52104, 52109 or 52280.';

create function iam.unlock_user("user" text)
returns uuid
language sql volatile
security definer set search_path = pg_catalog, pg_temp
as $$ select iam.switch_user('unlock', "user") $$;
comment on function iam.unlock_user(text) is
  'Lets a locked user act again. Needs iam.users.update over him and all that he holds. Raises 52103, 52104 or 52109.';

-- How providers know users -------------------------------------------------------------------------------------------

create function iam.link_identity("user" text, provider text, subject text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  person uuid := iam.user_to('linkIdentity', "user");
  issuer uuid := iam.name_provider(provider);
  new_id uuid;
begin
  insert into iam.identities (provider_id, subject, user_id)
  values (issuer, link_identity.subject, person)
  on conflict do nothing
  returning id into new_id;
  if new_id is null then
    raise sqlstate '52102' using message = 'The identity is in use already.';
  end if;
  perform iam.record(50134, 'Identity', new_id::text, iam.caller_root_scope_id(), jsonb_build_object('user', person, 'provider', issuer));
  return new_id;
end
$$;
comment on function iam.link_identity(text, text, text) is
  'Lets a provider''s subject act as a user. Needs iam.identities.create over him and all that he holds. Raises 52103, 52104, 52109, 52102 or PT404.';

create function iam.resolve_identity(reference text, out identity uuid, out person uuid)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  given uuid := iam.id_in(reference, 'Identity');
begin
  perform iam.require_caller();
  select i.id, i.user_id into identity, person
  from iam.identities i
  where i.id = given
    and (
      i.user_id = iam.caller_id()
      or (iam.holds_everywhere('iam.identities.read') and i.user_id in (select iam.member_ids()))
      or iam.can('iam.identities.read', 'global', 'all')
    );
  if identity is null then
    raise sqlstate '52111' using message = 'The identity does not exist.';
  end if;
end
$$;
comment on function iam.resolve_identity(text) is 'An identity that the caller may see, by global id; raises 52111.';

create function iam.identity_to(command text, reference text, out identity uuid, out person uuid)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  select r.identity, r.person into identity, person from iam.resolve_identity(reference) r;
  case command
    when 'unlink' then
      if person <> iam.caller_id() then
        perform iam.require_over_user('iam.identities.delete', person);
      end if;
      perform iam.require_delegates('iam.identities.delete', iam.caller_root_scope_id());
    when 'enable' then
      perform iam.require_over_user('iam.identities.update', person);
      perform iam.require_to_hand_out_user(person);
    when 'disable' then
      perform iam.require_over_user('iam.identities.update', person);
  end case;
end
$$;
comment on function iam.identity_to(text, text) is
  'The identity named, for a caller who may do the command with it: `access` asks the same. Raises 52111, 52104 or 52109.';

create function iam.unlink_identity(identity text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target record := iam.identity_to('unlink', identity);
begin
  delete from iam.identities i where i.id = target.identity;
  perform iam.record(50135, 'Identity', target.identity::text, iam.caller_root_scope_id(), jsonb_build_object('user', target.person));
  return target.identity;
end
$$;
comment on function iam.unlink_identity(text) is
  'Ends a provider''s subject acting as a user; everybody may unlink his own. Needs iam.identities.delete over the user. Raises 52111, 52104 or 52109.';

create function iam.enable_identity(identity text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target record := iam.identity_to('enable', identity);
begin
  update iam.identities i set is_enabled = true where i.id = target.identity;
  perform iam.record(50108, 'Identity', target.identity::text, iam.caller_root_scope_id(), jsonb_build_object('user', target.person));
  return target.identity;
end
$$;
comment on function iam.enable_identity(text) is
  'Lets a disabled identity open sessions again. Needs iam.identities.update over the user and all that he holds. Raises 52111, 52104 or 52109.';

create function iam.disable_identity(identity text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target record := iam.identity_to('disable', identity);
begin
  update iam.identities i set is_enabled = false where i.id = target.identity;
  perform iam.record(50109, 'Identity', target.identity::text, iam.caller_root_scope_id(), jsonb_build_object('user', target.person));
  return target.identity;
end
$$;
comment on function iam.disable_identity(text) is
  'Ends every session of an identity from now on. Needs iam.identities.update over the user. Raises 52111, 52104 or 52109.';

-- Providers -----------------------------------------------------------------------------------------------------------

create function iam.require_over_providers(feature text)
returns void
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  everywhere uuid := iam.find_scope(null, 'global', 'all');
begin
  perform iam.require_caller();
  perform iam.require(feature, everywhere);
  -- a provider says who somebody is: trusting one is handing out everything that anybody holds
  perform iam.require_to_hand_out(null, (select f.id from iam.features f where f.code = '*'), everywhere, null);
end
$$;
comment on function iam.require_over_providers(text) is
  'Raises 52109 unless the caller holds the feature, and everything else, at global/all.';

create function iam.resolve_provider(reference text)
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  given uuid := iam.id_in(reference, 'Provider');
  found_id uuid;
begin
  select p.id into found_id
  from iam.providers p
  where (p.id = given or (given is null and p.code = reference))
    and iam.can('iam.providers.read', 'global', 'all');
  if found_id is null then
    raise sqlstate 'PT404' using message = 'The provider does not exist.';
  end if;
  return found_id;
end
$$;
comment on function iam.resolve_provider(text) is 'A provider, by global id or code, for holders of iam.providers.read at global/all; raises PT404.';

create function iam.provider_to(command text, reference text)
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid := iam.resolve_provider(reference);
begin
  case command
    when 'update', 'enable' then perform iam.require_over_providers('iam.providers.update');
    when 'delete' then perform iam.require_over_providers('iam.providers.delete');
    when 'disable' then perform iam.require('iam.providers.update', iam.find_scope(null, 'global', 'all'));
  end case;
  return target;
end
$$;
comment on function iam.provider_to(text, text) is
  'The provider named, for a caller who may do the command with it: `access` asks the same. Raises PT404 or 52109.';

create function iam.create_provider(
  code text,
  name text,
  issuer text,
  audience text[],
  algorithms text[],
  jwks_uri text default null,
  jwks jsonb default null,
  provisions boolean default false,
  preset text default 'oidc',
  claims jsonb default '{}',
  audience_claim text default null,
  token_types text[] default null,
  clock_tolerance_seconds integer default 30
)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  new_id uuid;
begin
  perform iam.require_over_providers('iam.providers.create');
  perform iam.require_name(name);
  if num_nonnulls(jwks_uri, jwks) = 2 then
    raise sqlstate 'PT400' using message = 'Give at most one of a key set and its address; without either the issuer is asked.';
  end if;
  insert into iam.providers (
    code, name, issuer, audience, algorithms, jwks_uri, jwks, provisions,
    preset, claims, audience_claim, token_types, clock_tolerance_seconds
  )
  values (
    create_provider.code, create_provider.name, create_provider.issuer, create_provider.audience,
    create_provider.algorithms, create_provider.jwks_uri, create_provider.jwks, create_provider.provisions,
    create_provider.preset, create_provider.claims, create_provider.audience_claim, create_provider.token_types,
    create_provider.clock_tolerance_seconds
  )
  returning id into new_id;
  perform iam.record(50011, 'Provider', new_id::text, iam.find_scope(null, 'global', 'all'), jsonb_build_object('code', code, 'issuer', issuer));
  return new_id;
end
$$;
comment on function iam.create_provider(text, text, text, text[], text[], text, jsonb, boolean, text, jsonb, text, text[], integer) is
  'Trusts an issuer of tokens from now on. Needs iam.providers.create and everything else at global/all. Raises 52109 or PT400.';

create function iam.update_provider(
  provider text,
  name text default null,
  audience text[] default null,
  algorithms text[] default null,
  jwks_uri text default null,
  jwks jsonb default null,
  provisions boolean default null,
  preset text default null,
  claims jsonb default null,
  audience_claim text default null,
  token_types text[] default null,
  clock_tolerance_seconds integer default null
)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid := iam.provider_to('update', provider);
begin
  if num_nonnulls(
    name, audience, algorithms, jwks_uri, jwks, provisions, preset, claims, audience_claim, token_types, clock_tolerance_seconds
  ) = 0 or num_nonnulls(jwks_uri, jwks) = 2 then
    raise sqlstate 'PT400' using message = 'Give something to change, and at most one of a key set and its address.';
  end if;
  if name is not null then
    perform iam.require_name(name);
  end if;
  update iam.providers p
  set name = coalesce(update_provider.name, p.name),
      audience = coalesce(update_provider.audience, p.audience),
      algorithms = coalesce(update_provider.algorithms, p.algorithms),
      jwks_uri = case when update_provider.jwks is null then coalesce(update_provider.jwks_uri, p.jwks_uri) end,
      jwks = case when update_provider.jwks_uri is null then coalesce(update_provider.jwks, p.jwks) end,
      provisions = coalesce(update_provider.provisions, p.provisions),
      preset = coalesce(update_provider.preset, p.preset),
      claims = coalesce(update_provider.claims, p.claims),
      audience_claim = coalesce(update_provider.audience_claim, p.audience_claim),
      token_types = coalesce(update_provider.token_types, p.token_types),
      clock_tolerance_seconds = coalesce(update_provider.clock_tolerance_seconds, p.clock_tolerance_seconds),
      updated_at = now()
  where p.id = target;
  perform iam.record(50012, 'Provider', target::text, iam.find_scope(null, 'global', 'all'), null);
  return target;
end
$$;
comment on function iam.update_provider(text, text, text[], text[], text, jsonb, boolean, text, jsonb, text, text[], integer) is
  'Changes what is trusted of a provider; null leaves as it is; its issuer stays. Needs iam.providers.update and everything else at global/all. Raises PT404, 52109 or PT400.';

create function iam.delete_provider(provider text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid := iam.provider_to('delete', provider);
begin
  delete from iam.providers p where p.id = target;
  perform iam.record(50013, 'Provider', target::text, iam.find_scope(null, 'global', 'all'), jsonb_build_object('code', provider));
  return target;
end
$$;
comment on function iam.delete_provider(text) is
  'Ends a provider with every identity and mapping of it. Needs iam.providers.delete and everything else at global/all. Raises PT404 or 52109.';

create function iam.enable_provider(provider text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid := iam.provider_to('enable', provider);
begin
  update iam.providers p set is_enabled = true, updated_at = now() where p.id = target;
  perform iam.record(50014, 'Provider', target::text, iam.find_scope(null, 'global', 'all'), null);
  return target;
end
$$;
comment on function iam.enable_provider(text) is
  'Trusts a disabled provider again. Needs iam.providers.update and everything else at global/all. Raises PT404 or 52109.';

create function iam.disable_provider(provider text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid := iam.provider_to('disable', provider);
begin
  update iam.providers p set is_enabled = false, updated_at = now() where p.id = target;
  perform iam.record(50015, 'Provider', target::text, iam.find_scope(null, 'global', 'all'), null);
  return target;
end
$$;
comment on function iam.disable_provider(text) is
  'Ends every session of a provider''s identities from now on. Needs iam.providers.update at global/all. Raises PT404 or 52109.';
