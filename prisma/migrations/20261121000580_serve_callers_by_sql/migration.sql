-- For people who come by SQL: PostgREST's db-pre-request, Supabase's access-token hook, and the menu of pages.
-- Who may: web_user and web_anon ask before each request; a hook's own role is granted by who installs it.

create function iam.provision()
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  p iam.providers;
  person uuid;
  address text := lower(iam.setting('app.email'));
begin
  select * into p from iam.providers where issuer = iam.setting('app.issuer') and is_enabled;
  if p.id is null or not p.provisions or iam.setting('app.subject') is null then
    raise sqlstate '52103' using message = 'The user does not exist.';
  end if;
  -- two first requests of one subject at once make one user
  perform pg_advisory_xact_lock(hashtextextended('portcullis/subject/' || p.id || '/' || iam.setting('app.subject'), 0));
  select i.user_id into person from iam.identities i where i.provider_id = p.id and i.subject = iam.setting('app.subject');
  if person is not null then
    return person;
  end if;
  if exists (select from iam.users u where u.email = address) then
    -- an address alone proves nothing: somebody entitled links the identity
    raise sqlstate '52101' using message = 'There is a user with this e-mail address already.';
  end if;
  insert into iam.users (email) values (address) returning id into person;
  insert into iam.identities (provider_id, subject, user_id) values (p.id, iam.setting('app.subject'), person);
  perform iam.record(50101, 'User', person::text, null, jsonb_build_object('provider', p.code));
  return person;
end
$$;
comment on function iam.provision() is
  'Makes a user of a subject that its provider vouches for, on first sight. Raises 52103 where the provider does not allow it, 52101 where the e-mail is somebody''s.';

create function iam.groups_to_sync(of_identity uuid, external_ids text[], external_roles text[])
returns table (tenant_id uuid, group_id uuid, joins boolean)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  with who as (
    select i.user_id, i.provider_id
    from iam.identities i
    join iam.providers p on p.id = i.provider_id and p.is_enabled
    join iam.users u on u.id = i.user_id and u.is_active and not u.is_locked
    where i.id = of_identity and i.is_enabled
  ), said as (
    select distinct g.tenant_id, g.id
    from who
    join iam.group_mappings m on m.provider_id = who.provider_id
    join iam.groups g on g.id = m.group_id and g.type <> 'internal'
    join iam.tenants t on t.id = g.tenant_id and t.deleted_at is null
    left join iam.tenant_members tm on tm.tenant_id = g.tenant_id and tm.user_id = who.user_id
    where (m.external_id = any (external_ids) or m.external_role = any (external_roles))
      -- who was sent away comes back by somebody's hand only
      and tm.deleted_at is null
  ), there as (
    select gm.tenant_id, gm.group_id as id
    from who
    join iam.group_members gm on gm.user_id = who.user_id and gm.source = 'synced'
    -- what another provider of his says is for that one's tokens
    where not exists (
      select
      from iam.group_mappings m
      join iam.identities i on i.provider_id = m.provider_id and i.user_id = who.user_id and i.is_enabled
      where m.group_id = gm.group_id and m.provider_id <> who.provider_id
    )
  )
  select g.tenant_id, g.id, said.id is not null
  from said
  full join there on there.id = said.id
  join iam.groups g on g.id = coalesce(said.id, there.id) and not g.is_locked
  where there.id is null or said.id is null;
end
$$;
comment on function iam.groups_to_sync(uuid, text[], text[]) is
  'The groups that somebody joins, and those that he leaves, when his provider says that he has these groups and roles there.';

create function iam.sync_groups(external_ids text[], roles text[], issued_at timestamptz default null)
returns integer
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  p iam.providers;
  person uuid;
  identity uuid;
  as_of timestamptz;
  changed integer := 0;
  tenant uuid;
  difference record;
begin
  select * into p from iam.providers where issuer = iam.setting('app.issuer') and is_enabled;
  -- one after the other, so that the latest token has the last word
  perform pg_advisory_xact_lock(hashtextextended('portcullis/subject/' || p.id || '/' || iam.setting('app.subject'), 0));
  select i.user_id, i.id, i.groups_as_of into person, identity, as_of
  from iam.identities i
  where i.provider_id = p.id and i.subject = iam.setting('app.subject');
  if person is null or issued_at < as_of then
    return 0;
  end if;
  -- tenant by tenant in one order, so that two of these never wait for each other
  for tenant in
    select distinct d.tenant_id from iam.groups_to_sync(identity, external_ids, roles) d order by 1
  loop
    perform set_config('app.tenant_id', tenant::text, true);
    perform iam.lock_authority(tenant);
    -- asked again: a mapping, a membership or the user himself may have ended while this waited
    for difference in
      select d.group_id, d.joins
      from iam.groups_to_sync(identity, external_ids, roles) d
      where d.tenant_id = tenant
      order by 1
    loop
      if difference.joins then
        insert into iam.tenant_members (tenant_id, user_id) values (tenant, person) on conflict do nothing;
        if found then
          perform iam.record(50007, 'User', person::text, iam.root_scope_id(tenant), jsonb_build_object('provider', p.code));
        end if;
        insert into iam.group_members (tenant_id, group_id, user_id, source)
        values (tenant, difference.group_id, person, 'synced');
      else
        delete from iam.group_members gm
        where gm.group_id = difference.group_id and gm.user_id = person and gm.source = 'synced';
      end if;
      changed := changed + 1;
      perform iam.record(
        case when difference.joins then 50131 else 50133 end, 'Group', difference.group_id::text,
        iam.root_scope_id(tenant), jsonb_build_object('user', person, 'provider', p.code)
      );
    end loop;
  end loop;
  -- behind the locks above: nobody waits for these with the row in his hands
  update iam.identities i
  set groups_as_of = issued_at
  where i.id = identity
    and (i.groups_as_of is null or i.groups_as_of < issued_at)
    and exists (select from iam.group_mappings m where m.provider_id = p.id);
  return changed;
