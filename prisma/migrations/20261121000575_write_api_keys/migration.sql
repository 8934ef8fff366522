-- API keys, written by these functions only. A key does nothing that its owner can't; it was given features besides, and
-- whoever gives them holds them, there and for as long as the key lasts.
-- Who may: everybody makes, changes and ends keys of his own; keys of others need iam.api_keys. Whoever comes to know the
-- secret of somebody else's key (by making or rotating it) holds all that he holds. Nobody writes a secret down: only its hash.

create function iam.caller_api_keys()
returns setof uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  select k.id from iam.api_keys k where k.tenant_id = iam.caller_tenant_id() and k.user_id = iam.caller_id();
end
$$;
comment on function iam.caller_api_keys() is 'The caller''s own API keys in his tenant.';

create function iam.public_id_of(key uuid)
returns text
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return (select k.public_id from iam.api_keys k where k.id = key and k.tenant_id = iam.caller_tenant_id());
end
$$;
comment on function iam.public_id_of(uuid) is
  'The part of an API key that may be seen: for whoever has just rotated it, to spell the whole key.';

create function iam.read_secret_hash(given text)
returns bytea
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if given is null or given !~ '^[0-9a-f]{64}$' then
    raise sqlstate 'PT400' using message = 'The hash of a secret is its SHA-256 in 64 hexadecimal digits.';
  end if;
  return decode(given, 'hex');
end
$$;
comment on function iam.read_secret_hash(text) is 'The hash of a secret from its hexadecimal digits; raises PT400.';

create function iam.require_to_outlast(ends timestamptz)
returns void
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (
    select
    from iam.api_keys k
    where k.id = iam.setting('app.api_key_id')::uuid
      and k.expires_at < coalesce(require_to_outlast.ends, 'infinity')
  ) then
    raise sqlstate '52109' using message = 'An API key makes none that outlasts it.';
  end if;
end
$$;
comment on function iam.require_to_outlast(timestamptz) is
  'Raises 52109 when the session was opened with an API key that ends before the moment given (null: never).';

create function iam.require_over_api_key(feature text, reference text)
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  root uuid := iam.root_scope_id(iam.require_tenant());
  given uuid := iam.id_in(reference, 'ApiKey');
  k iam.api_keys;
begin
  select * into k
  from iam.api_keys candidate
  where candidate.id = given
    and candidate.tenant_id = iam.caller_tenant_id()
    and (
      candidate.user_id = iam.caller_id()
      or iam.caller_can('iam.api_keys.read', root)
      or iam.caller_can(feature, root)
    );
  if k.id is null then
    raise sqlstate 'PT404' using message = 'The API key does not exist.';
  elsif k.user_id <> iam.caller_id() then
    perform iam.require(feature, root);
  end if;
  perform iam.require_delegates(feature, root);
  return k.id;
end
$$;
comment on function iam.require_over_api_key(text, text) is
  'An API key by global id: the caller''s own, or anybody''s in the tenant with the feature. Raises PT404 for one that he may not see, else 52109.';

create function iam.require_to_hand_out_key(key uuid, ends timestamptz)
returns void
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform iam.require_to_outlast(ends);
  perform iam.require_to_hand_out(null, g.feature_id, g.scope_id, require_to_hand_out_key.ends)
  from iam.api_key_grants g
  where g.api_key_id = key;
end
$$;
comment on function iam.require_to_hand_out_key(uuid, timestamptz) is
  'Raises 52109 unless the caller holds all that the API key was given, until the moment given (null: for good).';

