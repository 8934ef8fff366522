-- Why: a client that shows what its user may do asks about many features and scopes at once, and for all that is held.
-- The answers come from the grants that enforce, iam.grants_covering(); what stands here only asks for many at a time.
-- Who may: everybody asks about himself; about others, whoever holds iam.explain there.

create function iam.coverings(of_user uuid, features text[])
returns table (whose text, feature text, scope_id uuid, effect iam.grant_effect)
language plpgsql stable
-- as many as a plan should be ready for: row by row, sets of thousands take minutes to meet
rows 20000
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := iam.caller_tenant_id();
  is_self boolean := of_user = iam.caller_id();
begin
  return query
  with asked (code) as materialized (select distinct f.code from unnest(features) f (code))
  select 'caller', a.code, g.scope_id, g.effect
  from asked a
  cross join lateral iam.grants_covering(of_user, tenant, a.code) g
  where is_self or iam.why_inactive(of_user, tenant) is null
  union all
  select 'actor', a.code, g.scope_id, g.effect
  from asked a
  cross join lateral iam.grants_covering(iam.actor_id(), tenant, a.code) g
  where is_self and iam.is_acting()
  union all
  select 'key', a.code, k.scope_id, 'allow'
  from asked a
  cross join lateral iam.key_scopes(a.code) k (scope_id)
  where is_self and iam.has_api_key();
end
$$;
comment on function iam.coverings(uuid, text[]) is
  'Where the user''s live grants give or deny each of the features, as long as he is active; of the caller himself, also those of whoever acts as him, and what his API key was given.';

create function iam.scopes_above(scopes uuid[])
returns table (scope_id uuid, ancestor_id uuid)
language plpgsql stable
rows 50000
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return query select c.scope_id, c.ancestor_id from iam.scope_closure c where c.scope_id = any (scopes);
end
$$;
comment on function iam.scopes_above(uuid[]) is 'Each of the scopes with every scope above it, itself included.';

create function iam.judges_of(of_user uuid)
returns integer
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$
  select case when of_user = iam.caller_id() then 1 + iam.is_acting()::integer + iam.has_api_key()::integer else 1 end
$$;
comment on function iam.judges_of(uuid) is
  'How many must hold a feature for the user to hold it: himself, and in the caller''s own session whoever acts as him and the API key.';

create function iam.can_all(features text[], scopes text[], of_user text default null)
returns boolean[]
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := iam.caller_tenant_id();
  places uuid[];
  me uuid := iam.caller_id();
  who uuid := me;
  judges integer;
begin
  select array_agg(s.id order by a.place) into places
  from unnest(scopes) with ordinality a (scope, place)
  left join iam.scopes s
    on s.type = split_part(a.scope, '/', 1)
    and s.key = substr(a.scope, nullif(strpos(a.scope, '/'), 0) + 1)
    and (s.tenant_id = tenant or s.tenant_id is null);
  if of_user is not null then
    who := iam.who_is_asked_about(of_user, coalesce(places[1], iam.root_scope_id(tenant)));
  end if;
  if who <> me then
    -- what is nowhere counts as the root: only who may ask there hears that it is nowhere
    perform iam.require('iam.explain', e.scope_id)
    from (select distinct coalesce(p.id, iam.root_scope_id(tenant)) as scope_id from unnest(places) p (id)) e
    where not exists (select from iam.scopes_with('iam.explain') w (id) where w.id = e.scope_id);
  end if;
  judges := iam.judges_of(who);
  return (
    with covering as materialized (
      select * from iam.coverings(who, features)
    ), above as materialized (
      select * from iam.scopes_above(places)
    ), judged as (
      select
        a.place,
        count(distinct g.whose) filter (where g.effect = 'allow') = judges
          and count(*) filter (where g.effect = 'deny') = 0 as is_held
      from unnest(features, places) with ordinality a (feature, scope_id, place)
      left join above c on c.scope_id = a.scope_id
      left join covering g on g.feature = a.feature and g.scope_id = c.ancestor_id
      group by a.place
    )
    select array_agg(j.is_held order by j.place) from judged j
  );
end
$$;
comment on function iam.can_all(text[], text[], text) is
  'Whether the caller, or a member of his tenant, holds each feature at the scope beside it, written type/key. False for what does not exist. Raises 52109 unless the caller holds iam.explain at every scope where he asks about somebody else, then 52103.';

