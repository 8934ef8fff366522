-- Why and who, for single rows: what a table's policies say of a row for any user, by which way it is open to him, to whom
-- else it is open, and which rows are open to one user.
-- What is allowed is judged by the policies themselves, taken from the catalog; by which way, by the function
-- ways_to_<table> that is generated beside them.
-- Who may: everybody asks about himself; about others, whoever holds iam.explain at the row's scope.

create function iam.protected_table(name text)
returns regclass
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  of_table regclass := to_regclass(name);
begin
  if of_table is null or iam.ways_function(of_table) is null then
    raise sqlstate 'PT400' using message = 'Rows of this type are not explained.';
  end if;
  return of_table;
end
$$;
comment on function iam.protected_table(text) is 'A table that portcullis protect guards, by its name; raises PT400 for any other.';

create function iam.ways_function(of_table regclass)
returns regprocedure
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$
  select to_regprocedure(format(
    'iam.%I(uuid, text)',
    'ways_to_' || case when n.nspname = 'public' then '' else n.nspname || '_' end || c.relname
  ))
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  where c.oid = of_table
$$;
comment on function iam.ways_function(regclass) is 'The function that knows the ways to the rows of a table; null when there is none.';

create function iam.ways_to(of_table regclass, row_id uuid, command text)
returns table (way text, feature text, scope_id uuid, user_id uuid, group_id uuid, parent text, parent_id uuid)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return query execute format('select * from %s($1, $2)', iam.ways_function(of_table)::regproc) using row_id, command;
end
$$;
comment on function iam.ways_to(regclass, uuid, text) is 'Where a row stands and by which ways it is open, whoever asks; nothing when it is not there.';

-- What the policies say ---------------------------------------------------------------------------------------------------

create function iam.policy_condition(of_policy oid)
returns text
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  condition text;
  tree text;
  beside regclass;
  reads text;
begin
  select pg_get_expr(p.polqual, p.polrelid), p.polqual::text into condition, tree from pg_policy p where p.oid = of_policy;
  -- these functions see every row of the table beside; the policy's reader sees those that its own policies show him
  for beside in
    select distinct d.refobjid::regclass
    from pg_depend d
    join pg_policy p on p.oid = d.objid
    join pg_class c on c.oid = d.refobjid and c.relrowsecurity
    where d.classid = 'pg_policy'::regclass
      and d.objid = of_policy
      and d.refclassid = 'pg_class'::regclass
      and d.refobjid <> p.polrelid
  loop
    reads := format('FROM %s ', beside);
    -- as often as the tree says that the table is read: else it is written in another way, or a string looks like it
    if array_length(string_to_array(condition, reads), 1)
      <> array_length(string_to_array(tree, format(':rtekind 0 :relid %s ', beside::oid)), 1)
    then
      raise sqlstate 'PT400' using message = 'Rows of this type are not explained.';
    end if;
    condition := replace(
      condition, reads, format('FROM (select * from %s where %s) ', beside, iam.command_condition(beside, 'r'))
    );
  end loop;
  return condition;
end
$$;
comment on function iam.policy_condition(oid) is
  'What a policy asks of a row, as a condition that means the same where row-level security hides nothing. Raises PT400 for a policy that can''t be said so.';

create function iam.policies_for(of_table regclass, command "char")
returns table (id oid, name text, is_permissive boolean)
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$
  select p.oid, p.polname::text, p.polpermissive
  from pg_policy p
  where p.polrelid = of_table and p.polcmd in (command, '*') and p.polroles && array['web_user'::regrole, 'web_delegate'::regrole, 0]::oid[]
  order by p.polpermissive, p.polname
$$;
comment on function iam.policies_for(regclass, "char") is 'The policies that judge a command of web_user, and of web_delegate, on the rows of a table.';

create function iam.command_condition(of_table regclass, command "char")
returns text
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$
  select format(
    '(%s) and (%s)',
    coalesce(string_agg(c.condition, ' or ') filter (where p.is_permissive), 'false'),
    coalesce(string_agg(c.condition, ' and ') filter (where not p.is_permissive), 'true')
  )
  from iam.policies_for(of_table, command) p
  cross join lateral (select '(' || iam.policy_condition(p.id) || ')' as condition) c
