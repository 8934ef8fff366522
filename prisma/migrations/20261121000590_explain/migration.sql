-- Why: what the decision rests on, told as a chain from the user to the scope; and what is missing, where it is denied.
-- The answer itself comes from the functions that enforce; what stands here only finds the words for it.
-- Who may: everybody asks about himself, and learns no more than he may know; about others, whoever holds iam.explain there.

create function iam.scope_named(reference text)
returns uuid
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$
  select iam.find_scope(
    iam.caller_tenant_id(),
    split_part(reference, '/', 1),
    substr(reference, nullif(strpos(reference, '/'), 0) + 1)
  )
$$;
comment on function iam.scope_named(text) is
  'A scope of the caller''s tenant, or the global one, written type/key, whether he may see it or not; null when there is none.';

create function iam.label_of_scope(of_scope uuid)
returns text
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$ select s.type || '/' || s.key from iam.scopes s where s.id = of_scope $$;
comment on function iam.label_of_scope(uuid) is 'How a scope is written: campus/chicago.';

create function iam.who_is_asked_about(reference text, scope uuid)
returns uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := iam.require_caller();
  found_id uuid;
begin
  if reference is null
    or reference = 'User:' || me
    or lower(reference) = (select u.email from iam.users u where u.id = me)
  then
    return me;
  end if;
  perform iam.require('iam.explain', scope);
  select u.id into found_id
  from iam.users u
  join iam.tenant_members m on m.user_id = u.id and m.tenant_id = iam.require_tenant()
  where u.id = iam.id_in(reference, 'User') or u.email = lower(reference);
  if found_id is null then
    raise sqlstate '52103' using message = 'The user does not exist.';
  end if;
  return found_id;
end
$$;
comment on function iam.who_is_asked_about(text, uuid) is
  'The caller, when nobody is named or he himself; else somebody who is or was a member of his tenant. Raises 52109 unless the caller holds iam.explain at the scope, before it says that there is no such user, 52103.';

create function iam.why_inactive(of_user uuid, tenant uuid)
returns text
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$
  select case
    when not iam.may_act_in(of_user, tenant) then 'MEMBER_INACTIVE'
    when not u.is_active then 'USER_INACTIVE'
    when u.is_locked then 'USER_LOCKED'
  end
  from iam.users u
  where u.id = of_user
$$;
comment on function iam.why_inactive(uuid, uuid) is
  'Why no session opens for the user in the tenant; null when one does.';

create function iam.live_grants_at(tenant uuid, any_of uuid[], scope uuid)
returns setof iam.grants
language sql stable
as $$
  select g.*
  from iam.grants g
  where g.feature_id = any (any_of)
    and g.scope_id = any (array(select c.ancestor_id from iam.scope_closure c where c.scope_id = live_grants_at.scope))
    and (g.tenant_id = tenant or g.tenant_id is null)
    and iam.is_live(g.valid_from, g.valid_until)
  union all
  select g.*
  from iam.grants g
  where g.role_id = any (array(
      select c.role_id
      from iam.role_features rf
      join iam.role_closure c on c.included_role_id = rf.role_id
      where rf.feature_id = any (any_of) and (c.tenant_id = tenant or c.tenant_id is null)
    ))
    and g.scope_id = any (array(select c.ancestor_id from iam.scope_closure c where c.scope_id = live_grants_at.scope))
    and (g.tenant_id = tenant or g.tenant_id is null)
    and iam.is_live(g.valid_from, g.valid_until)
$$;
comment on function iam.live_grants_at(uuid, uuid[], uuid) is
  'The live grants, of whomever, that give or deny one of the features at the scope: iam.live_grants(), begun at the other end. Becomes part of the asking query.';

-- The chain -------------------------------------------------------------------------------------------------------------

create function iam.way_between_groups(from_group uuid, to_group uuid)
returns uuid[]
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$
  with recursive walked (id, steps) as (
    select from_group, 0
    union
    select i.group_id, w.steps + 1
    from walked w
    join iam.group_includes i on i.included_group_id = w.id
    join iam.group_closure c on c.included_group_id = i.group_id and c.group_id = to_group
    where w.id <> to_group
  ), back (id, steps) as (
    (select w.id, w.steps from walked w where w.id = to_group order by w.steps limit 1)
    union all
    select before.id, b.steps - 1
    from back b
    cross join lateral (
      select w.id
      from walked w
      join iam.group_includes i on i.included_group_id = w.id and i.group_id = b.id
      where w.steps = b.steps - 1
      order by w.id
      limit 1
    ) before
  )
  select array_agg(b.id order by b.steps) from back b
