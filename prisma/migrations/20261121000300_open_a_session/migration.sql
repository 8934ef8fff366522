-- A session: one transaction for one caller. The gateway's first statement pushes the credential's facts as settings,
-- the second is iam.open_session(), which resolves them, checks that everything is alive, and says who it is;
-- the role is set last. Every setting is transaction-local: nothing survives the transaction.
-- Who may: authenticator alone opens a session; anybody may ask who he is.

create function iam.setting(name text)
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$ select nullif(current_setting(name, true), '') $$;
comment on function iam.setting(text) is
  'A setting of this transaction, null when it was never set here. A pooled connection reads '''' where another transaction set it.';

create function iam.is_live(valid_from timestamptz, valid_until timestamptz)
returns boolean
language sql stable
as $$
  select (valid_from is null or valid_from <= statement_timestamp())
     and (valid_until is null or valid_until > statement_timestamp())
$$;
comment on function iam.is_live(timestamptz, timestamptz) is
  'Whether a period holds at this moment: from its first instant up to, but not at, its last.';

create function iam.reaches_all_tenants(of_user uuid)
returns boolean
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (
    select
    from iam.grants g
    join iam.scopes s on s.id = g.scope_id and s.tenant_id is null
    where g.user_id = of_user
      and g.effect = 'allow'
      and iam.is_live(g.valid_from, g.valid_until)
  );
end
$$;
comment on function iam.reaches_all_tenants(uuid) is
  'Whether an allow-grant at global/all lets the user act in tenants that he is not a member of.';

create function iam.may_act_in(of_user uuid, tenant uuid)
returns boolean
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform
  from iam.tenants t
  join iam.tenant_members m on m.tenant_id = t.id
  where t.id = tenant and t.deleted_at is null and m.user_id = of_user and m.deleted_at is null;
  return found
    or (
      iam.reaches_all_tenants(of_user)
      and exists (select from iam.tenants t where t.id = tenant and t.deleted_at is null)
    );
end
$$;
comment on function iam.may_act_in(uuid, uuid) is
  'Whether the tenant is active and the user is an active member of it, or a grant at global/all reaches it.';

-- Who is calling ----------------------------------------------------------------------------------------------------

create function iam.is_acting()
returns boolean
language sql stable
return nullif(current_setting('app.actor_id', true), '') is not null;
comment on function iam.is_acting() is 'Whether somebody acts as the caller.';

create function iam.has_api_key()
returns boolean
language sql stable
return nullif(current_setting('app.api_key_id', true), '') is not null;
comment on function iam.has_api_key() is 'Whether the session was opened with an API key.';

create function iam.is_delegated()
returns boolean
language sql stable
return iam.is_acting() or iam.has_api_key();
comment on function iam.is_delegated() is
  'Whether the session is allowed less than its user: somebody acts as him, or it was opened with an API key.';

create function iam.is_judged_as_delegate()
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$ select pg_has_role(coalesce(nullif(current_setting('role'), 'none'), session_user), 'web_delegate', 'usage') $$;
comment on function iam.is_judged_as_delegate() is
  'Whether the policies for delegates hold for the role that the session took.';

create function iam.is_usable(key iam.api_keys)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$ select key.revoked_at is null and (key.expires_at is null or key.expires_at > statement_timestamp()) $$;
comment on function iam.is_usable(iam.api_keys) is 'Whether an API key is neither revoked nor expired.';

create function iam.actor_id()
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  actor uuid := nullif(current_setting('app.actor_id', true), '');
  tenant uuid := nullif(current_setting('app.tenant_id', true), '');
begin
  perform from iam.users u where u.id = actor and u.is_active and not u.is_locked;
  return case when found and iam.may_act_in(actor, tenant) then actor end;
end
$$;
comment on function iam.actor_id() is
  'Who really acts, when somebody acts as the caller; null when nobody does, or when he is not active any more.';

create function iam.caller_id()
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := nullif(current_setting('app.user_id', true), '');
  tenant uuid := nullif(current_setting('app.tenant_id', true), '');
  identity uuid := nullif(current_setting('app.identity_id', true), '');
  key_id uuid := nullif(current_setting('app.api_key_id', true), '');
  actor uuid := nullif(current_setting('app.actor_id', true), '');
begin
  if me is null then
    return null;
  end if;
  -- who is allowed less than the user is nobody where nothing would keep him to it
  if iam.is_delegated() and not iam.is_judged_as_delegate() then
    return null;
  end if;
  if key_id is not null then
    perform from iam.api_keys k where k.id = key_id and k.user_id = me and k.tenant_id = tenant and iam.is_usable(k);
    if not found then
      return null;
    end if;
  end if;
  if actor is not null and iam.actor_id() is null then
    return null;
  end if;
  -- one query, since every statement under a floor asks it
  return (
    select u.id
    from iam.users u
    where u.id = me
      and u.is_active
      and not u.is_locked
      -- the identity is who really acts
      and (
        identity is null
        or exists (
          select
          from iam.identities i
          join iam.providers p on p.id = i.provider_id
          where i.id = identity and i.user_id = coalesce(actor, me) and i.is_enabled and p.is_enabled
        )
      )
      -- members are nearly everybody: whoever isn't one is asked for the other ways
      and (
        tenant is null
        or exists (
          select
          from iam.tenants t
          join iam.tenant_members m on m.tenant_id = t.id
          where t.id = tenant and t.deleted_at is null and m.user_id = me and m.deleted_at is null
        )
        or iam.may_act_in(me, tenant)
      )
  );
end
$$;
comment on function iam.caller_id() is
  'The user that this session acts as; null when anonymous, when the user, identity, provider, tenant, membership, API key or whoever acts as him is not active any more, and when somebody acts as him, or an API key does, in a role that no policy for delegates holds for.';

create function iam.caller_tenant_id()
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := nullif(current_setting('app.tenant_id', true), '');
begin
  if tenant is null then
    return null;
  end if;
  if nullif(current_setting('app.user_id', true), '') is not null then
    return case when iam.caller_id() is not null then tenant end;
  end if;
  return (select t.id from iam.tenants t where t.id = tenant and t.deleted_at is null);
end
$$;
comment on function iam.caller_tenant_id() is
  'The tenant that this session acts in; null when it has none, or when the caller or the tenant is not active any more.';

create function iam.root_scope_id(tenant uuid)
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return (select s.id from iam.scopes s where s.tenant_id = tenant and s.parent_id is null);
end
$$;
comment on function iam.root_scope_id(uuid) is 'The root of a tenant''s tree of scopes.';

create function iam.caller_root_scope_id()
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return iam.root_scope_id(iam.caller_tenant_id());
end
$$;
comment on function iam.caller_root_scope_id() is
  'The root scope of the caller''s tenant, where new rows are put unless a scope is given.';

create function iam.is_member()
returns boolean
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := nullif(current_setting('app.user_id', true), '');
  tenant uuid := nullif(current_setting('app.tenant_id', true), '');
begin
  return exists (
    select
    from iam.tenant_members m
    where m.tenant_id = tenant and m.user_id = me and m.deleted_at is null
  );
end
$$;
comment on function iam.is_member() is
  'Whether the caller, active or not, is a member of the tenant that he acts in: a grant at global/all reaches it without.';

-- Opening -------------------------------------------------------------------------------------------------------------

create function iam.find_tenant(of_user uuid)
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  asked text := iam.setting('app.tenant');
  found_id uuid;
  memberships uuid[];
begin
  if asked is not null then
    select t.id into found_id from iam.tenants t where t.slug = asked and t.deleted_at is null;
    if found_id is null or (of_user is not null and not iam.may_act_in(of_user, found_id)) then
      -- one answer for unknown, deleted and foreign
      raise sqlstate '52108' using message = 'No access to this tenant.';
    end if;
    return found_id;
  end if;

  select u.selected_tenant_id into found_id from iam.users u where u.id = of_user;
  if found_id is not null and iam.may_act_in(of_user, found_id) then
    return found_id;
  end if;

  select array_agg(m.tenant_id) into memberships
  from iam.tenant_members m
  join iam.tenants t on t.id = m.tenant_id and t.deleted_at is null
  where m.user_id = of_user and m.deleted_at is null;
  return case when cardinality(memberships) = 1 then memberships[1] end;
end
$$;
comment on function iam.find_tenant(uuid) is
  'The tenant that a request acts in: the one it names, else the one chosen, else the only membership, else none.';

create function iam.require_active(of_user uuid)
returns void
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  u iam.users;
begin
  select * into u from iam.users where id = of_user;
  if u.id is null then
    raise sqlstate '52103' using message = 'The user does not exist.';
  elsif not u.is_active then
    raise sqlstate '52105' using message = 'The user is not active.';
  elsif u.is_locked then
    raise sqlstate '52106' using message = 'The user is locked.';
  end if;
end
$$;
comment on function iam.require_active(uuid) is 'Raises 52103, 52105 or 52106 unless the user may act.';

create function iam.find_by_token()
returns table (user_id uuid, tenant_id uuid, identity_id uuid, api_key_id uuid)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  p iam.providers;
  i iam.identities;
begin
  select * into p from iam.providers where issuer = iam.setting('app.issuer');
  if p.id is null or not p.is_enabled then
    raise sqlstate '52107' using message = 'The identity provider is not active.';
  end if;
  select * into i from iam.identities where provider_id = p.id and subject = iam.setting('app.subject');
  if i.id is null then
    raise sqlstate '52103' using message = 'The user does not exist.';
  elsif not i.is_enabled then
    raise sqlstate '52110' using message = 'The identity is not active.';
  end if;
  perform iam.require_active(i.user_id);
  if not (select u.may_log_in from iam.users u where u.id = i.user_id) then
    raise sqlstate '52112' using message = 'The user is not supposed to log in.';
  end if;
  return query select i.user_id, iam.find_tenant(i.user_id), i.id, null::uuid;
end
$$;
comment on function iam.find_by_token() is
  'Whom a token stands for. Raises 52103, 52105 to 52108, 52110 or 52112.';

create function iam.find_by_api_key()
returns table (user_id uuid, tenant_id uuid, identity_id uuid, api_key_id uuid)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  k iam.api_keys;
  shown bytea := decode(iam.setting('app.key_hash'), 'hex');
  is_there boolean;
  is_usable boolean;
  is_current boolean;
  is_previous boolean;
begin
  select * into k from iam.api_keys where public_id = iam.setting('app.key_id');
  -- all four are found out whatever the first says, so that the time tells none of them; what is compared are hashes,
  -- which nobody can come closer to letter by letter
  is_there := k.id is not null;
  is_usable := iam.is_usable(k);
  is_current := coalesce(k.secret_hash = shown, false);
  is_previous := coalesce(k.previous_hash = shown and k.previous_until > statement_timestamp(), false);
  if not (is_there and is_usable and (is_current or is_previous)) then
    -- one answer for unknown, wrong, expired and revoked
    raise sqlstate 'PT401' using message = 'The credential is not accepted.', detail = '{"reason":"BAD_API_KEY"}';
  end if;
  perform iam.require_active(k.user_id);
  if not iam.may_act_in(k.user_id, k.tenant_id)
    or coalesce(iam.setting('app.tenant') <> (select t.slug from iam.tenants t where t.id = k.tenant_id), false)
  then
    raise sqlstate '52108' using message = 'No access to this tenant.';
  end if;
  return query select k.user_id, k.tenant_id, null::uuid, k.id;
end
$$;
comment on function iam.find_by_api_key() is
  'Whom an API key stands for, in the key''s own tenant. Raises PT401, 52105, 52106 or 52108.';

create function iam.find_acted_as(actor uuid, tenant uuid)
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  reference text := iam.setting('app.act_as');
  target uuid;
begin
  if tenant is null then
    raise sqlstate '52108' using message = 'No tenant is chosen.';
  elsif not iam.user_can(actor, tenant, 'iam.impersonate', iam.root_scope_id(tenant)) then
    raise sqlstate '52109' using
      message = 'No permission for this here.',
      detail = jsonb_build_object('requires', 'iam.impersonate')::text;
  end if;
  select u.id into target
  from iam.users u
  join iam.tenant_members m on m.user_id = u.id and m.tenant_id = tenant and m.deleted_at is null
  where u.email = lower(reference) or 'User:' || u.id = reference;
  perform iam.require_active(target);
  return target;
end
$$;
comment on function iam.find_acted_as(uuid, uuid) is
  'The member that somebody wants to act as, by e-mail or global id. Raises 52108, 52109, 52103, 52105 or 52106.';

create function iam.find_caller()
returns table (user_id uuid, tenant_id uuid, identity_id uuid, actor_id uuid, api_key_id uuid, kind text)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  who record;
begin
  if iam.setting('app.key_id') is not null then
    if iam.setting('app.issuer') is not null or iam.setting('app.act_as') is not null then
      raise sqlstate 'PT400' using message = 'An API key stands by itself.';
    end if;
    select * into who from iam.find_by_api_key();
  elsif iam.setting('app.issuer') is not null then
    select * into who from iam.find_by_token();
  else
    return query select null::uuid, iam.find_tenant(null), null::uuid, null::uuid, null::uuid, 'anonymous'::text;
    return;
  end if;

  user_id := who.user_id;
  tenant_id := who.tenant_id;
  identity_id := who.identity_id;
  api_key_id := who.api_key_id;
  if iam.setting('app.act_as') is not null then
    actor_id := who.user_id;
    user_id := iam.find_acted_as(who.user_id, who.tenant_id);
  end if;
  kind := (select case when u.is_service then 'service' else 'user' end from iam.users u where u.id = find_caller.user_id);
  return next;
end
$$;
comment on function iam.find_caller() is
  'Resolves the pushed facts of a credential to a caller; raises the reason when something is not active.';

create function iam.locks_everything(of_user uuid, tenant uuid)
returns boolean
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$ select of_user is not null and (tenant is null or iam.reaches_all_tenants(of_user)) $$;
comment on function iam.locks_everything(uuid, uuid) is
  'Whether what the user changes may lie outside one tenant: then he waits for all of them at once, since asking for it later would deadlock.';

create function iam.open_session()
returns table (user_id uuid, tenant_id uuid, actor_id uuid, kind text)
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  who record;
  -- who comes by SQL and says nothing may be about to change authority
  lock_mode text := coalesce(
    iam.setting('app.lock'),
    case when current_setting('transaction_read_only') = 'on' then 'none' else 'exclusive' end
  );
  locked_tenant uuid;
  locks_everything boolean;
begin
  if lock_mode not in ('none', 'shared', 'exclusive') then
    raise sqlstate 'PT400' using message = 'A session''s lock is none, shared or exclusive.';
  elsif lock_mode <> 'none' and current_setting('transaction_isolation') <> 'read committed' then
    -- an older snapshot would go on seeing what was revoked before the lock was had
    raise sqlstate 'PT400' using message = 'A session that changes something is at isolation level read committed.';
  end if;
  select * into strict who from iam.find_caller();

  if lock_mode <> 'none' then
    locked_tenant := who.tenant_id;
    locks_everything := lock_mode = 'exclusive' and iam.locks_everything(who.user_id, locked_tenant);
    if locks_everything then
      perform iam.lock_authority(null);
    elsif lock_mode = 'exclusive' and locked_tenant is not null then
      perform iam.lock_authority(locked_tenant);
    else
      perform pg_advisory_xact_lock_shared(iam.lock_key(null));
      perform pg_advisory_xact_lock_shared(iam.lock_key(locked_tenant));
    end if;
    -- what changed while this waited counts: each statement of a volatile function has a snapshot of its own
    select * into strict who from iam.find_caller();
    if who.tenant_id is distinct from locked_tenant
      or (lock_mode = 'exclusive' and iam.locks_everything(who.user_id, locked_tenant) <> locks_everything)
    then
      raise serialization_failure using message = 'The tenant changed while the session was opening.';
    end if;
  end if;

  perform
    set_config('app.user_id', coalesce(who.user_id::text, ''), true),
    set_config('app.tenant_id', coalesce(who.tenant_id::text, ''), true),
    set_config('app.identity_id', coalesce(who.identity_id::text, ''), true),
    set_config('app.actor_id', coalesce(who.actor_id::text, ''), true),
    set_config('app.api_key_id', coalesce(who.api_key_id::text, ''), true);
  return query select who.user_id, who.tenant_id, who.actor_id, who.kind;
end
$$;
comment on function iam.open_session() is
  'Opens the caller''s session from the facts pushed before it. Raises 52103, 52105 to 52108, 52110 or 52112 when there is none to open.';

create function iam.list_providers()
returns table (
  id uuid, code text, issuer text, audience text[], algorithms text[], jwks jsonb, jwks_uri text, claims jsonb, enabled boolean,
  preset text, audience_claim text, token_types text[], clock_tolerance_seconds integer, provisions boolean, maps_groups boolean
)
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$
  select p.id, p.code, p.issuer, p.audience, p.algorithms, p.jwks, p.jwks_uri, p.claims, p.is_enabled,
         p.preset, p.audience_claim, p.token_types, p.clock_tolerance_seconds, p.provisions,
         -- also where a mapping has gone, as long as somebody is in a group because of it
         exists (select from iam.group_mappings m where m.provider_id = p.id)
           or exists (
             select
             from iam.group_members s
             join iam.identities i on i.user_id = s.user_id and i.provider_id = p.id
             where s.source = 'synced'
           )
  from iam.providers p
  order by p.code
$$;
comment on function iam.list_providers() is 'What the gateway needs to verify tokens.';