create function iam.features_held(at_scope text default null, of_user text default null)
returns table (feature text, scope text, reaches boolean)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := iam.caller_tenant_id();
  at uuid := case when at_scope is null then iam.root_scope_id(tenant) else iam.scope_named(at_scope) end;
  at_or_above uuid[] := array(select c.ancestor_id from iam.scope_closure c where c.scope_id = at);
  is_anywhere boolean := at_scope is null;
  who uuid := case when of_user is null then iam.caller_id() else iam.who_is_asked_about(of_user, coalesce(at, iam.root_scope_id(tenant))) end;
  is_self boolean := who = iam.caller_id();
  judges integer := iam.judges_of(who);
  -- of others, only what is held where the caller may ask
  told_at uuid[] := case when is_anywhere and not is_self then array(select iam.scopes_with('iam.explain')) end;
begin
  return query
  with met as materialized (
    select
      m.scope_id,
      m.whose,
      m.effect,
      m.given_id,
      m.given_at = m.scope_id as is_here,
      m.given_at <> m.scope_id and (told_at is null or m.given_at = any (told_at)) as is_told_above
    from iam.grants_met(who) m
    where is_anywhere or m.scope_id = any (at_or_above)
  ), alike as materialized (
    -- of a thousand places most are given the same
    select row_number() over () as number, array_agg(p.scope_id) as scopes
    from (
      select m.scope_id, array_agg(distinct concat(m.whose, m.effect, m.is_here, m.is_told_above, m.given_id)) as what
      from met m
      group by m.scope_id
    ) p
    group by p.what
  ), begun as materialized (
    select a.number, f.code
    from alike a
    join met m on m.scope_id = a.scopes[1]
    cross join lateral iam.features_in(m.given_id) given (id)
    join iam.features f on f.id = given.id
    group by a.number, f.code
    having count(distinct m.whose) filter (where m.effect = 'allow') = judges
      and count(*) filter (where m.effect = 'deny') = 0
      and bool_or(m.effect = 'allow' and m.is_here)
      -- what is above gives it here as well
      and count(distinct m.whose) filter (where m.effect = 'allow' and m.is_told_above) < judges
  ), places as materialized (
    select a.number, s.id, s.type || '/' || s.key as name
    from alike a
    cross join unnest(a.scopes) place (id)
    join iam.scopes s on s.id = place.id
    where told_at is null or s.id = any (told_at)
  ), denied as (
    select f.code
    from met m
    cross join lateral iam.features_in(m.given_id) given (id)
    join iam.features f on f.id = given.id
    where m.effect = 'deny'
  )
  select b.code, p.name, p.id = any (at_or_above)
  from begun b
  join places p on p.number = b.number
  -- what is denied further down is not held there
  where is_anywhere or b.code not in (select denied.code from denied)
  order by b.code, p.name;
end
$$;
comment on function iam.features_held(text, text) is
  'Every feature that the caller, or a member of his tenant, holds at a scope written type/key, with the topmost scope that gives it there; without a scope, every feature held anywhere, with the scopes where that begins, and whether it reaches the tenant''s root. Raises 52109 unless the caller holds iam.explain there, then 52103.';

create function iam.may(command text, kind text, id uuid)
returns boolean
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  reference text := kind || ':' || id;
begin
  -- the very checks that the functions begin with which then write
  case kind
    when 'Tenant' then perform iam.tenant_to(command, reference);
    when 'User' then perform case when command = 'remove' then iam.member_to(command, reference) else iam.user_to(command, reference) end;
    when 'Identity' then perform iam.identity_to(command, reference);
    when 'Provider' then perform iam.provider_to(command, reference);
    when 'Group' then perform iam.group_to(command, reference);
    when 'GroupMapping' then perform iam.group_mapping_to(command, reference);
    when 'Role' then perform iam.role_to(command, reference);
    when 'Feature' then perform iam.feature_to(command, reference);
    when 'Scope' then perform iam.scope_to(command, reference);
    when 'Grant' then perform iam.grant_to(command, reference);
    when 'ApiKey' then perform iam.api_key_to(command, reference);
    when 'Token' then perform iam.token_to(command, reference);
  end case;
  return true;
exception when others then
  if sqlstate ~ '^(52|PT4)' then
    return false;
  end if;
  raise;
end
$$;
comment on function iam.may(text, text, uuid) is
  'Whether the caller may do a command with a user, a group, a grant …, by the checks of the function that does it. What it asks of other arguments is told only when it is tried. False for what he may not see.';
