-- Guarding a table from SQL alone: iam.protect() writes what `portcullis protect` writes for the same declaration, and a test
-- compares the two. The functions before it say the terms of src/protect/policies in the same order.
-- Who may: api_owner, and who is a member of it; no runtime role.

create function iam.any_of(conditions text[])
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$ select '(' || array_to_string(conditions, ' or ') || ')' $$;
comment on function iam.any_of(text[]) is 'Conditions of which one must hold, as one.';

create function iam.all_of(conditions text[])
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$ select case cardinality(conditions) when 1 then conditions[1] else '(' || array_to_string(conditions, ' and ') || ')' end $$;
comment on function iam.all_of(text[]) is 'Conditions that must all hold, as one.';

create function iam.listed(parts text[])
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when cardinality(parts) < 3 then array_to_string(parts, ' or ')
    else array_to_string(trim_array(parts, 1), ', ') || ', or ' || parts[cardinality(parts)]
  end
$$;
comment on function iam.listed(text[]) is 'a; a or b; a, b, or c: how the comments of policies list.';

create function iam.with_article(noun text)
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$ select case when noun ~ '^[aeiou]' then 'an ' else 'a ' end || noun $$;
comment on function iam.with_article(text) is 'A noun with its article.';

create function iam.everywhere_term(form jsonb, command text, whose text)
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$ select format('(select iam.given_everywhere(%L, %L))', form -> 'features' ->> command, whose) $$;
comment on function iam.everywhere_term(jsonb, text, text) is 'Whether a principal holds the feature of a command everywhere, as a condition.';

create function iam.owner_terms(form jsonb, whose text, prefix text)
returns text[]
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when form ->> 'owner' is null or whose = 'key' then '{}'::text[]
    else array[format('%s%I = (select iam.named(%L))', prefix, form ->> 'owner', whose)]
  end
$$;
comment on function iam.owner_terms(jsonb, text, text) is 'Whether a row is a principal''s own, as a condition; none where it can''t be.';

create function iam.place_terms(form jsonb, command text, whose text, prefix text)
returns text[]
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when form ->> 'scope_type' is not null then
      array[format('%s%I in (select iam.scope_keys_given(%L, %L, %L))', prefix, form ->> 'scope', code, form ->> 'scope_type', whose)]
    when form ->> 'scope' is not null then
      array[format('%s%I in (select iam.scopes_given(%L, %L))', prefix, form ->> 'scope', code, whose)]
    when whose = 'key' or form ->> 'parent_table' is not null then '{}'::text[]
    else array[format('(select iam.named_root_scope_id()) in (select iam.scopes_given(%L, %L))', code, whose)]
  end
  from (select form -> 'features' ->> command) as f (code)
$$;
comment on function iam.place_terms(jsonb, text, text, text) is 'Whether a row stands where a principal holds the feature of a command, as a condition.';

create function iam.terms_to_hand_on(form jsonb, command text, whose text, prefix text)
returns text[]
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select iam.owner_terms(form, whose, prefix)
    || array[iam.everywhere_term(form, command, whose)]
    || iam.place_terms(form, command, whose, prefix)
$$;
comment on function iam.terms_to_hand_on(jsonb, text, text, text) is 'The ways to a command on a row that count as held, as conditions.';

create function iam.terms_of_parent(form jsonb, command text, whose text, prefix text, depth integer)
returns text[]
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  other text := case depth when 0 then 'r' else 'r' || depth + 1 end;
  child text := coalesce(nullif(prefix, ''), quote_ident(form ->> 'table') || '.');
  parent jsonb := form -> 'parent';
begin
  if form ->> 'parent_table' is null then
    return '{}'::text[];
  end if;
  return array[format('exists (select from %s %s where %s.id = %s%I%s)', form ->> 'parent_table', other, other, child, form ->> 'parent_column',
    case when command = 'read' then '' else ' and ' || iam.all_of(
      array_remove(array[iam.any_of(iam.terms_to(parent, 'update', whose, other || '.', depth + 1)), parent -> 'conditions' ->> 'update'], null)) end)];
end
$$;
comment on function iam.terms_of_parent(jsonb, text, text, text, integer) is
  'The way to a row by the one that it follows, which may be read for reading and edited for everything else, as a condition.';

create function iam.terms_to(form jsonb, command text, whose text, prefix text default '', depth integer default 0)
returns text[]
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select iam.terms_to_hand_on(form, command, whose, prefix)
    || case when form ->> 'group' is null or whose = 'key' then '{}'::text[]
         else array[format('%s%I in (select iam.groups_named(%L))', prefix, form ->> 'group', whose)] end
    || case when form ->> 'shared' is null or whose = 'key' then '{}'::text[]
         else array[format('%sid in (select iam.%I(%L, %L))', prefix, form ->> 'shared', command, whose)] end
    || iam.terms_of_parent(form, command, whose, prefix, depth)
$$;
comment on function iam.terms_to(jsonb, text, text, text, integer) is 'All ways to a command on a row, as conditions.';

create function iam.conditioned(form jsonb, command text, may text)
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$ select iam.all_of(array_remove(array[form -> 'conditions' ->> command, may], null)) $$;
comment on function iam.conditioned(jsonb, text, text) is 'A condition, and beside it what the row itself must be for the command.';

create function iam.terms_of_new_place(form jsonb, whose text)
returns text[]
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when form ->> 'scope' is null and form ->> 'parent_table' is not null
      then array[everywhere] || iam.terms_of_parent(form, 'create', whose, '', 0)
    when form ->> 'scope' is null and form ->> 'owner' is not null and whose <> 'key' then '{}'::text[]
    when form ->> 'scope' is null or form ->> 'owner' is null or whose = 'key' or form ->> 'scope_type' is not null
      then array[everywhere] || standing
    when whose = 'caller' then array[at_root] || standing
    else array[everywhere] || standing || at_root
  end
  from (select
    iam.everywhere_term(form, 'create', whose),
    iam.place_terms(form, 'create', whose, ''),
    format('%I = (select iam.named_root_scope_id())', form ->> 'scope')) as t (everywhere, standing, at_root)
$$;
comment on function iam.terms_of_new_place(jsonb, text) is 'Where a principal may put a new row, as conditions; none where nothing stands in the way.';

