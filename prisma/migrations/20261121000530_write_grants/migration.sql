-- Grants, written by these functions only.
-- Each checks who may, that nobody gains what the caller doesn't hold, takes the lock (the tables' triggers do),
-- and writes its audit event in the same transaction. From GraphQL and from SQL alike.

create function iam.insert_grant(
  role uuid, feature uuid, at_scope uuid, to_user uuid, to_group uuid,
  effect iam.grant_effect, valid_from timestamptz, valid_until timestamptz
)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  new_id uuid;
begin
  insert into iam.grants (tenant_id, user_id, group_id, role_id, feature_id, scope_id, effect, valid_from, valid_until, granted_by)
  select s.tenant_id, to_user, to_group, role, feature, at_scope, insert_grant.effect,
         insert_grant.valid_from, insert_grant.valid_until, iam.caller_id()
  from iam.scopes s
  where s.id = at_scope
  returning id into new_id;
  perform iam.record(50304, 'Grant', new_id::text, at_scope, jsonb_strip_nulls(jsonb_build_object(
    'user', to_user, 'group', to_group, 'role', role, 'feature', feature,
    'effect', insert_grant.effect, 'from', insert_grant.valid_from, 'until', insert_grant.valid_until
  )));
  return new_id;
end
$$;
comment on function iam.insert_grant(uuid, uuid, uuid, uuid, uuid, iam.grant_effect, timestamptz, timestamptz) is
  'Writes a grant and its event; the functions below have checked that it may be handed out.';

create function iam.resolve_grantee("user" text, "group" text, at_scope uuid, out to_user uuid, out to_group uuid)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if num_nonnulls("user", "group") <> 1 then
    raise sqlstate '52272' using message = 'Either a user or a group must be given.';
  end if;
  if "user" is not null then
    to_user := iam.resolve_user("user");
  else
    to_group := iam.resolve_group("group");
    if exists (select from iam.scopes s where s.id = at_scope and s.tenant_id is null) then
      raise sqlstate 'PT400' using message = 'A group belongs to one tenant and can''t be given anything above it.';
    end if;
  end if;
end
$$;
comment on function iam.resolve_grantee(text, text, uuid) is 'The one principal that a grant names; raises 52272, 52103 or 52171.';

create function iam.grant_role(
  role text,
  scope text,
  "user" text default null,
  "group" text default null,
  valid_from timestamptz default null,
  valid_until timestamptz default null
)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  at_scope uuid := iam.resolve_scope(scope);
  given iam.roles;
  grantee record;
begin
  perform iam.require('iam.grants.create', at_scope);
  select * into given from iam.roles where id = iam.resolve_role(role);
  if not given.is_assignable then
    raise sqlstate '52175' using message = 'The role is not assignable.';
  end if;
  grantee := iam.resolve_grantee("user", "group", at_scope);
  perform iam.require_period(valid_from, valid_until);
  perform iam.require_to_hand_out(given.id, null, at_scope, valid_until);
  return iam.insert_grant(given.id, null, at_scope, grantee.to_user, grantee.to_group, 'allow', valid_from, valid_until);
end
$$;
comment on function iam.grant_role(text, text, text, text, timestamptz, timestamptz) is
  'Gives a role to a user or a group at a scope and everything below it. Needs iam.grants.create there and all that the role gives. Raises 52109, 52175, 52177, 52272, 52103, 52171, PT404 or PT400.';

create function iam.grant_feature(
  feature text,
  scope text,
  "user" text default null,
  "group" text default null,
  effect text default 'allow',
  valid_from timestamptz default null,
  valid_until timestamptz default null
)
returns uuid
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  at_scope uuid := iam.resolve_scope(scope);
  given iam.features;
  grantee record;
  new_id uuid;