$$;
comment on function iam.command_condition(regclass, "char") is 'What all the policies of a command ask of a row together.';

create function iam.step_into(of_user uuid)
returns text[]
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  names constant text[] := array['app.user_id', 'app.identity_id', 'app.actor_id', 'app.api_key_id'];
  before text[] := array(select coalesce(current_setting(n, true), '') from unnest(names) with ordinality u (n, place) order by place);
begin
  if of_user is not null then
    perform
      set_config('app.user_id', of_user::text, true),
      set_config('app.identity_id', '', true),
      set_config('app.actor_id', '', true),
      set_config('app.api_key_id', '', true);
  end if;
  return before;
end
$$;
comment on function iam.step_into(uuid) is
  'Makes the policies judge for another user (null: leaves it as it is), until iam.step_back() in the same function; an error undoes it. Answers what was before.';

create function iam.step_back(before text[])
returns void
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform
    set_config('app.user_id', before[1], true),
    set_config('app.identity_id', before[2], true),
    set_config('app.actor_id', before[3], true),
    set_config('app.api_key_id', before[4], true);
end
$$;
comment on function iam.step_back(text[]) is 'Ends what iam.step_into() began.';

create function iam.judge_row(of_table regclass, row_id uuid, command "char", of_user uuid)
returns table (is_allowed boolean, policy text)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  before text[] := iam.step_into(of_user);
  one record;
  holds boolean;
  refused text;
  passed text;
  offered text;
begin
  for one in select * from iam.policies_for(of_table, command) loop
    execute format('select coalesce((select %s from %s where id = $1), false)', iam.policy_condition(one.id), of_table)
      into holds
      using row_id;
    if one.is_permissive then
      offered := coalesce(offered, one.name);
      passed := coalesce(passed, case when holds then one.name end);
    elsif not holds then
      refused := coalesce(refused, one.name);
    end if;
  end loop;
  perform iam.step_back(before);
  is_allowed := passed is not null and refused is null;
  policy := coalesce(case when passed is not null then refused end, passed, offered, refused);
  return next;
end
$$;
comment on function iam.judge_row(regclass, uuid, "char", uuid) is
  'What the policies of a command say of a row for a user (null: for the session), and the name of the one that lets him or stops him.';

-- To whom a row is open -----------------------------------------------------------------------------------------------------

create function iam.users_by_way(tenant uuid, of_table regclass, row_id uuid, command text)
returns setof uuid
language plpgsql stable
rows 10000
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  select u.id
  from iam.ways_to(of_table, row_id, command) w
  cross join lateral (
    select h.id from iam.holders(tenant, w.feature, w.scope_id) h (id) where w.way = 'feature'
    union all
    select h.id from iam.holders_everywhere(tenant, w.feature) h (id) where w.way = 'everywhere'
    union all
    select w.user_id where w.user_id is not null
    union all
    select m.id from iam.members_of(tenant, array[w.group_id]) m (id) where w.group_id is not null
    union all
    select a.id
    from iam.users_allowed(tenant, w.parent::regclass, w.parent_id, case command when 'read' then 'read' else 'update' end) a (id)
    where w.way = 'parent'
    union all
    select m.user_id from iam.tenant_members m where m.tenant_id = tenant and w.way = 'public'
    union all
    select g.user_id
    from iam.grants g
    join iam.scopes s on s.id = g.scope_id and s.tenant_id is null
    where g.user_id is not null and w.way = 'public'
  ) u (id);
end
$$;
comment on function iam.users_by_way(uuid, regclass, uuid, text) is
  'To whom a row is open for a command by any of its ways, whether or not a session would open for him; some twice.';

create function iam.users_allowed(tenant uuid, of_table regclass, row_id uuid, command text)
returns setof uuid
language plpgsql stable
rows 10000
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  select a.id
  from iam.active_users(tenant) a (id)
  where a.id in (select w.id from iam.users_by_way(tenant, of_table, row_id, command) w (id))
    -- nobody changes what he doesn't see
    and (command = 'read' or a.id in (select iam.users_by_way(tenant, of_table, row_id, 'read')));