create function iam.terms_of_new_group(form jsonb, whose text)
returns text[]
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when form ->> 'group' is null or whose = 'key' then '{}'::text[]
    when (form ->> 'group_required')::boolean then array[is_member]
    else array[format('(%I is null or %s)', form ->> 'group', is_member)]
  end
  from (select format('%I in (select iam.groups_named(%L))', form ->> 'group', whose)) as t (is_member)
$$;
comment on function iam.terms_of_new_group(jsonb, text) is 'To which groups a principal may give a new row, as conditions.';

create function iam.term_of_caller(form jsonb, command text)
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when command <> 'create' then iam.any_of(iam.terms_to(form, command, 'caller'))
    else iam.all_of(
      case when form ->> 'owner' is null then '{}'::text[] else array['(select iam.is_member())'] || iam.owner_terms(form, 'caller', '') end
      || case when cardinality(place) = 0 then '{}'::text[] else array[iam.any_of(place)] end
      || iam.terms_of_new_group(form, 'caller'))
  end
  from iam.terms_of_new_place(form, 'caller') as place
$$;
comment on function iam.term_of_caller(jsonb, text) is 'What a command asks of the caller, as one condition.';

create function iam.term_of_delegates(form jsonb, command text)
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select iam.all_of(
    case when cardinality(actor) = 0 then '{}'::text[] else array[iam.any_of(array['not (select iam.is_acting())'] || actor)] end
    || case when command <> 'create' then '{}'::text[]
         else array(select iam.any_of(array['not (select iam.is_acting())', one]) from unnest(iam.terms_of_new_group(form, 'actor')) one) end
    || array[iam.any_of(array['not (select iam.has_api_key())'] || key)])
  from (select
    case
      when command = 'create' then iam.terms_of_new_place(form, 'actor')
      when command = 'read' and (form ->> 'public')::boolean then '{}'::text[]
      else iam.terms_to(form, command, 'actor')
    end,
    case when command = 'create' then iam.terms_of_new_place(form, 'key') else iam.terms_to(form, command, 'key') end) as t (actor, key)
$$;
comment on function iam.term_of_delegates(jsonb, text) is 'What a command asks of whoever acts as the caller, and of his API key, as one condition.';

create function iam.terms_of_handing_on(form jsonb, command text)
returns text[]
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select array[
    iam.any_of(iam.terms_to_hand_on(form, command, 'caller', 'r.')),
    iam.any_of(array['not (select iam.is_acting())'] || iam.terms_to_hand_on(form, command, 'actor', 'r.')),
    iam.any_of(array['not (select iam.has_api_key())'] || iam.terms_to_hand_on(form, command, 'key', 'r.'))
  ]
$$;
comment on function iam.terms_of_handing_on(jsonb, text) is 'What must hold of a row, called r, for a command on it to be handed on, as conditions.';