$$;
comment on function iam.way_between_groups(uuid, uuid) is
  'The shortest way from a group up to one that it counts as a member of, both included; through active groups only.';

create function iam.way_between_roles(from_role uuid, features uuid[])
returns uuid[]
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$
  with recursive walked (id, steps) as (
    select from_role, 0
    union
    select i.included_role_id, w.steps + 1
    from walked w
    join iam.role_includes i on i.role_id = w.id
    -- no further than the nearest role that gives one of them
    where not exists (select from iam.role_features rf where rf.role_id = w.id and rf.feature_id = any (features))
  ), back (id, steps) as (
    (
      select w.id, w.steps
      from walked w
      where exists (select from iam.role_features rf where rf.role_id = w.id and rf.feature_id = any (features))
      order by w.steps, w.id
      limit 1
    )
    union all
    select before.id, b.steps - 1
    from back b
    cross join lateral (
      select w.id
      from walked w
      join iam.role_includes i on i.role_id = w.id and i.included_role_id = b.id
      where w.steps = b.steps - 1
      order by w.id
      limit 1
    ) before
  )
  select array_agg(b.id order by b.steps) from back b
$$;
comment on function iam.way_between_roles(uuid, uuid[]) is
  'The shortest way from a role down to one that gives one of the features itself, both included.';

create function iam.link(kind text, label text, id text)
returns jsonb
language sql stable
as $$ select jsonb_build_array(jsonb_build_object('kind', kind, 'label', label, 'id', id)) $$;
comment on function iam.link(text, text, text) is 'A chain of one link. Becomes part of the asking query.';

create function iam.link_of(person iam.users)
returns jsonb
language sql stable
as $$ select iam.link('USER', coalesce(person.email, person.name, person.id::text), 'User:' || person.id) $$;
comment on function iam.link_of(iam.users) is 'The link that a user''s chain begins with. Becomes part of the asking query.';

create function iam.links_of_groups(groups uuid[])
returns jsonb
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(iam.link('GROUP', g.name, 'Group:' || g.id) -> 0 order by w.place), '[]')
  from unnest(groups) with ordinality w (id, place)
  join iam.groups g on g.id = w.id
$$;
comment on function iam.links_of_groups(uuid[]) is 'The links of some groups, in their order.';

create function iam.links_of_grant(role_id uuid, feature_id uuid, scope_id uuid, features uuid[])
returns jsonb
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  roles uuid[] := case when links_of_grant.role_id is not null then iam.way_between_roles(links_of_grant.role_id, features) end;
begin
  return coalesce(
    (
      select jsonb_agg(iam.link('ROLE', r.code, 'Role:' || r.id) -> 0 order by w.place)
      from unnest(roles) with ordinality w (id, place)
      join iam.roles r on r.id = w.id
    ),
    '[]'
  ) || (
    select iam.link('FEATURE', f.code, 'Feature:' || f.id)
    from iam.features f
    where f.id = links_of_grant.feature_id
      or f.id in (select rf.feature_id from iam.role_features rf where rf.role_id = roles[cardinality(roles)] and rf.feature_id = any (features))
    -- of several that a role gives, the nearest to what was asked
    order by length(f.code) desc
    limit 1
  ) || iam.link('SCOPE', iam.label_of_scope(links_of_grant.scope_id), 'Scope:' || links_of_grant.scope_id);
end
$$;
comment on function iam.links_of_grant(uuid, uuid, uuid, uuid[]) is
  'What a grant gives of the features, as the links of a chain: its role and the roles in it, the feature, the scope.';

create function iam.ways_through_groups(users uuid[], tenant uuid, held_by uuid[])
returns table (user_id uuid, group_id uuid, groups uuid[], links jsonb)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  with belonging as materialized (
    select m.user_id, c.included_group_id, c.group_id
    from iam.group_members m
    join iam.group_closure c on c.included_group_id = m.group_id
    where m.tenant_id = tenant
      and m.user_id = any (users)
      and iam.is_live(m.valid_from, m.valid_until)
      and c.group_id = any (held_by)
  ), ways as materialized (
    -- once, however many go the same way
    select w.included_group_id, w.group_id, w.groups, iam.links_of_groups(w.groups) as links
    from (
      select b.included_group_id, b.group_id, iam.way_between_groups(b.included_group_id, b.group_id) as groups
      from (select distinct belonging.included_group_id, belonging.group_id from belonging) b
      offset 0
    ) w
  )
  select b.user_id, w.group_id, w.groups, w.links
  from belonging b
  join ways w on w.included_group_id = b.included_group_id and w.group_id = b.group_id;