end
$$;
comment on function iam.users_allowed(uuid, regclass, uuid, text) is
  'Every active user who may do the command with the row.';

create function iam.row_chains(users uuid[], tenant uuid, of_table regclass, row_id uuid, command text)
returns table (user_id uuid, chain jsonb)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  with ways as materialized (
    select w.*, array_position(array['owner', 'feature', 'everywhere', 'share', 'group', 'public', 'parent'], w.way) as rank
    from iam.ways_to(of_table, row_id, command) w
    where w.way <> 'place'
  ), found (user_id, rank, links) as (
    select w.user_id, w.rank, iam.link('ROW', w.way, null)
    from ways w
    where w.user_id = any (users)
    union all
    select c.user_id, w.rank, c.chain - 0
    from ways w
    cross join lateral (select coalesce(w.scope_id, iam.root_scope_id(tenant)) as id) s
    cross join lateral iam.chains(users, tenant, w.feature, s.id) c
    where w.way in ('feature', 'everywhere')
      and c.user_id not in (select iam.denied_among(users, tenant, w.feature, s.id))
    union all
    select g.user_id, w.rank, g.links || iam.link('ROW', w.way, null)
    from iam.ways_through_groups(users, tenant, array(select ways.group_id from ways)) g
    join ways w on w.group_id = g.group_id
    union all
    select p.user_id, w.rank, (p.chain - 0) || iam.link('ROW', w.way, null)
    from ways w
    cross join lateral iam.row_chains(
      users, tenant, w.parent::regclass, w.parent_id, case command when 'read' then 'read' else 'update' end
    ) p
    where w.way = 'parent'
    union all
    select u.id, w.rank, iam.link('ROW', w.way, null)
    from ways w
    cross join unnest(users) u (id)
    where w.way = 'public'
  ), first as (
    select distinct on (f.user_id) f.user_id, f.links
    from found f
    order by f.user_id, f.rank, jsonb_array_length(f.links), f.links
  )
  select u.id, iam.link_of(u) || f.links
  from first f
  join iam.users u on u.id = f.user_id;
end
$$;
comment on function iam.row_chains(uuid[], uuid, regclass, uuid, text) is
  'By user, the first way by which the row is open to him for the command: as its owner, by a feature, a share, its group, to everybody, or with another row.';

create function iam.users_by_rule(
  tenant uuid, of_table regclass, row_id uuid, command text, is_owners boolean, features text[]
)
returns setof uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  select u.id
  from iam.ways_to(of_table, row_id, command) w
  cross join lateral (
    select w.user_id where w.way = 'owner' and is_owners
    union all
    select h.id
    from unnest(features) f (code)
    cross join lateral iam.holders(tenant, f.code, w.scope_id) h (id)
    where w.way = 'feature'
    union all
    select h.id
    from unnest(features) f (code)
    cross join lateral iam.holders_everywhere(tenant, f.code) h (id)
    where w.way = 'everywhere'
  ) u (id);
end
$$;
comment on function iam.users_by_rule(uuid, regclass, uuid, text, boolean, text[]) is
  'Whom the rule of a field lets use it on a row that he may read or edit: its owner, if the rule says so, and the holders of one of the features at its scope.';

-- The answers -----------------------------------------------------------------------------------------------------------------

create function iam.place_of(of_table regclass, row_id uuid)
returns table (is_there boolean, scope_id uuid)
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$
  select w.way is not null, coalesce(w.scope_id, iam.root_scope_id(iam.caller_tenant_id()))
  from (select) always
  left join iam.ways_to(of_table, row_id, 'read') w on w.way = 'place'
$$;
comment on function iam.place_of(regclass, uuid) is
  'Whether there is such a row in the caller''s tenant, and where it stands; the root, when nowhere else.';

create function iam.explain_row(of_table text, row_id uuid, command text, of_user text default null)
returns jsonb
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := iam.require_tenant();
  rows_of regclass := iam.protected_table(of_table);
  here record;
  asked uuid;
  is_self boolean;
  is_entitled boolean;
  inactive text;
  seen record;
  judged record;
  is_offered boolean;
  answer jsonb;