begin
  perform iam.require('iam.grants.create', at_scope);
  select * into given from iam.features where id = iam.resolve_feature(feature);
  if not given.is_assignable then
    raise sqlstate '52176' using message = 'The feature is not assignable.';
  end if;
  grantee := iam.resolve_grantee("user", "group", at_scope);
  if effect is null or effect not in ('allow', 'deny') then
    raise sqlstate 'PT400' using message = 'A grant''s effect is allow or deny.';
  elsif effect = 'deny' and grantee.to_group is not null then
    raise sqlstate 'PT400' using message = 'A deny is given to a user only.';
  end if;
  perform iam.require_period(valid_from, valid_until);
  perform iam.require_to_hand_out(null, given.id, at_scope, valid_until);
  new_id := iam.insert_grant(
    null, given.id, at_scope, grantee.to_user, grantee.to_group, effect::iam.grant_effect, valid_from, valid_until
  );
  if effect = 'deny' then
    perform iam.require_owners(grantee.to_user, false);
  end if;
  return new_id;
end
$$;
comment on function iam.grant_feature(text, text, text, text, text, timestamptz, timestamptz) is
  'Gives a feature to a user or a group at a scope and everything below it, or denies it to a user. Needs iam.grants.create there and the feature itself. Raises 52109, 52176, 52275, 52272, 52103, 52171, 52280, PT404 or PT400.';

create function iam.grant_to(command text, reference text)
returns iam.grants
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid := iam.require_tenant();
  given uuid := iam.id_in(reference, 'Grant');
  g iam.grants;
begin
  select * into g
  from iam.grants candidate
  where candidate.id = given
    and (candidate.tenant_id = tenant or candidate.tenant_id is null)
    and (
      candidate.user_id = iam.caller_id()
      or candidate.group_id in (select iam.caller_groups())
      or iam.caller_can('iam.grants.read', candidate.scope_id)
      or iam.caller_can('iam.grants.delete', candidate.scope_id)
    );
  if g.id is null then
    raise sqlstate 'PT404' using message = 'The grant does not exist.';
  end if;
  case command
    when 'revoke' then
      perform iam.require('iam.grants.delete', g.scope_id);
      if g.effect = 'deny' then
        -- ending a deny gives: the caller must hold what it held back
        perform iam.require_to_hand_out(g.role_id, g.feature_id, g.scope_id, null);
      end if;
      if exists (select from iam.roles r where r.id = g.role_id and r.tenant_id is null and r.code = 'tenant_owner') then
        perform iam.require_an_owner(g.tenant_id, ending => g.id);
      end if;
  end case;
  return g;
end
$$;
comment on function iam.grant_to(text, text) is
  'The grant named, for a caller who may do the command with it: `access` asks the same. Raises PT404, 52109 or 52280.';

create function iam.revoke("grant" text)
returns boolean
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  g iam.grants;
begin
  -- first of all: two owners may go at once
  perform iam.lock_authority(iam.require_tenant());
  g := iam.grant_to('revoke', "grant");
  delete from iam.grants where id = g.id;
  perform iam.record(50305, 'Grant', g.id::text, g.scope_id, jsonb_strip_nulls(jsonb_build_object(
    'user', g.user_id, 'group', g.group_id, 'role', g.role_id, 'feature', g.feature_id, 'effect', g.effect
  )));
  return true;
end
$$;
comment on function iam.revoke(text) is
  'Ends a grant at once, whatever its holder holds beside it. Needs iam.grants.delete at its scope; ending a deny needs what it held back. Raises PT404, 52109 or 52280.';

create function iam.grant_role_to_many(role text, scope text, users text[], valid_from timestamptz default null, valid_until timestamptz default null)
returns table (reference text, grant_id uuid, code text, message text)
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
begin
  foreach reference in array users loop
    begin
      grant_id := iam.grant_role(role, scope, reference, null, grant_role_to_many.valid_from, grant_role_to_many.valid_until);
      code := null;
      message := null;
    exception when others then
      -- a lock that was lost is the whole transaction's
      if sqlstate ~ '^(40|53|55|57|XX)' then
        raise;
      end if;
      grant_id := null;
      code := sqlstate;
      message := sqlerrm;
    end;
    return next;
  end loop;
end
$$;
comment on function iam.grant_role_to_many(text, text, text[], timestamptz, timestamptz) is
  'Gives a role to many users, each by itself: what fails leaves nothing behind and says why, the others are done.';