create function iam.insert_api_key(
  tenant uuid, of_user uuid, name text, public_id text, secret_hash bytea, features uuid[], at_scope uuid, expires_at timestamptz
)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  new_id uuid;
begin
  insert into iam.api_keys (tenant_id, user_id, name, public_id, secret_hash, expires_at)
  values (
    tenant, of_user, insert_api_key.name, insert_api_key.public_id, insert_api_key.secret_hash, insert_api_key.expires_at
  )
  returning id into new_id;
  insert into iam.api_key_grants (tenant_id, api_key_id, feature_id, scope_id)
  select tenant, new_id, f.id, at_scope from unnest(features) f (id);
  perform iam.record(50501, 'ApiKey', new_id::text, iam.root_scope_id(tenant), jsonb_strip_nulls(jsonb_build_object(
    'user', of_user, 'publicId', insert_api_key.public_id, 'features', features, 'scope', at_scope,
    'until', insert_api_key.expires_at
  )));
  return new_id;
end
$$;
comment on function iam.insert_api_key(uuid, uuid, text, text, bytea, uuid[], uuid, timestamptz) is
  'Writes an API key, what it was given, and its event. Whoever calls it has checked that it may be handed out.';

create function iam.resolve_key_scope(reference text)
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  at_scope uuid := iam.resolve_scope(coalesce(reference, 'Scope:' || iam.caller_root_scope_id()));
begin
  if exists (select from iam.scopes s where s.id = at_scope and s.tenant_id is null) then
    raise sqlstate 'PT400' using message = 'An API key belongs to one tenant and can''t be given anything above it.';
  end if;
  return at_scope;
end
$$;
comment on function iam.resolve_key_scope(text) is
  'A scope of the caller''s tenant, its root where none is named; raises PT404, or PT400 for the one above the tenants.';

create function iam.resolve_key_features(codes text[])
returns uuid[]
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  given uuid[] := iam.resolve_features(codes);
begin
  if exists (select from iam.features f where f.id = any (given) and not f.is_assignable) then
    raise sqlstate '52178' using message = 'Some feature is not assignable.';
  end if;
  return given;
end
$$;
comment on function iam.resolve_key_features(text[]) is 'Features that may be given; raises 52275, 52274 or 52178.';

create function iam.require_to_give_key(owner uuid, features uuid[], scope uuid, ends timestamptz)
returns void
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  -- one's own key never does more than oneself, whatever it was given: only who gets another's, or acts by less than
  -- himself, could gain by it
  if owner = iam.caller_id() and not iam.is_delegated() then
    return;
  end if;
  perform iam.require_to_outlast(ends);
  perform iam.require_to_hand_out(null, f.id, require_to_give_key.scope, ends) from unnest(features) f (id);
end
$$;
comment on function iam.require_to_give_key(uuid, uuid[], uuid, timestamptz) is
  'Raises 52109 unless the key is the caller''s own and he comes by himself, or he holds the features there for as long as it lasts.';

create function iam.require_oneself()
returns void
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if iam.is_acting() then
    raise sqlstate '52109' using message = 'A secret is shown to its owner only, not to who acts as him.';
  end if;
end
$$;
comment on function iam.require_oneself() is
  'Raises 52109 when somebody acts as the caller: what he would get to know here opens sessions when he may not act any more.';

create function iam.create_api_key(
  name text,
  public_id text,
  secret_hash text,
  features text[],
  scope text default null,
  expires_at timestamptz default null,
  "user" text default null
)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := iam.require_tenant();
  owner uuid := case when "user" is null then iam.caller_id() else iam.resolve_user("user") end;
  given uuid[];
  at_scope uuid;
begin
  perform iam.require_oneself();
  if owner <> iam.caller_id() then
    perform iam.require('iam.api_keys.create', iam.root_scope_id(tenant));
    -- whoever has the key acts as its owner
    perform iam.require_to_hand_out_user(owner);
  end if;
  perform iam.require_delegates('iam.api_keys.create', iam.root_scope_id(tenant));
  perform iam.require_name(name);
  given := iam.resolve_key_features(features);
  at_scope := iam.resolve_key_scope(scope);
  perform iam.require_period(null, expires_at);
  if not exists (
    select from iam.tenant_members m where m.tenant_id = tenant and m.user_id = owner and m.deleted_at is null
  ) then
    raise sqlstate 'PT400' using message = 'An API key belongs to a member of the tenant.';
  end if;
  perform iam.require_to_give_key(owner, given, at_scope, create_api_key.expires_at);
  return iam.insert_api_key(
    tenant, owner, name, public_id, iam.read_secret_hash(secret_hash), given, at_scope, create_api_key.expires_at
  );
