-- One-time tokens: an invitation makes whoever uses it a member, with a role if it says so; a verification only shows that
-- somebody had it. Each is bound to a user or to an e-mail address, ends, and is used once.
-- Who may: who makes people members invites, and hands out a role by his own authority, when he invites and when it is
-- used; the one it is bound to uses it, by himself. Only the hash of a token's secret is stored.

create function iam.create_token(
  secret_hash text,
  purpose text default 'invitation',
  "user" text default null,
  email text default null,
  role text default null,
  scope text default null,
  expires_at timestamptz default null
)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := iam.require_tenant();
  ends timestamptz := coalesce(create_token.expires_at, statement_timestamp() + interval '7 days');
  person uuid;
  given iam.roles;
  at_scope uuid;
  new_id uuid;
begin
  perform iam.require('iam.users.create', iam.root_scope_id(tenant));
  if "user" is not null then
    person := iam.resolve_user("user");
  end if;
  if scope is not null then
    at_scope := iam.resolve_scope(scope);
  end if;
  if role is not null then
    at_scope := coalesce(at_scope, iam.root_scope_id(tenant));
    select * into given from iam.roles where id = iam.resolve_role(role);
  end if;
  if num_nonnulls("user", email) <> 1 then
    raise sqlstate 'PT400' using message = 'A token is bound to a user or to an e-mail address.';
  elsif purpose is null or purpose not in ('invitation', 'verification') then
    raise sqlstate 'PT400' using message = 'A token is an invitation or a verification.';
  elsif purpose <> 'invitation' and role is not null or role is null and scope is not null then
    raise sqlstate 'PT400' using message = 'An invitation may carry a role, and a role has a scope.';
  elsif exists (select from iam.scopes s where s.id = at_scope and s.tenant_id is null) then
    raise sqlstate 'PT400' using message = 'An invitation is to one tenant and gives nothing above it.';
  end if;
  perform iam.require_period(null, ends);
  if role is not null then
    perform iam.require('iam.grants.create', at_scope);
    if not given.is_assignable then
      raise sqlstate '52175' using message = 'The role is not assignable.';
    end if;
    perform iam.require_to_hand_out(given.id, null, at_scope, null);
  end if;
  insert into iam.tokens (tenant_id, purpose, user_id, email, role_id, scope_id, secret_hash, created_by, expires_at)
  values (
    tenant, create_token.purpose, person, lower(create_token.email), given.id, at_scope,
    iam.read_secret_hash(secret_hash), iam.caller_id(), ends
  )
  returning id into new_id;
  perform iam.record(50401, 'Token', new_id::text, iam.root_scope_id(tenant), jsonb_strip_nulls(jsonb_build_object(
    'purpose', purpose, 'user', person, 'role', given.id, 'scope', at_scope, 'until', ends
  )));
  return new_id;
end
$$;
comment on function iam.create_token(text, text, text, text, text, text, timestamptz) is
  'Makes a one-time token, for seven days unless an end is given. Needs iam.users.create; to carry a role, iam.grants.create at its scope and all that it gives. Raises 52108, 52109, 52103, 52175, 52177, PT404, PT400 or 23514.';

create function iam.still_hands_out(t iam.tokens)
returns boolean
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  root uuid := iam.root_scope_id(t.tenant_id);
begin
  return exists (select from iam.users u where u.id = t.created_by and u.is_active and not u.is_locked)
    and iam.may_act_in(t.created_by, t.tenant_id)
    and iam.user_can(t.created_by, t.tenant_id, 'iam.users.create', root)
    and (
      t.role_id is null
      or (
        iam.user_can(t.created_by, t.tenant_id, 'iam.grants.create', t.scope_id)
        and not exists (
          select
          from unnest(iam.features_of_role(t.role_id)) f (id)
          where coalesce(iam.held_until(t.created_by, t.tenant_id, f.id, t.scope_id), '-infinity') < 'infinity'
            or iam.is_touched_by_deny(t.created_by, f.id, t.scope_id)
        )
      )
    );
end
$$;
comment on function iam.still_hands_out(iam.tokens) is
  'Whether who made the token may do at this moment what its use does.';

create function iam.require_token(secret_hash text)
returns iam.tokens
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := iam.require_caller();
  given bytea := iam.read_secret_hash(secret_hash);
  t iam.tokens;
