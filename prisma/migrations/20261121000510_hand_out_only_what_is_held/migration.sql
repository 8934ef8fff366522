-- No escalation: nobody can cause any principal, himself included, to gain a feature at a scope that he does not hold
-- there, with no deny touching it, for as long as he gives it.
-- Who may: the functions that write authority ask; nobody else.

create function iam.held_until(of_user uuid, tenant uuid, feature uuid, scope uuid)
returns timestamptz
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    with held as (
      select g.role_id, g.feature_id, coalesce(g.valid_until, 'infinity') as ends
      from iam.grants g
      join iam.scope_closure sc on sc.ancestor_id = g.scope_id and sc.scope_id = held_until.scope
      where g.user_id = of_user
        and g.effect = 'allow'
        and (g.tenant_id = tenant or g.tenant_id is null)
        and iam.is_live(g.valid_from, g.valid_until)
      union all
      select g.role_id, g.feature_id, least(coalesce(g.valid_until, 'infinity'), coalesce(m.valid_until, 'infinity'))
      from iam.group_members m
      join iam.group_closure gc on gc.included_group_id = m.group_id
      join iam.grants g on g.group_id = gc.group_id
      join iam.scope_closure sc on sc.ancestor_id = g.scope_id and sc.scope_id = held_until.scope
      where m.tenant_id = tenant
        and m.user_id = of_user
        and g.effect = 'allow'
        and iam.is_live(m.valid_from, m.valid_until)
        and iam.is_live(g.valid_from, g.valid_until)
    )
    select max(held.ends)
    from held
    where iam.gives(held.role_id, held.feature_id, array(
      select c.ancestor_id from iam.feature_closure c where c.feature_id = held_until.feature
    ))
  );
end
$$;
comment on function iam.held_until(uuid, uuid, uuid, uuid) is
  'Until when the user''s allow-grants give him the feature at the scope; infinity when for good, null when they do not.';

create function iam.is_touched_by_deny(of_user uuid, feature uuid, scope uuid)
returns boolean
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (
    select
    from iam.grants g
    left join iam.role_closure rc on rc.role_id = g.role_id
    left join iam.role_features rf on rf.role_id = rc.included_role_id
    join iam.feature_closure fc
      on (fc.feature_id = is_touched_by_deny.feature and fc.ancestor_id = coalesce(g.feature_id, rf.feature_id))
      or (fc.ancestor_id = is_touched_by_deny.feature and fc.feature_id = coalesce(g.feature_id, rf.feature_id))
    join iam.scope_closure sc
      on (sc.scope_id = is_touched_by_deny.scope and sc.ancestor_id = g.scope_id)
      or (sc.ancestor_id = is_touched_by_deny.scope and sc.scope_id = g.scope_id)
    where g.user_id = of_user
      and g.effect = 'deny'
      and (g.valid_until is null or g.valid_until > statement_timestamp())
  );
end
$$;
comment on function iam.is_touched_by_deny(uuid, uuid, uuid) is
  'Whether a deny against the user, in force now or later, meets the feature or something above or below it, at the scope or above or below it, in whatever tenant.';

create function iam.lacks(of_user uuid, tenant uuid, features uuid[], scopes uuid[], untils timestamptz[])
returns text
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
-- how much is asked and held differs too much from call to call for one plan
set plan_cache_mode = force_custom_plan
as $$
declare
  held_features uuid[];
  held_scopes uuid[];
  held_untils timestamptz[];
  features_above uuid[] := array(
    select distinct c.ancestor_id from iam.feature_closure c where c.feature_id = any (features)
  );
  scopes_above uuid[] := array(
    select distinct c.ancestor_id from iam.scope_closure c where c.scope_id = any (scopes)
  );
  is_denied boolean := exists (
    select
    from iam.grants g
    where g.user_id = of_user
      and g.effect = 'deny'
      and (g.valid_until is null or g.valid_until > statement_timestamp())
  );