begin
  select * into here from iam.place_of(rows_of, row_id);
  asked := iam.who_is_asked_about(of_user, here.scope_id);
  is_self := asked = iam.caller_id();
  is_entitled := iam.caller_can('iam.explain', here.scope_id);
  select * into seen from iam.judge_row(rows_of, row_id, 'r', case when not is_self then asked end);
  answer := jsonb_build_object('allowed', false, 'exists', here.is_there, 'visible', seen.is_allowed, 'chain', '[]'::jsonb);
  if is_self and not seen.is_allowed and not is_entitled then
    -- hidden and absent are one
    return answer || '{"exists": null, "reason": "NOT_FOUND"}';
  elsif not here.is_there then
    return answer || '{"reason": "ROW_ABSENT"}';
  end if;
  inactive := case when not is_self then iam.why_inactive(asked, tenant) end;
  if inactive is not null then
    return answer || jsonb_build_object('reason', inactive);
  elsif not seen.is_allowed then
    return answer || jsonb_build_object('reason', 'ROW_HIDDEN', 'policy', seen.policy);
  end if;

  is_offered := exists (select from iam.ways_to(rows_of, row_id, command) w where w.way <> 'place');
  if command = 'read' then
    judged := seen;
  elsif command in ('update', 'delete') then
    select * into judged
    from iam.judge_row(rows_of, row_id, case command when 'update' then 'w' else 'd' end::"char", case when not is_self then asked end);
  else
    select exists (
      select from iam.users_by_way(tenant, rows_of, row_id, command) w (id) where w.id = asked
    ) and (
      not is_self or not iam.is_acting() or exists (
        select from iam.users_by_way(tenant, rows_of, row_id, command) w (id) where w.id = iam.actor_id()
      )
    ) and (
      not is_self or not iam.has_api_key() or exists (
        select
        from iam.ways_to(rows_of, row_id, command) w
        join iam.scope_closure c on c.scope_id = coalesce(w.scope_id, iam.root_scope_id(tenant))
        where w.feature is not null and c.ancestor_id in (select iam.key_scopes(w.feature))
      )
    ) as is_allowed, null::text as policy
    into judged;
  end if;
  answer := answer || jsonb_build_object('allowed', judged.is_allowed, 'policy', judged.policy);
  if not judged.is_allowed then
    return answer || jsonb_build_object('reason', case when is_offered then 'NO_WAY' else 'NOT_OFFERED' end);
  elsif is_self and iam.is_delegated() and not is_entitled then
    return answer || '{"reason": "ALLOWED"}';
  end if;
  return answer || jsonb_build_object('reason', 'ALLOWED', 'chain', coalesce(
    (select c.chain from iam.row_chains(array[asked], tenant, rows_of, row_id, command) c), '[]'
  ));
end
$$;
comment on function iam.explain_row(text, uuid, text, text) is
  'Whether the caller, or another user, may do the command with the row, by which policy and by which way. About others it needs iam.explain at the row''s scope, or at the root when there is no such row: raises 52109, 52103; PT400 for a table that is not protected.';

create function iam.users_who_can_access(
  of_table text, row_id uuid, command text, is_owners boolean default false, features text[] default null
)
returns setof uuid
language plpgsql stable
rows 10000
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := iam.require_tenant();
  rows_of regclass := iam.protected_table(of_table);
begin
  perform iam.require('iam.explain', (select p.scope_id from iam.place_of(rows_of, row_id) p));
  return query
  select a.id
  from iam.users_allowed(tenant, rows_of, row_id, command) a (id)
  where features is null
    or a.id in (select iam.users_by_rule(tenant, rows_of, row_id, command, is_owners, features));
end
$$;
comment on function iam.users_who_can_access(text, uuid, text, boolean, text[]) is
  'Every active user who may do the command with the row, and use a field with that rule, if one is given. Raises 52109 unless the caller holds iam.explain at its scope, or at the root when there is no such row.';

create function iam.how_they_can_access(users uuid[], of_table text, row_id uuid, command text)
returns table (user_id uuid, chain jsonb)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := iam.require_tenant();
  rows_of regclass := iam.protected_table(of_table);