end
$$;
comment on function iam.ways_through_groups(uuid[], uuid, uuid[]) is
  'The shortest ways by which some of the users are in some groups at this moment: the groups from their own up, and as links of a chain.';

create function iam.chains(users uuid[], tenant uuid, feature text, scope uuid)
returns table (user_id uuid, chain jsonb)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  above uuid[] := iam.features_above(feature);
begin
  return query
  with reaching as materialized (
    select g.user_id, g.group_id, g.role_id, g.feature_id, g.scope_id
    from iam.live_grants_at(tenant, above, chains.scope) g
    where g.effect = 'allow' and (g.user_id = any (users) or g.group_id is not null)
  ), ends as materialized (
    select e.role_id, e.feature_id, e.scope_id, iam.links_of_grant(e.role_id, e.feature_id, e.scope_id, above) as links
    from (select distinct r.role_id, r.feature_id, r.scope_id from reaching r) e
  ), given as materialized (
    select distinct on (r.user_id, r.group_id) r.user_id, r.group_id, e.links
    from reaching r
    -- either a role is given or a feature
    join ends e on coalesce(e.role_id, e.feature_id) = coalesce(r.role_id, r.feature_id) and e.scope_id = r.scope_id
    order by r.user_id, r.group_id, jsonb_array_length(e.links), e.links
  ), reasons (user_id, groups, through, links) as (
    select g.user_id, '{}'::uuid[], '[]'::jsonb, g.links from given g where g.user_id is not null
    union all
    select w.user_id, w.groups, w.links, g.links
    from iam.ways_through_groups(users, tenant, array(select given.group_id from given)) w
    join given g on g.group_id = w.group_id
  ), shortest as (
    select distinct on (r.user_id) r.user_id, r.through || r.links as links
    from reasons r
    order by r.user_id, cardinality(r.groups) + jsonb_array_length(r.links), r.groups, r.links
  )
  select u.id, iam.link_of(u) || s.links
  from shortest s
  join iam.users u on u.id = s.user_id;
end
$$;
comment on function iam.chains(uuid[], uuid, text, uuid) is
  'By user, the shortest chain of live allow-grants that gives him the feature at the scope: user, groups, roles, feature, scope. No row for whom none does.';

-- What is missing ---------------------------------------------------------------------------------------------------------

create function iam.blocked_grants(of_user uuid, tenant uuid, feature text, scope uuid)
returns table (grant_id uuid, reason text, is_of_his boolean)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  above uuid[] := iam.features_above(feature);
begin
  return query
  with recursive joined (group_id, block) as (
    select m.group_id, case
      when m.valid_until <= statement_timestamp() then 'EXPIRED'
      when m.valid_from > statement_timestamp() then 'NOT_YET'
      when not g.is_active then 'GROUP_INACTIVE'
    end
    from iam.group_members m
    join iam.groups g on g.id = m.group_id
    where m.tenant_id = tenant and m.user_id = of_user
    union
    select i.group_id, coalesce(j.block, case when not g.is_active then 'GROUP_INACTIVE' end)
    from joined j
    join iam.group_includes i on i.included_group_id = j.group_id
    join iam.groups g on g.id = i.group_id
  ), found as (
    select g.id, j.block is null as is_of_his, coalesce(j.block, case
      when g.valid_until <= statement_timestamp() then 'EXPIRED'
      when g.valid_from > statement_timestamp() then 'NOT_YET'
    end) as block
    from iam.grants g
    left join joined j on j.group_id = g.group_id
    where (g.user_id = of_user or j.group_id is not null)
      and g.effect = 'allow'
      and (g.tenant_id = tenant or g.tenant_id is null)
      and g.scope_id in (select c.ancestor_id from iam.scope_closure c where c.scope_id = blocked_grants.scope)
      and iam.gives(g.role_id, g.feature_id, above)
  )
  select f.id, f.block, f.is_of_his from found f where f.block is not null order by f.block, f.id;