begin
  select array_agg(given.feature_id), array_agg(held.scope_id), array_agg(held.ends)
  into held_features, held_scopes, held_untils
  from (
    select g.role_id, g.feature_id, g.scope_id, coalesce(g.valid_until, 'infinity') as ends
    from iam.grants g
    where g.user_id = of_user
      and g.effect = 'allow'
      and (g.tenant_id = tenant or g.tenant_id is null)
      and iam.is_live(g.valid_from, g.valid_until)
    union all
    select g.role_id, g.feature_id, g.scope_id, least(coalesce(g.valid_until, 'infinity'), coalesce(m.valid_until, 'infinity'))
    from iam.group_members m
    join iam.group_closure gc on gc.included_group_id = m.group_id
    join iam.grants g on g.group_id = gc.group_id
    where m.tenant_id = tenant
      and m.user_id = of_user
      and g.effect = 'allow'
      and iam.is_live(m.valid_from, m.valid_until)
      and iam.is_live(g.valid_from, g.valid_until)
  ) held
  cross join lateral (
    select held.feature_id where held.feature_id is not null
    union all
    select rf.feature_id
    from iam.role_closure rc
    join iam.role_features rf on rf.role_id = rc.included_role_id
    where rc.role_id = held.role_id
  ) given (feature_id)
  -- nothing else can cover what is asked
  where held.scope_id = any (scopes_above) and given.feature_id = any (features_above);

  return (
    with needed as materialized (
      select n.feature_id, n.scope_id, max(n.until) as until
      from unnest(features, scopes, untils) n (feature_id, scope_id, until)
      group by n.feature_id, n.scope_id
    ), reached as materialized (
      select n.feature_id, n.scope_id, n.until, fc.ancestor_id as feature_above, sc.ancestor_id as scope_above
      from needed n
      join iam.feature_closure fc on fc.feature_id = n.feature_id
      join iam.scope_closure sc on sc.scope_id = n.scope_id
    ), covered as materialized (
      select distinct r.feature_id, r.scope_id
      from reached r
      join unnest(held_features, held_scopes, held_untils) held (feature_id, scope_id, until)
        on held.feature_id = r.feature_above and held.scope_id = r.scope_above and held.until >= r.until
    )
    select f.code
    from needed n
    join iam.features f on f.id = n.feature_id
    left join covered c on c.feature_id = n.feature_id and c.scope_id = n.scope_id
    where c.feature_id is null
      or (is_denied and iam.is_touched_by_deny(of_user, n.feature_id, n.scope_id))
    order by f.code
    limit 1
  );
end
$$;
comment on function iam.lacks(uuid, uuid, uuid[], uuid[], timestamptz[]) is
  'The first of the features that the user does not hold at the scope beside it, and all below it, until the moment beside it, or that a deny touches there; null when he holds them all.';

create function iam.require_to_hold(features uuid[], scopes uuid[], untils timestamptz[])
returns void
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := iam.caller_tenant_id();
  missing text;
begin
  if coalesce(cardinality(features), 0) = 0 then
    return;
  end if;
  missing := iam.lacks(iam.caller_id(), tenant, features, scopes, untils);
  -- whoever acts as him, and the key, hand out no more than they hold themselves
  if missing is null and iam.is_acting() then
    missing := iam.lacks(iam.actor_id(), tenant, features, scopes, untils);
  end if;
  if missing is null and iam.has_api_key() then
    select f.code into missing
    from unnest(features, scopes) n (feature_id, scope_id)
    join iam.features f on f.id = n.feature_id
    where not exists (
      select
      from iam.scope_closure c
      where c.scope_id = n.scope_id and c.ancestor_id in (select iam.key_scopes(f.code))
    )
    order by f.code
    limit 1;
  end if;
  if missing is not null then
    raise sqlstate '52109' using
      message = 'Nobody hands out what he does not hold himself, there and for as long.',
      detail = jsonb_build_object('requires', missing)::text;
  end if;
end
$$;
comment on function iam.require_to_hold(uuid[], uuid[], timestamptz[]) is
  'Raises 52109 unless the session holds each feature at the scope beside it and all below it, until the moment beside it, with no deny touching it.';

create function iam.require_to_hand_out(role uuid, feature uuid, scope uuid, valid_until timestamptz)
returns void
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  given uuid[] := array(
    select require_to_hand_out.feature
    where require_to_hand_out.feature is not null
    union
    select rf.feature_id
    from iam.role_closure rc
    join iam.role_features rf on rf.role_id = rc.included_role_id
    where rc.role_id = require_to_hand_out.role
  );
begin
  perform iam.require_to_hold(
    given,
    array_fill(scope, array[cardinality(given)]),
    array_fill(coalesce(valid_until, 'infinity'), array[cardinality(given)])
  );
end
$$;
comment on function iam.require_to_hand_out(uuid, uuid, uuid, timestamptz) is
  'Raises 52109 unless the caller holds everything that the role or feature gives, at the scope and all below it, for as long, with no deny touching it.';

create function iam.require_to_hand_out_group(of_group uuid, valid_until timestamptz)
returns void
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform iam.require_to_hold(array_agg(given.feature_id), array_agg(given.scope_id), array_agg(given.until))
  from (
    select
      coalesce(g.feature_id, rf.feature_id) as feature_id,
      g.scope_id,
      least(coalesce(g.valid_until, 'infinity'), coalesce(require_to_hand_out_group.valid_until, 'infinity')) as until
    from iam.grants g
    left join iam.role_closure rc on rc.role_id = g.role_id
    left join iam.role_features rf on rf.role_id = rc.included_role_id
    where g.effect = 'allow'
      and (g.valid_until is null or g.valid_until > statement_timestamp())
      -- as an array, so that their few grants are found by index and not all grants read
      and g.group_id = any (array(
        with recursive above (id) as (
          select of_group
          union
          select link.group_id from above join iam.group_includes link on link.included_group_id = above.id
        )
        select id from above
      ))
  ) given;