end
$$;
comment on function iam.create_api_key(text, text, text, text[], text, timestamptz, text) is
  'Makes an API key of the caller''s, or of another member with iam.api_keys.create, all that he holds, and what the key is given for as long as it lasts. Raises 52108, 52109, 52103, 52178, 52274, 52275, PT404, PT400 or 23505.';

create function iam.api_key_to(command text, reference text)
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid;
  k iam.api_keys;
begin
  case command
    when 'update' then
      target := iam.require_over_api_key('iam.api_keys.update', reference);
    when 'revoke' then
      target := iam.require_over_api_key('iam.api_keys.delete', reference);
    when 'rotate' then
      target := iam.require_over_api_key('iam.api_keys.update', reference);
      perform iam.require_oneself();
      select * into k from iam.api_keys candidate where candidate.id = target;
      if not iam.is_usable(k) then
        raise sqlstate 'PT409' using message = 'The API key was revoked or has expired.';
      end if;
      -- the new secret is for whoever rotates: it must not let him do what he can't
      if k.user_id <> iam.caller_id() then
        perform iam.require_to_hand_out_user(k.user_id);
      end if;
      if k.user_id <> iam.caller_id() or iam.is_delegated() then
        perform iam.require_to_hand_out_key(target, k.expires_at);
      end if;
  end case;
  return target;
end
$$;
comment on function iam.api_key_to(text, text) is
  'The API key named, for a caller who may do the command with it: `access` asks the same. Raises PT404, PT409 or 52109.';

create function iam.update_api_key(key text, name text default null, expires_at timestamptz default null)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid := iam.api_key_to('update', key);
  owner uuid;
  ends timestamptz;
begin
  select k.user_id, k.expires_at into owner, ends from iam.api_keys k where k.id = target;
  if num_nonnulls(name, expires_at) = 0 then
    raise sqlstate 'PT400' using message = 'Nothing to change was given.';
  end if;
  if name is not null then
    perform iam.require_name(name);
  end if;
  perform iam.require_period(null, update_api_key.expires_at);
  if update_api_key.expires_at > ends and (owner <> iam.caller_id() or iam.is_delegated()) then
    perform iam.require_to_hand_out_key(target, update_api_key.expires_at);
  end if;
  update iam.api_keys k
  set name = coalesce(update_api_key.name, k.name),
      expires_at = coalesce(update_api_key.expires_at, k.expires_at)
  where k.id = target;
  perform iam.record(50502, 'ApiKey', target::text, iam.caller_root_scope_id(), jsonb_strip_nulls(jsonb_build_object(
    'name', name, 'until', update_api_key.expires_at
  )));
  return target;
end
$$;
comment on function iam.update_api_key(text, text, timestamptz) is
  'Renames an API key or sets its end; null leaves as it is. A later end of a key of somebody else is handing out. Needs iam.api_keys.update for keys of others. Raises PT404, 52109 or PT400.';

create function iam.rotate_api_key(key text, secret_hash text, overlap_seconds integer default 0)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid := iam.api_key_to('rotate', key);
  new_hash bytea := iam.read_secret_hash(secret_hash);
begin
  if overlap_seconds is null or overlap_seconds not between 0 and 604800 then
    raise sqlstate 'PT400' using message = 'The old secret is accepted for 0 to 604800 seconds more.';
  end if;
  update iam.api_keys candidate
  set secret_hash = new_hash,
      previous_hash = case when overlap_seconds > 0 then candidate.secret_hash end,
      previous_until = case when overlap_seconds > 0 then statement_timestamp() + make_interval(secs => overlap_seconds) end
  where candidate.id = target;
  perform iam.record(
    50506, 'ApiKey', target::text, iam.caller_root_scope_id(), jsonb_build_object('overlapSeconds', overlap_seconds)
  );
  return target;
