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
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select
    from iam.grants g
    join iam.scopes s on s.id = g.scope_id and s.tenant_id is null
    where g.user_id = of_user
      and g.effect = 'allow'
      and iam.is_live(g.valid_from, g.valid_until)
  )
$$;
comment on function iam.reaches_all_tenants(uuid) is
  'Whether an allow-grant at global/all lets the user act in tenants that he is not a member of.';

create function iam.may_act_in(of_user uuid, tenant uuid)
returns boolean
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$
  select exists (select from iam.tenants t where t.id = tenant and t.deleted_at is null)
     and (
       exists (
         select
         from iam.tenant_members m
         where m.tenant_id = tenant and m.user_id = of_user and m.deleted_at is null
       )
       or iam.reaches_all_tenants(of_user)
     )
$$;
comment on function iam.may_act_in(uuid, uuid) is
  'Whether the tenant is active and the user is an active member of it, or a grant at global/all reaches it.';

-- Who is calling ----------------------------------------------------------------------------------------------------

create function iam.caller_id()
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := nullif(current_setting('app.user_id', true), '');
  tenant uuid := nullif(current_setting('app.tenant_id', true), '');
  identity uuid := nullif(current_setting('app.identity_id', true), '');
begin
  if me is null then
    return null;
  end if;
  perform from iam.users u where u.id = me and u.is_active and not u.is_locked;
  if not found then
    return null;
  end if;
  if identity is not null then
    perform
    from iam.identities i
    join iam.providers p on p.id = i.provider_id
    where i.id = identity and i.user_id = me and i.is_enabled and p.is_enabled;
    if not found then
      return null;
    end if;
  end if;
  if tenant is not null and not iam.may_act_in(me, tenant) then
    return null;
  end if;
  return me;
end
$$;
comment on function iam.caller_id() is
  'The user that this session acts as; null when anonymous, and when the user, identity, provider, tenant or membership is not active any more.';

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
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$
  select s.id from iam.scopes s where s.tenant_id = tenant and s.parent_id is null
$$;
comment on function iam.root_scope_id(uuid) is 'The root of a tenant''s tree of scopes.';

create function iam.caller_root_scope_id()
returns uuid
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$ select iam.root_scope_id(iam.caller_tenant_id()) $$;
comment on function iam.caller_root_scope_id() is
  'The root scope of the caller''s tenant, where new rows are put unless a scope is given.';

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

create function iam.find_caller()
returns table (user_id uuid, tenant_id uuid, identity_id uuid, kind text)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  who record;
begin
  if iam.setting('app.issuer') is null then
    return query select null::uuid, iam.find_tenant(null), null::uuid, 'anonymous'::text;
    return;
  end if;

  select
    p.id as provider_id, p.is_enabled as provider_enabled,
    i.id as identity_id, i.is_enabled as identity_enabled,
    u.id as user_id, u.is_active, u.is_locked, u.may_log_in, u.is_service
  into who
  from iam.providers p
  left join iam.identities i on i.provider_id = p.id and i.subject = iam.setting('app.subject')
  left join iam.users u on u.id = i.user_id
  where p.issuer = iam.setting('app.issuer');

  if who.provider_id is null or not who.provider_enabled then
    raise sqlstate '52107' using message = 'The identity provider is not active.';
  elsif who.user_id is null then
    raise sqlstate '52103' using message = 'The user does not exist.';
  elsif not who.identity_enabled then
    raise sqlstate '52110' using message = 'The identity is not active.';
  elsif not who.is_active then
    raise sqlstate '52105' using message = 'The user is not active.';
  elsif who.is_locked then
    raise sqlstate '52106' using message = 'The user is locked.';
  elsif not who.may_log_in then
    raise sqlstate '52112' using message = 'The user is not supposed to log in.';
  end if;

  return query
  select who.user_id, iam.find_tenant(who.user_id), who.identity_id,
         case when who.is_service then 'service' else 'user' end;
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
  if iam.setting('app.act_as') is not null then
    raise sqlstate 'PT403' using message = 'Nobody acts as somebody else.';
  elsif lock_mode not in ('none', 'shared', 'exclusive') then
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
    set_config('app.actor_id', '', true),
    set_config('app.api_key_id', '', true);
  return query select who.user_id, who.tenant_id, null::uuid, who.kind;
end
$$;
comment on function iam.open_session() is
  'Opens the caller''s session from the facts pushed before it. Raises 52103, 52105 to 52108, 52110 or 52112 when there is none to open.';

create function iam.list_providers()
returns table (
  id uuid, code text, issuer text, audience text[], algorithms text[], jwks jsonb, jwks_uri text, claims jsonb, enabled boolean
)
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$
  select p.id, p.code, p.issuer, p.audience, p.algorithms, p.jwks, p.jwks_uri, p.claims, p.is_enabled
  from iam.providers p
  order by p.code
$$;
comment on function iam.list_providers() is 'What the gateway needs to verify tokens.';