end
$$;
comment on function iam.require_to_hand_out_group(uuid, timestamptz) is
  'Raises 52109 unless the caller holds everything that the group, and every group it is in, holds now or later.';

create function iam.require_an_owner(tenant uuid, leaving uuid default null, ending uuid default null)
returns void
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if tenant is not null and not exists (
    select
    from iam.grants g
    join iam.roles r on r.id = g.role_id and r.tenant_id is null and r.code = 'tenant_owner'
    join iam.users u on u.id = g.user_id and u.is_active and not u.is_locked
    join iam.tenant_members m on m.tenant_id = g.tenant_id and m.user_id = g.user_id and m.deleted_at is null
    where g.tenant_id = require_an_owner.tenant
      and g.user_id is distinct from leaving
      and g.id is distinct from ending
      and g.scope_id = iam.root_scope_id(require_an_owner.tenant)
      and g.effect = 'allow'
      and g.valid_until is null
      and iam.is_live(g.valid_from, g.valid_until)
      -- an owner who is kept from granting, now or later, can't help the tenant
      and not exists (
        select
        from iam.grants d
        join iam.scope_closure c on c.ancestor_id = d.scope_id and c.scope_id = g.scope_id
        where d.user_id = g.user_id
          and d.effect = 'deny'
          and (d.valid_until is null or d.valid_until > statement_timestamp())
          and iam.gives(d.role_id, d.feature_id, iam.features_above('iam.grants.create'))
      )
  ) then
    raise sqlstate '52280' using message = 'A tenant keeps at least one owner.';
  end if;
end
$$;
comment on function iam.require_an_owner(uuid, uuid, uuid) is
  'Raises 52280 when the tenant has no owner who can act, or none but the user who is leaving, or none but by the grant that is ending.';

create function iam.require_to_hand_out_user(of_user uuid)
returns void
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform iam.require_to_hand_out(g.role_id, g.feature_id, g.scope_id, g.valid_until)
  from iam.grants g
  where g.user_id = of_user
    and g.effect = 'allow'
    and (g.valid_until is null or g.valid_until > statement_timestamp());
  perform iam.require_to_hand_out_group(m.group_id, m.valid_until)
  from iam.group_members m
  where m.user_id = of_user
    and (m.valid_until is null or m.valid_until > statement_timestamp());
end
$$;
comment on function iam.require_to_hand_out_user(uuid) is
  'Raises 52109 unless the caller holds everything that the user holds now or later, himself and through his groups, in every tenant.';

create function iam.require_to_hand_out_through_role(of_role uuid, features uuid[], effect iam.grant_effect)
returns void
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform iam.require_to_hand_out(
    null, f.id, g.scope_id,
    case when require_to_hand_out_through_role.effect = 'allow' then g.valid_until end
  )
  from iam.role_closure c
  join iam.grants g on g.role_id = c.role_id
  cross join unnest(features) f (id)
  where c.included_role_id = of_role
    and g.effect = require_to_hand_out_through_role.effect
    and (g.valid_until is null or g.valid_until > statement_timestamp());
end
$$;
comment on function iam.require_to_hand_out_through_role(uuid, uuid[], iam.grant_effect) is
  'Raises 52109 unless the caller holds the features wherever the role is granted with the effect, directly or inside another role.';

create function iam.features_of_role(of_role uuid)
returns uuid[]
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(distinct rf.feature_id), '{}')
  from iam.role_closure c
  join iam.role_features rf on rf.role_id = c.included_role_id
  where c.role_id = of_role
$$;
comment on function iam.features_of_role(uuid) is 'The features that a role gives, itself and through the roles it includes.';

create function iam.require_owners(of_user uuid, is_leaving boolean)
returns void
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform iam.require_an_owner(g.tenant_id, case when is_leaving then of_user end)
  from iam.grants g
  join iam.roles r on r.id = g.role_id and r.tenant_id is null and r.code = 'tenant_owner'
  join iam.tenants t on t.id = g.tenant_id and t.deleted_at is null
  where g.user_id = of_user and g.effect = 'allow';
end
$$;
comment on function iam.require_owners(uuid, boolean) is
  'Raises 52280 when a tenant that the user owns has no owner who can act, or none but him, and he is leaving.';