begin
  perform iam.require('iam.explain', (select p.scope_id from iam.place_of(rows_of, row_id) p));
  return query
  select c.user_id, c.chain
  from iam.row_chains(array(select iam.active_among(users, tenant)), tenant, rows_of, row_id, command) c;
end
$$;
comment on function iam.how_they_can_access(uuid[], text, uuid, text) is
  'The ways by which the row is open to some of the users for the command. Raises 52109 unless the caller holds iam.explain at its scope, or at the root when there is no such row.';

create function iam.explain_field(
  of_table text, row_id uuid, command text, is_owners boolean default false, features text[] default null, of_user text default null
)
returns jsonb
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := iam.require_tenant();
  rows_of regclass := iam.protected_table(of_table);
  answer jsonb := iam.explain_row(of_table, row_id, command, of_user);
  asked uuid;
  place uuid;
  users uuid[];
  is_mine boolean;
  is_allowed boolean;
begin
  if features is null or not (answer ->> 'allowed')::boolean then
    return answer;
  end if;
  select p.scope_id into place from iam.place_of(rows_of, row_id) p;
  asked := iam.who_is_asked_about(of_user, place);
  users := array(select iam.users_by_rule(tenant, rows_of, row_id, command, is_owners, features));
  is_mine := is_owners and exists (
    select from iam.ways_to(rows_of, row_id, command) w where w.way = 'owner' and w.user_id = asked
  );
  is_allowed := asked = any (users) and (
    asked is distinct from iam.caller_id()
    or (
      (not iam.is_acting() or iam.actor_id() = any (users))
      and (
        not iam.has_api_key()
        or is_mine
        or exists (
          select
          from unnest(features) f (code)
          join iam.scope_closure c on c.scope_id = place
          where c.ancestor_id in (select iam.key_scopes(f.code))
        )
      )
    )
  );
  if not is_allowed then
    return answer || '{"allowed": false, "reason": "FIELD_RULE", "chain": []}';
  elsif is_mine or answer -> 'chain' = '[]' then
    return answer;
  end if;
  return answer || jsonb_build_object('chain', (
    select c.chain
    from unnest(features) f (code)
    cross join lateral iam.chains(array[asked], tenant, f.code, place) c
    where asked not in (select iam.denied_among(array[asked], tenant, f.code, place))
    order by jsonb_array_length(c.chain), c.chain
    limit 1
  ));
end
$$;
comment on function iam.explain_field(text, uuid, text, boolean, text[], text) is
  'Like iam.explain_row(), for a field with a rule: whether the user may use it on the row, and by what.';

create function iam.rows_open_to(of_table text, command text, of_user text)
returns setof uuid
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := iam.require_tenant();
  rows_of regclass := iam.protected_table(of_table);
  -- whoever holds iam.explain somewhere may ask, and is told of the rows there
  asks_at uuid[] := array(select iam.scopes_with('iam.explain'));
  asks_everywhere boolean := iam.holds_everywhere('iam.explain');
  asked uuid := iam.who_is_asked_about(of_user, asks_at[1]);
  is_self boolean := asked = iam.caller_id();
  conditions text[] := array[iam.command_condition(rows_of, 'r')];
  before text[];
  found uuid[];
begin
  if command in ('update', 'delete') then
    conditions := conditions || iam.command_condition(rows_of, case command when 'update' then 'w' else 'd' end::"char");
  elsif command <> 'read' then
    raise sqlstate 'PT400' using message = 'Rows are listed for reading, updating and deleting.';
  end if;
  before := iam.step_into(case when not is_self then asked end);
  execute format(
    'select array(select id from %s where tenant_id = $1 and (%s))',
    rows_of, array_to_string(conditions, ') and (')
  ) into found using tenant;
  perform iam.step_back(before);
  return query
  select f.id
  from unnest(found) f (id)
  where is_self
    or asks_everywhere
    or (select p.scope_id from iam.place_of(rows_of, f.id) p) = any (asks_at);
end
$$;
comment on function iam.rows_open_to(text, text, text) is
  'The rows that a user may read, update or delete; of others, those at scopes where the caller holds iam.explain. Raises 52109, 52103, PT400.';
