-- Telling of changes: who follows his own authority, or the audit, hears that there may be something new, and reads it
-- in a session of his own. A notification carries nothing but the id of whom it may concern; it is sent at commit.
-- Who may: authenticator alone asks for the pulse of the audit; a caller asks for the fingerprint of his own authority.

create function iam.tell_of_change()
returns trigger
language plpgsql
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  row_changed jsonb := to_jsonb(case when tg_op = 'DELETE' then old else new end);
begin
  -- the same told twice in a transaction is sent once
  perform pg_notify('portcullis_authority', coalesce(row_changed ->> tg_argv[0], row_changed ->> tg_argv[1], ''));
  return null;
end
$$;
comment on function iam.tell_of_change() is
  'Tells whose authority may have changed: the user or tenant in the first of the named columns that has one, else everybody.';

create trigger tell after update of slug, deleted_at or delete on iam.tenants
  for each row execute function iam.tell_of_change('id');
create trigger tell after insert or update or delete on iam.tenant_members
  for each row execute function iam.tell_of_change('user_id');
create trigger tell after insert or update of parent_id or delete on iam.scopes
  for each row execute function iam.tell_of_change('tenant_id');
create trigger tell after update of is_active, is_locked, may_log_in, selected_tenant_id, deleted_at or delete on iam.users
  for each row execute function iam.tell_of_change('id');
create trigger tell after update of is_enabled, user_id or delete on iam.identities
  for each row execute function iam.tell_of_change('user_id');
create trigger tell after update of is_enabled, issuer or delete on iam.providers
  for each row execute function iam.tell_of_change();
create trigger tell after update of secret_hash, previous_hash, previous_until, expires_at, revoked_at or delete on iam.api_keys
  for each row execute function iam.tell_of_change('user_id');
create trigger tell after insert or update or delete on iam.api_key_grants
  for each row execute function iam.tell_of_change('tenant_id');
create trigger tell after update of is_active or delete on iam.groups
  for each row execute function iam.tell_of_change('tenant_id');
create trigger tell after insert or update or delete on iam.group_members
  for each row execute function iam.tell_of_change('user_id');
create trigger tell after insert or update or delete on iam.group_includes
  for each row execute function iam.tell_of_change('tenant_id');
create trigger tell after insert or delete on iam.features
  for each row execute function iam.tell_of_change();
create trigger tell after delete on iam.roles
  for each row execute function iam.tell_of_change('tenant_id');
create trigger tell after insert or update or delete on iam.role_features
  for each row execute function iam.tell_of_change('tenant_id');
create trigger tell after insert or update or delete on iam.role_includes
  for each row execute function iam.tell_of_change('tenant_id');
create trigger tell after insert or update or delete on iam.grants
  for each row execute function iam.tell_of_change('user_id', 'tenant_id');

-- The authority itself -----------------------------------------------------------------------------------------------

create function iam.grants_of(of_user uuid)
returns table (whose text, effect iam.grant_effect, given_id uuid, scope_id uuid)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := iam.caller_tenant_id();
  is_self boolean := of_user = iam.caller_id();
  actor uuid := case when of_user = iam.caller_id() then iam.actor_id() end;
begin
  return query
  select who.name, g.effect, coalesce(g.role_id, g.feature_id), g.scope_id
  from (values ('caller', of_user), ('actor', actor)) who (name, id)
  cross join lateral (select array(select iam.groups_of(who.id, tenant)) as ids) groups
  join iam.grants g on g.user_id = who.id or g.group_id = any (groups.ids)
  where (g.tenant_id = tenant or g.tenant_id is null)
    and iam.is_live(g.valid_from, g.valid_until)
    and (is_self or iam.why_inactive(of_user, tenant) is null)
  union all
  select 'key', 'allow', k.feature_id, k.scope_id
  from iam.api_key_grants k
  where is_self and k.api_key_id = iam.setting('app.api_key_id')::uuid;
end
$$;
comment on function iam.grants_of(uuid) is
  'The user''s live grants, as long as he is active: the role or feature that is allowed or denied, and where. Of the caller himself, also those of whoever acts as him, and what his API key was given.';

create function iam.grants_met(of_user uuid)
returns table (scope_id uuid, whose text, effect iam.grant_effect, given_id uuid, given_at uuid)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  with given as materialized (
    select * from iam.grants_of(of_user)
  )
  select place.id, g.whose, g.effect, g.given_id, g.scope_id
  from (select distinct given.scope_id from given) place (id)
  cross join lateral (select c.ancestor_id from iam.scope_closure c where c.scope_id = place.id offset 0) above
  join given g on g.scope_id = above.ancestor_id;
end
$$;
comment on function iam.grants_met(uuid) is
  'For each scope at which something was given to the user or denied: every such grant there or above.';

create function iam.features_in(given_id uuid)
returns setof uuid
language sql stable
as $$
  select c.feature_id
  from iam.feature_closure c
  where c.ancestor_id = given_id
  union all
  select c.feature_id
  from iam.role_closure r
  join iam.role_features rf on rf.role_id = r.included_role_id
  join iam.feature_closure c on c.ancestor_id = rf.feature_id
  where r.role_id = given_id
$$;
comment on function iam.features_in(uuid) is
  'Every feature that a role or feature gives; some twice. Becomes part of the asking query.';

