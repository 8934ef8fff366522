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

create function iam.authority_of(whose text)
returns table (effect iam.grant_effect, feature_id uuid, scope_id uuid)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  who uuid := iam.principal(whose);
  tenant uuid := iam.caller_tenant_id();
  in_groups uuid[] := array(select iam.groups_of(who, tenant));
begin
  if whose = 'key' then
    return query
    select distinct 'allow'::iam.grant_effect, c.feature_id, k.scope_id
    from iam.api_key_grants k
    join iam.feature_closure c on c.ancestor_id = k.feature_id
    where k.api_key_id = iam.setting('app.api_key_id')::uuid;
    return;
  end if;
  return query
  select distinct g.effect, c.feature_id, g.scope_id
  from iam.grants g
  left join iam.role_closure r on r.role_id = g.role_id
  left join iam.role_features rf on rf.role_id = r.included_role_id
  join iam.feature_closure c on c.ancestor_id = coalesce(g.feature_id, rf.feature_id)
  where (g.user_id = who or g.group_id = any (in_groups))
    and (g.tenant_id = tenant or g.tenant_id is null)
    and iam.is_live(g.valid_from, g.valid_until);
end
$$;
comment on function iam.authority_of(text) is
  'Every feature that the live grants of one of the session''s three (caller, actor, key) allow or deny, and where.';

create function iam.telling_authority_of(whose text)
returns table (effect iam.grant_effect, feature_id uuid, scope_id uuid)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  with held as materialized (
    select * from iam.authority_of(whose)
  ), places as materialized (
    select c.scope_id, c.ancestor_id
    from (select distinct h.scope_id from held h) at
    cross join lateral (
      select s.scope_id, s.ancestor_id from iam.scope_closure s where s.scope_id = at.scope_id offset 0
    ) c
  )
  select h.effect, h.feature_id, h.scope_id
  from held h
  join places p on p.scope_id = h.scope_id
  join held over on over.scope_id = p.ancestor_id and over.feature_id = h.feature_id
  group by h.effect, h.feature_id, h.scope_id
  having not bool_or(over.effect = h.effect and over.scope_id <> h.scope_id)
    and case h.effect
      when 'allow' then not bool_or(over.effect = 'deny')
      else bool_or(over.effect = 'allow' and over.scope_id <> h.scope_id)
    end;
end
$$;
comment on function iam.telling_authority_of(text) is
  'The same without what changes nothing: what a scope above gives already, what is denied, and denials of what is not held.';

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
    select string_agg(t::text, ';' order by t.effect, t.feature_id, t.scope_id),
           array_agg(distinct t.scope_id) filter (where t.scope_id <> all (wide))
    into told, narrow
    from iam.telling_authority_of(whose) t;
    -- what stands below each of the scopes; into the root, and out of it, nothing ever moves
    fingerprint := md5(jsonb_build_array(fingerprint, told, (
      select jsonb_object_agg(b.ancestor_id, b.below)
      from (
        select c.ancestor_id, jsonb_build_array(count(*), sum(uuid_hash_extended(c.scope_id, 0))) as below
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