begin
  if iam.is_delegated() then
    raise sqlstate '52109' using message = 'A one-time token is used by oneself.';
  end if;
  -- who comes second waits here, and finds it used
  select * into t from iam.tokens candidate where candidate.secret_hash = given for update;
  if t.id is null then
    raise sqlstate '52277' using message = 'The token does not exist.';
  elsif not coalesce(t.user_id = me, t.email = (select u.email from iam.users u where u.id = me), false) then
    raise sqlstate '52279' using message = 'The token was made for somebody else.';
  elsif t.used_at is not null then
    raise sqlstate '52276' using message = 'The token was used already.';
  elsif t.revoked_at is not null
    or t.expires_at <= statement_timestamp()
    or not exists (select from iam.tenants where id = t.tenant_id and deleted_at is null)
    or not iam.still_hands_out(t)
  then
    raise sqlstate '52278' using message = 'The token is not valid any more.';
  end if;
  return t;
end
$$;
comment on function iam.require_token(text) is
  'The token of this secret, for whom it is bound to; raises PT401, 52109, 52277, 52279, 52276 or 52278.';

create function iam.record_token(code integer, t iam.tokens)
returns void
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant text := current_setting('app.tenant_id', true);
begin
  -- it happens where the token is for, wherever the caller is
  perform set_config('app.tenant_id', t.tenant_id::text, true);
  perform iam.record(code, 'Token', t.id::text, iam.root_scope_id(t.tenant_id), jsonb_build_object('purpose', t.purpose));
  perform set_config('app.tenant_id', coalesce(tenant, ''), true);
end
$$;
comment on function iam.record_token(integer, iam.tokens) is 'Writes an event of a token in the tenant that it is for.';

create function iam.validate_token(secret_hash text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  t iam.tokens := iam.require_token(secret_hash);
begin
  perform iam.record_token(50402, t);
  return t.id;
end
$$;
comment on function iam.validate_token(text) is
  'Tells the one it is bound to that a token could be used. Raises PT401, PT400, 52109, 52276, 52277, 52278 or 52279.';

create function iam.use_token(secret_hash text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  t iam.tokens := iam.require_token(secret_hash);
  me uuid := iam.caller_id();
begin
  update iam.tokens candidate set used_at = statement_timestamp(), used_by = me where candidate.id = t.id;
  if t.purpose = 'invitation' then
    perform iam.begin_membership(t.tenant_id, me);
    if t.role_id is not null then
      insert into iam.grants (tenant_id, user_id, role_id, scope_id, granted_by)
      values (t.tenant_id, me, t.role_id, t.scope_id, t.created_by);
    end if;
  end if;
  perform iam.record_token(50403, t);
  return t.tenant_id;
end
$$;
comment on function iam.use_token(text) is
  'Uses a token up; an invitation makes the caller a member, with its role. Answers the tenant. Raises PT401, PT400, 52109, 52276, 52277, 52278 or 52279.';

create function iam.token_to(command text, reference text)
returns iam.tokens
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  root uuid := iam.root_scope_id(iam.require_tenant());
  given uuid := iam.id_in(reference, 'Token');
  t iam.tokens;
begin
  select * into t
  from iam.tokens candidate
  where candidate.id = given
    and candidate.tenant_id = iam.caller_tenant_id()
    and (candidate.created_by = iam.caller_id() or iam.caller_can('iam.users.read', root));
  if t.id is null then
    raise sqlstate '52277' using message = 'The token does not exist.';
  end if;
  case command
    when 'revoke' then
      if t.created_by <> iam.caller_id() then
        perform iam.require('iam.users.create', root);
      end if;
      perform iam.require_delegates('iam.users.create', root);
      if t.used_at is not null then
        raise sqlstate '52276' using message = 'The token was used already.';
      end if;
  end case;
  return t;
end
$$;
comment on function iam.token_to(text, text) is
  'The token named, for a caller who may do the command with it: `access` asks the same. Raises 52108, 52277, 52276 or 52109.';

create function iam.revoke_token(token text)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  t iam.tokens;
begin
  -- who uses it at the same moment is either before this, or finds it revoked
  perform from iam.tokens candidate
  where candidate.id = iam.id_in(token, 'Token') and candidate.tenant_id = iam.caller_tenant_id()
  for update;
  t := iam.token_to('revoke', token);
  update iam.tokens candidate
  set revoked_at = coalesce(candidate.revoked_at, statement_timestamp())
  where candidate.id = t.id;
  perform iam.record_token(50404, t);
  return t.id;
end
$$;
comment on function iam.revoke_token(text) is
  'Ends a one-time token that was not used yet, for good; who made it may, and others with iam.users.create. Raises 52108, 52277, 52276 or 52109.';