end
$$;
comment on function iam.blocked_grants(uuid, uuid, text, uuid) is
  'The grants that would give the user the feature at the scope, were they or a membership not over or still to come, or a group not inactive; and whether they are given to him or to a group that he is in now.';

create function iam.told(of_grant iam.grants, feature uuid)
returns jsonb
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'feature', (select f.code from iam.features f where f.id = told.feature),
    'scope', iam.label_of_scope(of_grant.scope_id),
    'via', coalesce(
      nullif(
        concat_ws(
          ' → ',
          (select g.name from iam.groups g where g.id = of_grant.group_id),
          (select r.code from iam.roles r where r.id = of_grant.role_id)
        ),
        ''
      ),
      'directly'
    )
  )
$$;
comment on function iam.told(iam.grants, uuid) is 'A grant as one line: what of it is meant, where, and through which group and role.';

create function iam.denies_told(of_user uuid, tenant uuid, feature text, scope uuid)
returns jsonb
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  above uuid[] := iam.features_above(feature);
begin
  return (
    select coalesce(jsonb_agg(iam.told(g, given.feature_id) order by iam.label_of_scope(g.scope_id), g.id), '[]')
    from iam.live_grants_at(tenant, above, denies_told.scope) g
    cross join lateral (
      select f.id as feature_id
      from iam.features f
      where f.id = any (above) and iam.gives(g.role_id, g.feature_id, array[f.id])
      order by length(f.code) desc
      limit 1
    ) given
    where g.user_id = of_user and g.effect = 'deny'
  );
end
$$;
comment on function iam.denies_told(uuid, uuid, text, uuid) is 'The live deny-grants to the user that cover the feature at the scope.';

create function iam.nearest_grant(of_user uuid, tenant uuid, feature text, scope uuid, told_at uuid[])
returns jsonb
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  asked iam.features;
  above uuid[] := iam.features_above(feature);
  at_or_above uuid[] := array(select c.ancestor_id from iam.scope_closure c where c.scope_id = nearest_grant.scope);
  in_groups uuid[] := array(select iam.groups_of(of_user, tenant));
begin
  select * into asked from iam.features f where f.code = nearest_grant.feature;
  return (
    select iam.told(g, f.id)
    from iam.grants g
    cross join lateral (
      select g.feature_id as id where g.feature_id is not null
      union
      select rf.feature_id
      from iam.role_closure rc
      join iam.role_features rf on rf.role_id = rc.included_role_id
      where rc.role_id = g.role_id
    ) given
    join iam.features f on f.id = given.id
    cross join lateral (
      select case
        when f.id = any (above) then 1
        when g.scope_id <> all (at_or_above) then null
        when exists (select from iam.feature_closure c where c.feature_id = f.id and c.ancestor_id = asked.id) then 2
        when f.parent_id = asked.parent_id then 3
      end as rank
    ) how
    where (g.user_id = of_user or g.group_id = any (in_groups))
      and g.effect = 'allow'
      and (g.tenant_id = tenant or g.tenant_id is null)
      and (g.valid_from is null or g.valid_from <= statement_timestamp())
      and (g.valid_until is null or g.valid_until > statement_timestamp())
      and how.rank is not null
      and (told_at is null or g.scope_id = any (at_or_above) or g.scope_id = any (told_at))
    order by
      how.rank,
      -- the place that has the most above it in common
      (select count(*) from iam.scope_closure c where c.scope_id = g.scope_id and c.ancestor_id = any (at_or_above)) desc,
      iam.label_of_scope(g.scope_id),
      f.code,
      g.id
    limit 1
  );
end
$$;
comment on function iam.nearest_grant(uuid, uuid, text, uuid, uuid[]) is
  'The live grant of the user that comes nearest to the feature at the scope: the feature elsewhere (only at the given scopes, unless null), else one below or beside it here; null when there is none.';

create function iam.why_not_held(
  of_user uuid, tenant uuid, feature text, scope uuid, knows_groups boolean, told_at uuid[]
)
returns jsonb
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  denies jsonb := iam.denies_told(of_user, tenant, feature, scope);
  is_given boolean := exists (select from iam.chains(array[of_user], tenant, feature, scope));
  blocked record;
  nearest jsonb;