create function iam.write_policy(
  guarded regclass,
  suffix text,
  command text,
  roles text,
  sentence text,
  using_term text default null,
  check_term text default null,
  is_restrictive boolean default false
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  named text := (select c.relname from pg_catalog.pg_class c where c.oid = guarded) || suffix;
begin
  execute format('create policy %I on %s as %s for %s to %s', named, guarded,
      case when is_restrictive then 'restrictive' else 'permissive' end, command, roles)
    || coalesce(' using (' || using_term || ')', '')
    || coalesce(' with check (' || check_term || ')', '');
  execute format('comment on policy %I on %s is %L', named, guarded, sentence);
end
$$;
comment on function iam.write_policy(regclass, text, text, text, text, text, text, boolean) is 'Makes one policy, with its sentence.';

create function iam.close_table(guarded regclass, singular text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  policy record;
  ours record;
  in_tenant constant text := 'tenant_id = (select iam.caller_tenant_id())';
begin
  for ours in
    select t.tgname
    from pg_catalog.pg_trigger t
    where t.tgrelid = guarded and t.tgfoid in (
      'iam.touch()'::regprocedure, 'iam.lock_before_write()'::regprocedure, 'iam.require_visible()'::regprocedure
    )
  loop
    execute format('drop trigger %I on %s', ours.tgname, guarded);
  end loop;
  for policy in select p.polname from pg_catalog.pg_policy p where p.polrelid = guarded loop
    execute format('drop policy %I on %s', policy.polname, guarded);
  end loop;
  execute format('alter table %s owner to api_owner', guarded);
  execute format('alter table %s enable row level security, force row level security', guarded);
  execute format('revoke all on %s from public, web_user, web_delegate, web_anon', guarded);
  execute format('grant select, insert, update, delete on %s to iam_definer', guarded);
  perform iam.write_policy(guarded, '_all_definer', 'all', 'iam_definer',
    format('The definer functions of iam, and seeds, reach every %s; each checks who may what.', singular), 'true', 'true');
  perform iam.write_policy(guarded, '_all_tenant', 'all', 'web_user, web_anon',
    format('Whatever else holds: nobody touches %s of another tenant.', iam.with_article(singular)), in_tenant, in_tenant, true);
end
$$;
comment on function iam.close_table(regclass, text) is 'Leaves a table with forced row-level security and nothing but its floor: no runtime role reaches a row.';

create function iam.add_feature_of_table(code text, plural text, description text)
returns void
language plpgsql
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  above text := nullif(regexp_replace(code, '\.?[^.]*$', ''), '');
begin
  if exists (select from iam.features f where f.code = add_feature_of_table.code) then
    return;
  end if;
  if above is not null then
    perform iam.add_feature_of_table(above, plural, format('Everything about %s.', plural));
  end if;
  insert into iam.features (code, parent_id, description)
  select add_feature_of_table.code, f.id, add_feature_of_table.description
  from iam.features f
  where f.code = coalesce(above, '*');
end
$$;
comment on function iam.add_feature_of_table(text, text, text) is 'Adds a feature that a protected table names, and those above it, unless they are there.';

create function iam.require_column(guarded regclass, named text, types text[], is_required boolean default false)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  found_type text;
  found_required boolean;
begin
  if named is null then
    return;
  end if;
  select format_type(a.atttypid, null), a.attnotnull into found_type, found_required
  from pg_catalog.pg_attribute a
  where a.attrelid = guarded and a.attname = named and a.attnum > 0 and not a.attisdropped;
  if found_type is null then
    raise exception using errcode = 'PT400', message = format('%s has no column %s.', guarded, named);
  end if;
  if found_type <> all (types) then
    raise exception using errcode = 'PT400',
      message = format('%s.%s is of type %s; it must be %s.', guarded, named, found_type, iam.listed(types));
  end if;
  if is_required and not found_required then
    raise exception using errcode = 'PT400', message = format('%s.%s may be null; fill it and set it not null first.', guarded, named);
  end if;
end
$$;
comment on function iam.require_column(regclass, text, text[], boolean) is 'Refuses a column that isn''t there or is of a wrong type (PT400); without types any will do. No name is no column.';

create function iam.lead_by_index(guarded regclass, named text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if named is null or exists (
    select
    from pg_catalog.pg_index i
    join pg_catalog.pg_attribute first on first.attrelid = i.indrelid and first.attnum = i.indkey[0]
    left join pg_catalog.pg_attribute second on second.attrelid = i.indrelid and second.attnum = i.indkey[1] and i.indnkeyatts > 1
    where i.indrelid = guarded and i.indisvalid and i.indpred is null
      and (first.attname = named or (first.attname = 'tenant_id' and second.attname = named))
  ) then
    return;
  end if;
  execute case when named = 'tenant_id' then format('create index on %s (tenant_id)', guarded)
    else format('create index on %s (tenant_id, %I)', guarded, named) end;
end
$$;
comment on function iam.lead_by_index(regclass, text) is 'Makes the index by which a policy finds rows, unless there is one.';

create function iam.fill_in(guarded regclass, named text, by text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (
    select from pg_catalog.pg_attribute a
    where a.attrelid = guarded and a.attname = named and not a.atthasdef and a.attidentity = ''
  ) then
    execute format('alter table %s alter column %I set default %s', guarded, named, by);
  end if;
end
$$;
comment on function iam.fill_in(regclass, text, text) is 'Gives a column without a default the one that a protected table needs.';

create function iam.prepare_columns(guarded regclass, form jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  shares regclass := (form ->> 'share_table')::regclass;
begin
  perform iam.fill_in(guarded, 'tenant_id', 'iam.named_tenant_id()');
  perform iam.fill_in(guarded, form ->> 'owner', 'iam.named_user_id()');
  perform iam.fill_in(guarded, case when form ->> 'scope_type' is null then form ->> 'scope' end, 'iam.named_root_scope_id()');
  perform iam.lead_by_index(guarded, one) from unnest(array['tenant_id', form ->> 'owner', form ->> 'scope', form ->> 'group', form ->> 'parent_column']) one;
  if shares is not null then
    perform iam.fill_in(shares, 'tenant_id', 'iam.named_tenant_id()');
    perform iam.lead_by_index(shares, one) from unnest(array['group_id', 'user_id', form ->> 'share_column']) one;
  end if;
end
$$;
comment on function iam.prepare_columns(regclass, jsonb) is
  'Sees to it that what a client doesn''t write is filled in, and that what policies ask of rows is found by an index.';

create function iam.write_ways_function(guarded regclass, form jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  named text := 'ways_to_' || (form ->> 'suffix');
  place text := case
    when form ->> 'scope' is null then 'iam.root_scope_id(r.tenant_id)'
    when form ->> 'scope_type' is null then format('r.%I', form ->> 'scope')
    else format('(select c.id from iam.scopes c where c.tenant_id = r.tenant_id and c.type = %L and c.key = r.%I)', form ->> 'scope_type', form ->> 'scope')
  end;
  ways text[];
  body text;
begin
  ways := array_remove(array[
    format('select ''place'', null::text, %s, null::uuid, null::uuid, null::text, null::uuid', place),
    case when form ->> 'scope_type' is not null or form ->> 'scope' is null and form ->> 'parent_table' is not null then
      'select ''everywhere'', c.feature, null::uuid, null::uuid, null::uuid, null::text, null::uuid
    where c.feature is not null' end,
    case when form ->> 'scope' is not null or form ->> 'parent_table' is null then
      format('select ''feature'', c.feature, %s, null::uuid, null::uuid, null::text, null::uuid
    where c.feature is not null', place) end,
    case when form ->> 'owner' is not null then
      format('select ''owner'', null::text, null::uuid, r.%I, null::uuid, null::text, null::uuid
    where c.feature is not null', form ->> 'owner') end,
    case when form ->> 'group' is not null then
      format('select ''group'', null::text, null::uuid, null::uuid, r.%I, null::text, null::uuid
    where c.feature is not null
      and $2 <> ''share''', form ->> 'group') end,
    case when form ->> 'share_table' is not null then
      format('select ''share'', null::text, null::uuid, s.user_id, s.group_id, null::text, null::uuid
    from %s s
    where c.feature is not null
      and s.tenant_id = r.tenant_id and s.%I = r.id
      and case $2 when ''read'' then s.can_read when ''update'' then s.can_write when ''delete'' then s.can_delete end', form ->> 'share_table', form ->> 'share_column') end,
    case when form ->> 'parent_table' is not null then
      format('select ''parent'', null::text, null::uuid, null::uuid, null::uuid, %L, r.%I
    where c.feature is not null
      and $2 <> ''share''', form ->> 'parent_table', form ->> 'parent_column') end,
    case when (form ->> 'public')::boolean then
      'select ''public'', null::text, null::uuid, null::uuid, null::uuid, null::text, null::uuid
    where $2 = ''read''' end
  ], null);
  body := format('
  select w.*
  from %s r
  cross join lateral (
    select
      case $2
%s
      end as feature
  ) c
  cross join lateral (
    %s
  ) w
  where r.id = $1 and r.tenant_id = (select iam.caller_tenant_id())
', guarded,
    (select string_agg(format('        when %L then ' || coalesce('case when ' || replace(form -> 'conditions' ->> one, '%', '%%') || ' then %L end', '%L'),
       one, form -> 'features' ->> one), e'\n' order by nth)
     from jsonb_array_elements_text(form -> 'commands') with ordinality as c (one, nth) where one <> 'create'),
    array_to_string(ways, e'\n    union all\n    '));
  execute format('create or replace function iam.%I(uuid, text)
returns table (way text, feature text, scope_id uuid, user_id uuid, group_id uuid, parent text, parent_id uuid)
language sql stable
security definer set search_path = pg_catalog, pg_temp
as %L', named, body);
  execute format('comment on function iam.%I(uuid, text) is %L', named,
    format('Where %s stand, and by which ways one is open for a command: to the holders of which feature, to whom, to which groups, with what other row.', form ->> 'plural'));
  execute format('alter function iam.%I(uuid, text) owner to iam_definer', named);
  execute format('revoke all on function iam.%I(uuid, text) from public', named);
end
$$;
comment on function iam.write_ways_function(regclass, jsonb) is
  'Makes the function that says by which ways a row of a protected table is open.';

create function iam.kept_protections()
returns setof jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  kept record;
  asked jsonb;
begin
  for kept in
    select p.proname from pg_catalog.pg_proc p where p.pronamespace = 'iam'::regnamespace and p.proname like 'asked\_of\_%' order by 1
  loop
    execute format('select iam.%I()', kept.proname) into asked;
    return next asked || jsonb_build_object('suffix', substr(kept.proname, length('asked_of_') + 1));
  end loop;
end
$$;
comment on function iam.kept_protections() is 'What iam.protect() was asked of each table that it guards, with what its functions are called after.';

create function iam.name_parent(parent_table regclass)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  asked jsonb := (select k from iam.kept_protections() k where k ->> 'guarded' = parent_table::text);
begin
  if parent_table is null then
    return null;
  elsif asked is null then
    raise exception using errcode = 'PT400',
      message = format('Rows can follow those of a table that iam.protect() guards, and %s is none.', parent_table);
  end if;
  return iam.name_protection(parent_table, asked);
end
$$;
comment on function iam.name_parent(regclass) is 'What is known of the table whose rows are followed. Raises PT400 when iam.protect() doesn''t guard it.';

create function iam.read_conditions(guarded regclass, given jsonb, all_commands text[])
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  command text;
  condition text;
  read jsonb := '{}';
  has_query boolean;
  reader refcursor;
begin
  for command, condition in select * from jsonb_each_text(coalesce(given, '{}')) loop
    if command = 'share' or command <> all (all_commands) then
      raise exception using errcode = 'PT400', message = format('There is no command %s to have a condition.', command);
    end if;
    begin
      -- a cursor takes one statement only
      open reader for execute format('select %s from %s where false', condition, guarded);
      close reader;
      -- PostgreSQL reads it as what it is to be, and prints it as one whole
      execute format('create policy portcullis_reads on %s for delete to api_owner using (%s)', guarded, condition);
    exception when others then
      raise exception using errcode = 'PT400', message = format('The condition of %s is none on a row of %s: %s', command, guarded, sqlerrm);
    end;
    select pg_get_expr(p.polqual, p.polrelid), p.polqual::text ~ 'SUBLINK'
    into condition, has_query
    from pg_catalog.pg_policy p
    where p.polrelid = guarded and p.polname = 'portcullis_reads';
    execute format('drop policy portcullis_reads on %s', guarded);
    if has_query then
      raise exception using errcode = 'PT400', message = format('The condition of %s looks beyond the row of %s.', command, guarded);
    end if;
    read := read || jsonb_build_object(command, condition);
  end loop;
  return read;
end
$$;
comment on function iam.read_conditions(regclass, jsonb, text[]) is
  'Conditions on the columns of a row, by command, as PostgreSQL prints them. Raises PT400 for what is no condition, or asks other rows.';

create function iam.read_features(feature text, given jsonb, all_commands text[])
returns jsonb
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  features jsonb := (select jsonb_object_agg(one, coalesce(given ->> one, feature || '.' || one)) from unnest(all_commands) one);
  wrong text := (select min(one) from jsonb_object_keys(coalesce(nullif(given, 'null'), '{}')) one where one <> all (all_commands));
begin
  if wrong is not null then
    raise exception using errcode = 'PT400', message = format('There is no command %s to have a feature.', wrong);
  end if;
  select min(code) into wrong from jsonb_each_text(features) f (command, code) where code !~ '^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$';
  if wrong is not null then
    raise exception using errcode = 'PT400', message = format('%s is no feature: a dotted code in lower case.', wrong),
      hint = 'Without feature => the name of the table is what they begin with.';
  end if;
  return features;
end
$$;
comment on function iam.read_features(text, jsonb, text[]) is
  'The feature of each command: the given one, or the common beginning and the command. Raises PT400 for a command that isn''t, and for what is no code.';

create function iam.name_protection(guarded regclass, given jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  schema_name text;
  table_name text;
  plural text;
  singular text;
  named text;
  all_commands text[] := array['read', 'create', 'update', 'delete']
    || case when given ->> 'share_table' is null then '{}'::text[] else array['share'] end;
begin
  select n.nspname, c.relname into schema_name, table_name
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.oid = guarded and c.relkind in ('r', 'p');
  if table_name is null then
    raise exception using errcode = 'PT400', message = format('%s is no table.', guarded);
  end if;
  if schema_name = 'iam' or schema_name ~ '^(pg_|information_schema$)' then
    raise exception using errcode = 'PT400', message = format('%s is guarded by its own schema.', guarded);
  end if;
  if length(table_name) + length('_select_delegate') > 63 then
    raise exception using errcode = 'PT400', message = format('The name of %s is too long for the names of its policies.', guarded);
  end if;
  named := case schema_name when 'public' then table_name else schema_name || '_' || table_name end;
  plural := coalesce(given ->> 'plural', replace(table_name, '_', ' '));
  singular := coalesce(given ->> 'singular',
    regexp_replace(regexp_replace(regexp_replace(plural, 'ies$', 'y'), '(s|x|ch|sh)es$', '\1'), '([^s])s$', '\1'));
  return given || jsonb_build_object(
    'schema', schema_name,
    'table', table_name,
    'suffix', named,
    'parent', iam.name_parent((given ->> 'parent_table')::regclass),
    'said', given -> 'conditions',
    'conditions', iam.read_conditions(guarded, given -> 'conditions', all_commands),
    'plural', plural,
    'singular', singular,
    'shared', case when given ->> 'share_table' is not null then 'shared_' || named end,
    'share_column', coalesce(given ->> 'share_column', iam.referring_column((given ->> 'share_table')::regclass, guarded), singular || '_id'),
    'commands', coalesce(given -> 'commands', to_jsonb(all_commands)),
    'all_commands', all_commands,
    'features', iam.read_features(coalesce(given ->> 'feature', table_name), given -> 'features', all_commands),
    'place', case
      when given ->> 'scope' is null and given ->> 'parent_table' is not null then 'everywhere'
      when given ->> 'scope' is null then 'at the root of the tenant'
      when given ->> 'scope_type' is null then 'at its scope'
      else 'at its ' || (given ->> 'scope')
    end);
end
$$;
comment on function iam.name_protection(regclass, jsonb) is
  'What iam.protect() was given, with what follows from it and from the table''s name. Refuses what is no table to guard (PT400).';

create function iam.referring_column(from_table regclass, to_table regclass)
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select a.attname::text
  from pg_catalog.pg_constraint k
  join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = any (k.conkey)
  where k.contype = 'f' and k.conrelid = from_table and k.confrelid = to_table and a.attname <> 'tenant_id'
  limit 1
$$;
comment on function iam.referring_column(regclass, regclass) is 'The column by which the rows of one table refer to another''s; null where no key says so.';

create function iam.check_protection(guarded regclass, form jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  commands text[] := array(select jsonb_array_elements_text(form -> 'commands'));
  all_commands text[] := array(select jsonb_array_elements_text(form -> 'all_commands'));
  writable text[] := array(select jsonb_array_elements_text(nullif(form -> 'writable', 'null')));
  shares regclass := (form ->> 'share_table')::regclass;
  parent jsonb;
  policies text;
begin
  if exists (
    select from iam.kept_protections() k
    where k ->> 'suffix' = left(form ->> 'suffix', 63 - length('asked_of_')) and to_regclass(k ->> 'guarded') <> guarded
  ) then
    raise exception using errcode = 'PT409', message = format('What is called after %s is called after another table already.', guarded);
  end if;
  if not ('read' = any (commands) and commands <@ all_commands) then
    raise exception using errcode = 'PT400', message = format('The commands are read and any of %s.', iam.listed(all_commands[2:]));
  end if;
  if (form ->> 'public')::boolean and form -> 'conditions' ? 'read' then
    raise exception using errcode = 'PT400', message = 'A row that everybody sees is read on no condition.';
  end if;
  perform iam.require_column(guarded, 'id', array['uuid'], true);
  perform iam.require_column(guarded, 'tenant_id', array['uuid'], true);
  perform iam.require_column(guarded, form ->> 'owner', array['uuid']);
  perform iam.require_column(guarded, form ->> 'group', array['uuid']);
  perform iam.require_column(guarded, form ->> 'scope',
    case when form ->> 'scope_type' is null then array['uuid'] else array['text', 'character varying'] end);
  if form ->> 'scope_type' is not null and form ->> 'scope' is null then
    raise exception using errcode = 'PT400', message = 'A type of scope needs the column with the scope''s key.';
  end if;
  if exists (
    select from unnest(array[
      'id', 'tenant_id', form ->> 'owner', form ->> 'scope', form ->> 'group', form ->> 'parent_column'
    ]) one where one is not null group by one having count(*) > 1
  ) then
    raise exception using errcode = 'PT400', message = 'The id, the tenant, the owner, the scope, the group and the parent of a row are columns of their own.';
  end if;
  perform iam.require_column(guarded, one, null) from unnest(writable) one;
  if writable && array_remove(array['id', 'tenant_id', form ->> 'owner', form ->> 'parent_column'], null) then
    raise exception using errcode = 'PT400', message = 'Nobody writes the id, the tenant, the owner or the parent of a row.';
  end if;
  if (form ->> 'parent_table' is null) <> (form ->> 'parent_column' is null) then
    raise exception using errcode = 'PT400', message = 'A row that follows another needs that one''s table, and the column with its id.';
  end if;
  perform iam.require_column(guarded, form ->> 'parent_column', array['uuid']);
  parent := form;
  while parent ->> 'parent_table' is not null loop
    if (parent ->> 'parent_table')::regclass = guarded then
      raise exception using errcode = 'PT400', message = format('Rows of %s would follow each other.', guarded);
    end if;
    parent := parent -> 'parent';
  end loop;
  if shares is not null then
    if exists (
      select
      from pg_catalog.pg_constraint k
      join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = any (k.conkey)
      where k.contype = 'f' and k.conrelid = shares and k.confrelid <> guarded and a.attname = form ->> 'share_column'
    ) then
      raise exception using errcode = 'PT400', message = format('%s are shares of another table than %s.', shares, guarded);
    end if;
    perform iam.require_column(shares, one, array['uuid']) from unnest(array[form ->> 'share_column', 'group_id', 'user_id']) one;
    perform iam.require_column(shares, 'tenant_id', array['uuid'], true);
    perform iam.require_column(shares, one, array['boolean'], true) from unnest(array['can_read', 'can_write', 'can_delete']) one;
  end if;

  select string_agg(quote_ident(p.polname), ', ' order by p.polname) into policies
  from pg_catalog.pg_policy p
  join pg_catalog.pg_class c on c.oid = p.polrelid
  where p.polrelid in (guarded, shares) and p.polname <> all (array(
    select c.relname || '_' || part || '_' || who
    from unnest(array['all', 'select', 'insert', 'update', 'delete']) part,
      unnest(array['definer', 'tenant', 'public', 'user', 'delegate']) who));
  if policies is not null then
    raise exception using errcode = 'PT409',
      message = format('%s has policies of its own: %s.', guarded, policies),
      hint = 'What they let through or keep out is in no declaration. Drop them first.';
  end if;
end
$$;
comment on function iam.check_protection(regclass, jsonb) is
  'Refuses wrong columns and commands (PT400), and a table with policies of its own (PT409), before anything is written.';

create function iam.writable_columns(guarded regclass, form jsonb)
returns text[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  -- neither keys nor what the database keeps, unless it is named
  select coalesce(array_agg(a.attname::text order by a.attnum), '{}')
  from pg_catalog.pg_attribute a
  where a.attrelid = guarded and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    and a.attname <> all (array_remove(array[
      'id', 'tenant_id', 'created_at', 'updated_at', form ->> 'owner', form ->> 'scope', form ->> 'group', form ->> 'parent_column'
    ], null))
    and case
      when form ->> 'writable' is not null then form -> 'writable' ? a.attname::text
      else a.attidentity = '' and not exists (
        select from pg_catalog.pg_constraint k where k.conrelid = guarded and k.contype = 'f' and a.attnum = any (k.conkey)
      )
    end
$$;
comment on function iam.writable_columns(regclass, jsonb) is 'The columns of a protected table that people may write.';

create function iam.grant_rights(guarded regclass, form jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  updated text[] := iam.writable_columns(guarded, form);
  inserted text[];
begin
  inserted := updated || array_remove(array[form ->> 'scope', form ->> 'group', form ->> 'parent_column'], null) || array(
    select 'id' from pg_catalog.pg_attribute a where a.attrelid = guarded and a.attname = 'id' and not a.atthasdef and a.attidentity = '');

  execute format('grant usage on schema %I to web_user, web_anon, iam_definer', form ->> 'schema');
  execute format('grant %s on %s to web_user', case when form -> 'commands' ? 'delete' then 'select, delete' else 'select' end, guarded);
  if (form ->> 'public')::boolean then
    execute format('grant select on %s to web_anon', guarded);
  end if;
  if form -> 'commands' ? 'create' and cardinality(inserted) > 0 then
    execute format('grant insert (%s) on %s to web_user', (select string_agg(quote_ident(one), ', ') from unnest(inserted) one), guarded);
  end if;
  if form -> 'commands' ? 'update' and cardinality(updated) > 0 then
    execute format('grant update (%s) on %s to web_user', (select string_agg(quote_ident(one), ', ') from unnest(updated) one), guarded);
  end if;
end
$$;
comment on function iam.grant_rights(regclass, jsonb) is 'Grants the runtime roles what the commands of a protected table need, column by column.';

create function iam.sentence_of_command(form jsonb, command text)
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select case when command = 'create' then
    format('A %s creates %s%s%s.',
      case when form ->> 'owner' is null then 'user' else 'member of the tenant' end,
      case when form ->> 'owner' is null then iam.with_article(form ->> 'singular') else (form ->> 'plural') || ' of his own' end,
      case
        when form ->> 'scope' is null and form ->> 'parent_table' is not null then
          format(' at %s that he may edit, or anywhere when he holds %s everywhere', iam.with_article(form -> 'parent' ->> 'singular'), code)
        when form ->> 'scope' is null and form ->> 'owner' is null then format(' when he holds %s at the root of the tenant', code)
        when form ->> 'scope' is null then ''
        when form ->> 'scope_type' is not null or form ->> 'owner' is null then format(' where he holds %s', code)
        else format(' at his tenant''s root, or at a scope where he holds %s', code)
      end,
      case when form ->> 'group' is null then '' else ', for himself or for a group he is in' end)
  else
    format('A user %s %s when he %s.',
      case command when 'read' then 'sees' when 'update' then 'edits' else 'deletes' end,
      iam.with_article(form ->> 'singular'),
      iam.listed(array_remove(array[
        case when form ->> 'owner' is not null then 'owns it' end,
        format('holds %s %s', code, form ->> 'place'),
        case when form ->> 'group' is not null then 'is in its group' end,
        case when form ->> 'parent_table' is not null then
          format('may %s its %s', case command when 'read' then 'see' else 'edit' end, form -> 'parent' ->> 'singular') end,
        case when form ->> 'shared' is not null then format('it is shared with him for %s',
          case command when 'read' then 'reading' when 'update' then 'writing' else 'deleting' end) end
      ], null)))
  end || coalesce(' Only where ' || (form -> 'said' ->> command) || '.', '')
  from (select form -> 'features' ->> command) as f (code)
$$;
comment on function iam.sentence_of_command(jsonb, text) is 'Who may do a command with a row, as the sentence on its policy.';

create function iam.write_row_policies(guarded regclass, form jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  command text;
  sql_command text;
begin
  if (form ->> 'public')::boolean then
    perform iam.write_policy(guarded, '_select_public', 'select', 'web_user, web_anon',
      format('Anybody in the tenant, the anonymous included, sees its %s.', form ->> 'plural'), 'tenant_id = (select iam.caller_tenant_id())');
  end if;
  foreach command in array array['read', 'create', 'update', 'delete'] loop
    continue when not form -> 'commands' ? command;
    sql_command := case command when 'read' then 'select' when 'create' then 'insert' else command end;
    if not (command = 'read' and (form ->> 'public')::boolean) then
      perform iam.write_policy(guarded, format('_%s_user', sql_command), sql_command, 'web_user', iam.sentence_of_command(form, command),
        case when command <> 'create' then iam.conditioned(form, command, iam.term_of_caller(form, command)) end,
        case command
          when 'create' then iam.conditioned(form, command, iam.term_of_caller(form, command))
          when 'update' then iam.term_of_caller(form, command)
        end);
    end if;
    perform iam.write_policy(guarded, format('_%s_delegate', sql_command), sql_command, 'web_delegate',
      format('Whoever acts as the user %s %s only when he may himself, and an API key only with %s of its own %s.',
        case command when 'read' then 'sees' when 'create' then 'creates' when 'update' then 'edits' else 'deletes' end,
        iam.with_article(form ->> 'singular'), form -> 'features' ->> command,
        case
          when form ->> 'scope' is not null then format('at the %s''s scope', form ->> 'singular')
          when form ->> 'parent_table' is not null then format('or of its %s', form -> 'parent' ->> 'singular')
          else 'at the root of the tenant'
        end),
      case when command <> 'create' then iam.term_of_delegates(form, command) end,
      case when command in ('create', 'update') then iam.term_of_delegates(form, command) end, true);
  end loop;
end
$$;
comment on function iam.write_row_policies(regclass, jsonb) is 'Makes the policies of a protected table above its floor.';

create function iam.write_shared_function(form jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  execute format('create or replace function iam.%1$I(command text, whose text)
returns setof uuid
language plpgsql stable parallel safe
security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan
as $body$
declare
  tenant uuid := nullif(current_setting(''app.tenant_id'', true), '''');
  person uuid := iam.named(whose);
  in_groups uuid[] := array(select iam.groups_of(person, tenant));
begin
  return query
  select s.%2$I
  from %3$s s
  where s.tenant_id = tenant
    and case command when ''read'' then s.can_read when ''update'' then s.can_write when ''delete'' then s.can_delete end
    and (s.user_id = person or s.group_id = any (in_groups));
end
$body$', form ->> 'shared', form ->> 'share_column', form ->> 'share_table');
  execute format('comment on function iam.%I(text, text) is %L', form ->> 'shared',
    format('The %s shared for read, update or delete with the caller, or with whoever acts as him.', form ->> 'plural'));
  execute format('alter function iam.%I(text, text) owner to iam_definer', form ->> 'shared');
  execute format('revoke all on function iam.%I(text, text) from public', form ->> 'shared');
  execute format('grant execute on function iam.%I(text, text) to web_user, web_anon', form ->> 'shared');
end
$$;
comment on function iam.write_shared_function(jsonb) is 'Makes the function that answers which rows of a protected table are shared with whom.';

create function iam.write_share_policies(guarded regclass, form jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  share_table regclass := (form ->> 'share_table')::regclass;
  share_column text := form ->> 'share_column';
  share_name text := (select c.relname from pg_catalog.pg_class c where c.oid = share_table);
  singular text := form ->> 'singular';
  may_end text;
  may_give text;
begin
  execute format('create trigger lock before insert or update or delete on %s for each statement execute function iam.lock_before_write()', share_table);
  execute format('grant select, delete on %s to web_user', share_table);
  execute format('grant insert (%I, group_id, user_id, can_read, can_write, can_delete) on %s to web_user', share_column, share_table);
  execute format('grant update (can_read, can_write, can_delete) on %s to web_user', share_table);
  may_end := format('exists (select from %s r where r.id = %I.%I and %s)', guarded, share_name, share_column,
    array_to_string(iam.terms_of_handing_on(form, 'share'), ' and '));
  may_give := format('exists (select from %s r where r.id = %I.%I and %s)', guarded, share_name, share_column,
    array_to_string(iam.terms_of_handing_on(form, 'share')
      || iam.any_of(array[format('not %I.can_write', share_name), iam.all_of(iam.terms_of_handing_on(form, 'update'))])
      || iam.any_of(array[format('not %I.can_delete', share_name), iam.all_of(iam.terms_of_handing_on(form, 'delete'))]), ' and '));
  perform iam.write_policy(share_table, '_select_user', 'select', 'web_user',
    format('A user sees a share that is meant for him, and every share of %s that he may share.', iam.with_article(singular)),
    iam.any_of(array['user_id = (select iam.named(''caller''))', 'group_id in (select iam.groups_named(''caller''))', may_end]));
  perform iam.write_policy(share_table, '_select_delegate', 'select', 'web_delegate',
    format('Whoever acts as the user, and an API key, see the shares of %s that they may see.', form ->> 'plural'),
    format('not (select iam.is_delegated()) or %I in (select r.id from %s r)', share_column, guarded), null, true);
  perform iam.write_policy(share_table, '_insert_user', 'insert', 'web_user',
    format(case when form ->> 'owner' is null then 'A holder of %2$s %3$s, where %1$s is' else 'The owner of %1$s, or a holder of %2$s %3$s' end
      || ', shares it with a group he sees or a member of the tenant, for what he may do himself.',
      iam.with_article(singular), form -> 'features' ->> 'share', form ->> 'place'),
    null,
    format('%s and (group_id is null or group_id in (select iam.readable_groups())) and (user_id is null or user_id in (select iam.member_ids()))', may_give));
  perform iam.write_policy(share_table, '_update_user', 'update', 'web_user',
    format('Whoever may share %s changes what its shares allow, up to what he may do himself.', iam.with_article(singular)), may_end, may_give);
  perform iam.write_policy(share_table, '_delete_user', 'delete', 'web_user',
    format('Whoever may share %s ends its shares.', iam.with_article(singular)), may_end);
end
$$;
comment on function iam.write_share_policies(regclass, jsonb) is
  'Makes rights, trigger and policies of the table with a protected table''s shares, above its floor.';

create function iam.close_shares(guarded regclass, kept regclass default null)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  share_table regclass;
begin
  for share_table in
    select distinct p.polrelid::regclass
    from pg_catalog.pg_depend d
    join pg_catalog.pg_policy p on p.oid = d.objid
    join pg_catalog.pg_class c on c.oid = p.polrelid
    where d.classid = 'pg_policy'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = guarded
      and p.polrelid <> guarded and p.polrelid is distinct from kept and p.polname = c.relname || '_insert_user'
      and exists (select from pg_catalog.pg_attribute a where a.attrelid = p.polrelid and a.attname = 'can_write')
  loop
    perform iam.close_table(share_table, 'share');
  end loop;
end
$$;
comment on function iam.close_shares(regclass, regclass) is
  'Closes the tables with a protected table''s shares, of no use without it, but for the one that is kept.';

create function iam.write_references(guarded regclass, form jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  reference record;
begin
  for reference in
    select own.attname as named, k.confrelid::regclass as referred, far.attname as there
    from pg_catalog.pg_constraint k
    cross join lateral unnest(k.conkey, k.confkey) as pair (own, far)
    join pg_catalog.pg_attribute own on own.attrelid = k.conrelid and own.attnum = pair.own
    join pg_catalog.pg_attribute far on far.attrelid = k.confrelid and far.attnum = pair.far
    join pg_catalog.pg_class c on c.oid = k.confrelid
    where k.contype = 'f' and k.conrelid = guarded and c.relrowsecurity and own.atttypid = 'uuid'::regtype
      and own.attname = any (iam.writable_columns(guarded, form))
  loop
    execute format('create trigger %I before insert or update of %I on %s for each row execute function iam.require_visible(%L, %L, %L)',
      'see_' || reference.named, reference.named, guarded, reference.named, reference.referred, reference.there);
  end loop;
end
$$;
comment on function iam.write_references(regclass, jsonb) is
  'Lets people refer to rows that they see, in the columns that they may write and that are keys to guarded tables.';

create function iam.write_guard(guarded regclass, form jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  share_table regclass := (form ->> 'share_table')::regclass;
begin
  perform iam.close_shares(guarded, share_table);
  perform iam.close_table(guarded, form ->> 'singular');
  if share_table is not null then
    perform iam.close_table(share_table, 'share');
    perform iam.write_shared_function(form);
  end if;
  perform iam.write_ways_function(guarded, form);
  perform iam.grant_rights(guarded, form);
  perform iam.write_row_policies(guarded, form);
  if exists (select from pg_catalog.pg_attribute a where a.attrelid = guarded and a.attname = 'updated_at' and not a.attisdropped) then
    execute format('create trigger touch before update on %s for each row execute function iam.touch()', guarded);
  end if;
  perform iam.write_references(guarded, form);
  if share_table is not null then
    perform iam.write_share_policies(guarded, form);
  end if;
end
$$;
comment on function iam.write_guard(regclass, jsonb) is 'Makes what guards a table and its shares, in the place of what did before.';

create function iam.guard_as(guarded regclass, asked jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  form jsonb := iam.name_protection(guarded, asked);
  named text := 'asked_of_' || (form ->> 'suffix');
begin
  perform iam.write_guard(guarded, form);
  execute format('create or replace function iam.%I() returns jsonb language sql immutable set search_path = pg_catalog, pg_temp as %L',
    named, format('select %L::jsonb', asked - 'suffix' || jsonb_build_object('guarded', guarded::text)));
  execute format('comment on function iam.%I() is %L', named, format('What iam.protect() was asked of %s.', guarded));
  execute format('alter function iam.%I() owner to api_owner', named);
  execute format('revoke all on function iam.%I() from public', named);
end
$$;
comment on function iam.guard_as(regclass, jsonb) is 'Guards a table as it was asked, and keeps what was asked.';

create function iam.guard_followers(guarded regclass)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  asked jsonb;
  follower regclass;
begin
  for asked in select k from iam.kept_protections() k where k ->> 'parent_table' = guarded::text loop
    follower := to_regclass(asked ->> 'guarded');
    if follower is not null then
      perform iam.guard_as(follower, asked);
      perform iam.guard_followers(follower);
    end if;
  end loop;
end
$$;
comment on function iam.guard_followers(regclass) is 'Guards anew the tables whose rows follow those of a table: what they ask is what that one asks.';

create function iam.protect(
  guarded regclass,
  feature text default null,
  owner_column text default null,
  scope_column text default null,
  scope_type text default null,
  group_column text default null,
  share_table regclass default null,
  share_column text default null,
  public_read boolean default false,
  commands text[] default null,
  writable text[] default null,
  features jsonb default '{}',
  singular text default null,
  plural text default null,
  parent_table regclass default null,
  parent_column text default null,
  conditions jsonb default '{}'
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  asked jsonb := jsonb_strip_nulls(jsonb_build_object(
    'feature', feature, 'owner', owner_column, 'scope', scope_column, 'scope_type', scope_type, 'group', group_column,
    'share_table', share_table::text, 'share_column', share_column, 'public', public_read, 'commands', commands,
    'writable', writable, 'features', features, 'singular', singular, 'plural', plural,
    'parent_table', parent_table::text, 'parent_column', coalesce(parent_column, iam.referring_column(guarded, parent_table)), 'conditions', conditions,
    'group_required', (select a.attnotnull from pg_catalog.pg_attribute a where a.attrelid = guarded and a.attname = group_column)));
  form jsonb := iam.name_protection(guarded, asked);
  command text;
begin
  perform iam.check_protection(guarded, form);
  -- what was left out, as it is today: a column that comes later isn't written by anybody until this runs again
  asked := asked || jsonb_strip_nulls(jsonb_build_object(
    'writable', iam.writable_columns(guarded, form), 'share_column', case when share_table is not null then form ->> 'share_column' end));
  perform iam.guard_as(guarded, asked);
  perform iam.guard_followers(guarded);
  if share_table is null then
    -- the policies of followers asked it until now
    execute format('drop function if exists iam.%I(text, text)', 'shared_' || (form ->> 'suffix'));
  end if;
  perform iam.prepare_columns(guarded, form);
  for command in select jsonb_array_elements_text(form -> 'commands') loop
    perform iam.add_feature_of_table(form -> 'features' ->> command, form ->> 'plural', format(
      case command
        when 'read' then 'See %s of others.' when 'create' then 'Create %s at a scope.' when 'update' then 'Edit %s of others.'
        when 'delete' then 'Delete %s of others.' else 'Share %s of others.'
      end, form ->> 'plural'));
  end loop;
end
$$;
comment on function iam.protect(regclass, text, text, text, text, text, regclass, text, boolean, text[], text[], jsonb, text, text, regclass, text, jsonb) is
  'Guards a table as a declaration would: who owns a row, where it stands, whose group it belongs to, with whom it is shared, which row it follows, and what it must be for a command. Running it again writes the same. PT400 says what is wrong with a column or a condition, PT409 that the table has policies of its own.';

create function iam.unprotect(guarded regclass)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  schema_name text;
  suffix text;
begin
  select n.nspname, case n.nspname when 'public' then c.relname else n.nspname || '_' || c.relname end into schema_name, suffix
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.oid = guarded and c.relkind in ('r', 'p');
  if schema_name is null or schema_name = 'iam' or schema_name ~ '^(pg_|information_schema$)' then
    raise exception using errcode = 'PT400', message = format('%s is no table that iam.protect() guards.', guarded);
  end if;
  perform iam.require_column(guarded, 'tenant_id', array['uuid']);
  if exists (
    select from iam.kept_protections() k where k ->> 'parent_table' = guarded::text and to_regclass(k ->> 'guarded') is not null
  ) then
    raise exception using errcode = 'PT409', message = format('Rows of other tables follow those of %s.', guarded);
  end if;
  perform iam.close_shares(guarded);
  perform iam.close_table(guarded, 'row');
  execute format('drop function if exists iam.%I(text, text)', 'shared_' || suffix);
  execute format('drop function if exists iam.%I(uuid, text)', 'ways_to_' || suffix);
  execute format('drop function if exists iam.%I()', 'asked_of_' || suffix);
end
$$;
comment on function iam.unprotect(regclass) is
  'Takes back what iam.protect() wrote. The table stays closed: security forced, and no policy but the floor. PT409 when rows of others follow its rows.';

do $$
declare
  f record;
begin
  for f in
    select p.oid::regprocedure as signature, p.prosecdef
    from pg_catalog.pg_proc p
    where p.pronamespace = 'iam'::regnamespace and p.proname in (
      'any_of', 'all_of', 'listed', 'with_article', 'everywhere_term', 'owner_terms', 'place_terms', 'terms_to_hand_on', 'terms_to',
      'terms_of_new_place', 'terms_of_new_group', 'term_of_caller', 'term_of_delegates', 'terms_of_handing_on', 'write_policy',
      'close_table', 'add_feature_of_table', 'require_column', 'lead_by_index', 'fill_in', 'write_ways_function', 'prepare_columns',
      'read_features', 'name_protection', 'referring_column', 'check_protection', 'writable_columns', 'write_references', 'grant_rights',
      'sentence_of_command', 'write_row_policies',
      'write_shared_function', 'write_share_policies', 'protect', 'unprotect', 'terms_of_parent',
      'conditioned', 'kept_protections', 'name_parent', 'read_conditions', 'close_shares', 'write_guard', 'guard_as', 'guard_followers')
  loop
    execute format('revoke all on function %s from public', f.signature);
    execute format('alter function %s owner to %I', f.signature, case when f.prosecdef then 'iam_definer' else 'api_owner' end);
    execute format('grant execute on function %s to api_owner', f.signature);
  end loop;
end
$$;