create function iam.telling_authority_of(principal text)
returns table (features text, scopes uuid[])
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  with met as materialized (
    select m.scope_id, m.effect, m.given_id, m.given_at = m.scope_id as is_here
    from iam.grants_met(iam.caller_id()) m
    where m.whose = principal
  ), alike as materialized (
    -- of a thousand places most are given the same
    select row_number() over () as number, array_agg(p.scope_id) as scopes
    from (
      select m.scope_id, array_agg(distinct concat(m.effect, m.is_here, m.given_id)) as what from met m group by m.scope_id
    ) p
    group by p.what
  ), judged as (
    select a.number, f.id as feature_id, case
      when bool_or(m.effect = 'allow' and m.is_here)
        and not bool_or(m.effect = 'allow' and not m.is_here)
        and not bool_or(m.effect = 'deny')
      then '+'
      when bool_or(m.effect = 'deny' and m.is_here)
        and not bool_or(m.effect = 'deny' and not m.is_here)
        and bool_or(m.effect = 'allow' and not m.is_here)
      then '-'
    end as sign
    from alike a
    join met m on m.scope_id = a.scopes[1]
    cross join lateral iam.features_in(m.given_id) f (id)
    group by a.number, f.id
  ), told as materialized (
    select j.number, string_agg(j.sign || j.feature_id, ',' order by j.feature_id) as features
    from judged j
    where j.sign is not null
    group by j.number
  )
  select t.features, array_agg(s.id order by s.id)
  from told t
  join alike a on a.number = t.number
  cross join unnest(a.scopes) s (id)
  group by t.features;
end
$$;
comment on function iam.telling_authority_of(text) is
  'What one of the session''s three (caller, actor, key) is allowed (+) and denied (-), and at which scopes, without what changes nothing: what a scope above gives already, what is denied, and denials of what is not held.';

create function iam.next_change_of(whose text)
returns timestamptz
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  who uuid := iam.principal(whose);
  tenant uuid := iam.caller_tenant_id();
begin
  if whose = 'key' then
    return (
      select min(at)
      from iam.api_keys k
      cross join unnest(array[k.expires_at, k.previous_until]) at
      where k.id = iam.setting('app.api_key_id')::uuid and at > statement_timestamp()
    );
  end if;
  return (
    with memberships as materialized (
      select m.group_id, m.valid_from, m.valid_until
      from iam.group_members m
      where m.user_id = who and m.tenant_id = tenant
    ), dated (valid_from, valid_until) as (
      select m.valid_from, m.valid_until from memberships m
      union all
      select g.valid_from, g.valid_until
      from iam.grants g
      where (g.tenant_id = tenant or g.tenant_id is null)
        and (
          g.user_id = who
          or g.group_id in (
            select c.group_id from iam.group_closure c where c.included_group_id in (select m.group_id from memberships m)
          )
        )
    )
    select min(at)
    from dated
    cross join unnest(array[valid_from, valid_until]) at
    where at > statement_timestamp()
  );
end
$$;
comment on function iam.next_change_of(text) is
  'When something of one of the session''s three (caller, actor, key) next begins or ends by its date; null for never.';

create function iam.caller_authority()
returns table (fingerprint text, lasts_millis double precision)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := iam.caller_tenant_id();
  wide uuid[] := array[iam.root_scope_id(tenant), iam.find_scope(null, 'global', 'all')];
  whose text;
  told text;
  narrow uuid[];
  at timestamptz;
begin
  fingerprint := jsonb_build_array(iam.caller_id(), tenant, iam.actor_id())::text;
  foreach whose in array array['caller', 'actor', 'key'] loop
    continue when whose = 'actor' and not iam.is_acting() or whose = 'key' and not iam.has_api_key();
    with authority as materialized (
      select * from iam.telling_authority_of(whose)
    )
    select
      (select string_agg(a.features || ':' || array_to_string(a.scopes, ','), ';' order by a.features) from authority a),
      array(select s.id from authority a cross join unnest(a.scopes) s (id) where s.id <> all (wide))
    into told, narrow;
    -- what stands below each of the scopes; into the root, and out of it, nothing ever moves
    fingerprint := md5(jsonb_build_array(fingerprint, told, (
      select string_agg(b.ancestor_id || '>' || b.below, ';' order by b.ancestor_id)
      from (
        select c.ancestor_id, count(*) || '/' || sum(uuid_hash_extended(c.scope_id, 0)) as below
        from iam.scope_closure c
        where c.ancestor_id = any (narrow)
        group by c.ancestor_id
      ) b
    ))::text);
    at := least(at, iam.next_change_of(whose));
  end loop;
  lasts_millis := extract(epoch from at - clock_timestamp()) * 1000;
  return next;
end
$$;
comment on function iam.caller_authority() is
  'A fingerprint of everything that the session may, which differs when that does, and for how long it holds if nobody changes anything.';

-- The audit ------------------------------------------------------------------------------------------------------------

create function iam.audit_pulse(since bigint)
returns table (mark bigint, written bigint, unsettled bigint)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  oldest bigint := pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
begin
  return query
  select oldest,
         count(*) filter (where e.transaction >= coalesce(since, oldest)),
         count(*) filter (where e.transaction >= oldest)
  from iam.audit_events e
  where e.transaction >= least(since, oldest);
end
$$;
comment on function iam.audit_pulse(bigint) is
  'The transaction below which every event is there for good, how many events are at or above the mark of the last time, and how many are above this one. For the gateway alone.';