begin
  select b.* into blocked
  from iam.blocked_grants(of_user, tenant, feature, scope) b
  where not is_given and (knows_groups or b.is_of_his)
  limit 1;
  if blocked.grant_id is not null then
    select iam.told(g, f.id) into nearest
    from iam.grants g
    join iam.features f on f.id = any (iam.features_above(why_not_held.feature)) and iam.gives(g.role_id, g.feature_id, array[f.id])
    where g.id = blocked.grant_id
    order by length(f.code) desc
    limit 1;
  else
    nearest := iam.nearest_grant(of_user, tenant, feature, scope, told_at);
  end if;
  return jsonb_build_object(
    'reason', case when denies <> '[]' then 'DENIED_BY_GRANT' else coalesce(blocked.reason, 'NOT_HELD') end,
    'missing', case when not is_given then feature end,
    'nearest', nearest,
    'denies', denies
  );
end
$$;
comment on function iam.why_not_held(uuid, uuid, text, uuid, boolean, uuid[]) is
  'Why the user does not hold the feature at the scope: reason, the feature that is missing, the nearest grant, the denies. What a group holds that he is not in now is told only where the asker may know.';

-- The answer ----------------------------------------------------------------------------------------------------------------

create function iam.explain_for(of_user uuid, tenant uuid, feature text, scope uuid, told_at uuid[])
returns jsonb
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  inactive text := iam.why_inactive(of_user, tenant);
  answer jsonb := '{"allowed": false, "chain": [], "denies": []}';
begin
  if not exists (select from iam.features f where f.code = explain_for.feature) then
    return answer || '{"reason": "UNKNOWN_FEATURE"}';
  elsif inactive is not null then
    return answer || jsonb_build_object('reason', inactive);
  elsif not iam.user_can(of_user, tenant, feature, scope) then
    return answer || iam.why_not_held(of_user, tenant, feature, scope, true, told_at);
  end if;
  return answer || jsonb_build_object('allowed', true, 'reason', 'ALLOWED', 'chain', coalesce(
    (select c.chain from iam.chains(array[of_user], tenant, feature, scope) c), '[]'
  ));
end
$$;
comment on function iam.explain_for(uuid, uuid, text, uuid, uuid[]) is
  'Why a user holds the feature at the scope, or why not, for who may know everything of it; the nearest grant only at the given scopes, unless null.';

create function iam.explain(feature text, scope text, of_user text default null)
returns jsonb
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := iam.caller_tenant_id();
  at_scope uuid := iam.scope_named(explain.scope);
  me uuid := iam.require_caller();
  asked uuid := iam.who_is_asked_about(of_user, at_scope);
  is_entitled boolean := iam.caller_can('iam.explain', at_scope);
  -- what a key or somebody acting as the user may know of him, he may ask like anybody else
  may_know boolean := is_entitled or not iam.is_delegated();
  is_allowed boolean := iam.caller_can(feature, at_scope);
  answer jsonb := '{"allowed": false, "chain": [], "denies": []}';
begin
  if asked <> me then
    return iam.explain_for(asked, tenant, feature, at_scope, array(select iam.scopes_with('iam.explain')));
  elsif not is_allowed and (at_scope is null or at_scope not in (select iam.readable_scopes())) then
    return answer || '{"reason": "UNKNOWN_SCOPE"}';
  elsif not exists (select from iam.features f where f.code = explain.feature) then
    return answer || '{"reason": "UNKNOWN_FEATURE"}';
  elsif is_allowed then
    return answer || jsonb_build_object('allowed', true, 'reason', 'ALLOWED', 'chain', coalesce(
      (select c.chain from iam.chains(array[me], tenant, feature, at_scope) c where may_know), '[]'
    ));
  elsif may_know and not iam.user_can(me, tenant, feature, at_scope) then
    return answer || iam.why_not_held(me, tenant, feature, at_scope, is_entitled, null);
  end if;
  return answer || jsonb_build_object('missing', feature, 'reason', case
    when iam.has_api_key() and not exists (
      select
      from iam.scope_closure c
      where c.scope_id = at_scope and c.ancestor_id in (select iam.key_scopes(feature))
    ) then 'KEY_NOT_GIVEN'
    when iam.is_acting() and not iam.user_can(iam.actor_id(), tenant, feature, at_scope) then 'ACTOR_NOT_ALLOWED'
    else 'NOT_HELD'
  end);
end
$$;
comment on function iam.explain(text, text, text) is
  'Why the caller, or another user, holds the feature at the scope, written type/key, or why not. About others it needs iam.explain there: raises 52109, 52103.';