end
$$;
comment on function iam.sync_groups(text[], text[], timestamptz) is
  'Makes the subject pushed before a member of the groups that his provider''s groups and roles are mapped to, and of no other by the provider; never touches a membership made by hand. A token that was issued before the latest one changes nothing. Answers how many changed.';

create function iam.pre_request()
returns void
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  claims jsonb := coalesce(nullif(current_setting('request.jwt.claims', true), ''), '{}')::jsonb;
  headers jsonb := coalesce(nullif(current_setting('request.headers', true), ''), '{}')::jsonb;
  method text := coalesce(current_setting('request.method', true), '');
  path text := coalesce(current_setting('request.path', true), '');
begin
  if claims ->> 'sub' is not null and claims ->> 'iss' is null then
    raise sqlstate 'PT401' using message = 'The token names no issuer.';
  end if;
  perform
    set_config('app.issuer', coalesce(claims ->> 'iss', ''), true),
    set_config('app.subject', coalesce(claims ->> 'sub', ''), true),
    -- an address that nobody verified could be anybody's
    set_config('app.email', case when claims ->> 'email_verified' = 'true' then coalesce(claims ->> 'email', '') else '' end, true),
    set_config('app.tenant', coalesce(headers ->> 'x-tenant', claims ->> 'tenant', ''), true),
    set_config('app.user_agent', coalesce(headers ->> 'user-agent', ''), true),
    set_config('app.request_id', coalesce(headers ->> 'x-request-id', ''), true),
    -- a POST to a stable function reads only, as a GET does; who doesn't say what he is about may be about anything
    set_config('app.lock', case
      when current_setting('transaction_read_only') = 'on' then 'none'
      when method = '' or path like '%/rpc/%' or path like '%\_shares' then 'exclusive'
      else 'shared'
    end, true);
  begin
    perform iam.open_session();
  exception when sqlstate '52103' then
    if current_setting('transaction_read_only') = 'on' then
      raise;
    end if;
    perform iam.provision();
    perform iam.open_session();
  end;
end
$$;
comment on function iam.pre_request() is
  'PostgREST''s db-pre-request: opens the caller''s session from request.jwt.claims and the header x-tenant, provisioning on first sight. Raises like iam.open_session().';

create function iam.custom_access_token_hook(event jsonb)
returns jsonb
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  person uuid;
  tenant uuid;
  given jsonb := coalesce(event -> 'claims', '{}');
  roles text[];
begin
  select i.user_id into person
  from iam.identities i
  join iam.providers p on p.id = i.provider_id and p.is_enabled
  join iam.users u on u.id = i.user_id and u.is_active and not u.is_locked
  where i.subject = event ->> 'user_id' and i.is_enabled and p.issuer = given ->> 'iss';
  if person is not null then
    perform set_config('app.tenant', '', true);
    tenant := iam.find_tenant(person);
    select array_agg(distinct r.code order by r.code) into roles
    from iam.grants g
    join iam.roles r on r.id = g.role_id
    where (g.user_id = person or g.group_id in (select iam.groups_of(person, tenant)))
      and (g.tenant_id = tenant or g.tenant_id is null)
      and g.effect = 'allow'
      and iam.is_live(g.valid_from, g.valid_until);
  end if;
  -- hints for a front end; whoever decides asks the database
  return jsonb_set(event, '{claims}', given || jsonb_build_object(
    'tenant', (select t.slug from iam.tenants t where t.id = tenant),
    'tenant_id', tenant,
    'user_roles', coalesce(to_jsonb(roles), '[]'),
    'user_role', roles[1]
  ));
end
$$;
comment on function iam.custom_access_token_hook(jsonb) is
  'Supabase''s access-token hook: adds the tenant chosen and the user''s roles there, all of them in user_roles and the first by code in user_role; null where there is none.';

create function iam.authorized_routes()
returns table (route text, sort_order integer, level integer, parent text)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  with recursive menu (id, code, route, sort_order, level, parent) as (
    select f.id, f.code, f.route, f.sort_order, 1, null::text
    from iam.features f
    where f.route is not null and f.route_parent_id is null
    union all
    select f.id, f.code, f.route, f.sort_order, menu.level + 1, menu.route
    from menu
    join iam.features f on f.route_parent_id = menu.id and f.route is not null
  )
  select menu.route, menu.sort_order, menu.level, menu.parent
  from menu
  where iam.holds_somewhere(menu.code)
  order by menu.level, menu.sort_order, menu.route;
end
$$;
comment on function iam.authorized_routes() is
  'The pages that the caller may open, in the order of a menu: each whose feature he holds at any scope of his tenant.';

create function iam.can_route(route text)
returns boolean
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (
    select from iam.features f where f.route = can_route.route and iam.holds_somewhere(f.code)
  );
end
$$;
comment on function iam.can_route(text) is 'Whether the caller may open the page. False for a page that does not exist.';