end
$$;
comment on function iam.rotate_api_key(text, text, integer) is
  'Gives an API key another secret; the old one is accepted for the overlap, by default not at all. For keys of others needs iam.api_keys.update and all that the key and its owner hold. Raises PT404, 52109, PT409 or PT400.';

create function iam.revoke_api_key(key text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid := iam.api_key_to('revoke', key);
begin
  update iam.api_keys k
  set revoked_at = coalesce(k.revoked_at, statement_timestamp()), previous_hash = null, previous_until = null
  where k.id = target;
  perform iam.record(50503, 'ApiKey', target::text, iam.caller_root_scope_id(), null);
  return target;
end
$$;
comment on function iam.revoke_api_key(text) is
  'Ends an API key from now on, for good. Needs iam.api_keys.delete for keys of others. Raises PT404 or 52109.';

create function iam.grant_to_api_key(key text, features text[], scope text default null)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid := iam.require_over_api_key('iam.api_keys.update', key);
  given uuid[] := iam.resolve_key_features(features);
  at_scope uuid := iam.resolve_key_scope(scope);
  owner uuid;
  ends timestamptz;
begin
  select k.user_id, k.expires_at into owner, ends from iam.api_keys k where k.id = target;
  perform iam.require_to_give_key(owner, given, at_scope, ends);
  insert into iam.api_key_grants (tenant_id, api_key_id, feature_id, scope_id)
  select iam.caller_tenant_id(), target, f.id, at_scope from unnest(given) f (id)
  on conflict do nothing;
  perform iam.record(50504, 'ApiKey', target::text, at_scope, jsonb_build_object('features', given));
  return target;
end
$$;
comment on function iam.grant_to_api_key(text, text[], text) is
  'Gives an API key features at a scope, the tenant''s root where none is named. For keys of others needs iam.api_keys.update and the features themselves. Raises PT404, 52109, 52178, 52274, 52275 or PT400.';

create function iam.revoke_from_api_key(key text, features text[], scope text default null)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  target uuid := iam.require_over_api_key('iam.api_keys.update', key);
  given uuid[] := iam.resolve_features(features);
  -- what a key was given can be taken where its owner sees nothing any more; elsewhere it is not there
  at_scope uuid := case
    when scope is null then iam.caller_root_scope_id()
    else coalesce(
      iam.id_in(scope, 'Scope'),
      iam.find_scope(iam.caller_tenant_id(), split_part(scope, '/', 1), substr(scope, nullif(strpos(scope, '/'), 0) + 1))
    )
  end;
begin
  delete from iam.api_key_grants g
  where g.api_key_id = target and g.scope_id = at_scope and g.feature_id = any (given);
  if not found then
    raise sqlstate 'PT404' using message = 'The API key was not given this here.';
  end if;
  perform iam.record(50505, 'ApiKey', target::text, at_scope, jsonb_build_object('features', given));
  return target;
end
$$;
comment on function iam.revoke_from_api_key(text, text[], text) is
  'Takes features from an API key at the scope where they were given. Needs iam.api_keys.update for keys of others. Raises PT404, 52109, 52274, 52275 or PT400.';

create function iam.touch_api_key(public_id text)
returns void
language sql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
  update iam.api_keys k
  set last_used_at = statement_timestamp()
  where k.public_id = touch_api_key.public_id
    and (k.last_used_at is null or k.last_used_at < statement_timestamp() - interval '1 minute')
$$;
comment on function iam.touch_api_key(text) is
  'Writes down that a key was used, at most once a minute; outside of the session, for nobody to wait for.';
