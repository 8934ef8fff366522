-- Chats, guarded as their declaration says. Written by `portcullis protect`; read it before you apply it.
-- Who may: as each policy's comment says.

create function iam.shared_chats(command text, whose text)
returns setof uuid
language plpgsql stable parallel safe
security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan
as $$
declare
  tenant uuid := nullif(current_setting('app.tenant_id', true), '');
  person uuid := iam.named(whose);
  in_groups uuid[] := array(select iam.groups_of(person, tenant));
begin
  return query
  select s.chat_id
  from public.chat_shares s
  where s.tenant_id = tenant
    and case command when 'read' then s.can_read when 'update' then s.can_write when 'delete' then s.can_delete end
    and (s.user_id = person or s.group_id = any (in_groups));
end
$$;
comment on function iam.shared_chats(text, text) is
  'The chats shared for read, update or delete with the caller, or with whoever acts as him.';
alter function iam.shared_chats(text, text) owner to iam_definer;
revoke all on function iam.shared_chats(text, text) from public;
grant execute on function iam.shared_chats(text, text) to web_user, web_anon;

create function iam.ways_to_chats(uuid, text)
returns table (way text, feature text, scope_id uuid, user_id uuid, group_id uuid, parent text, parent_id uuid)
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$
  select w.*
  from public.chats r
  cross join lateral (
    select
      case $2
        when 'read' then 'chats.read'
        when 'update' then 'chats.update'
        when 'delete' then 'chats.delete'
        when 'share' then 'chats.share'
      end as feature
  ) c
  cross join lateral (
    select 'place', null::text, r.scope_id, null::uuid, null::uuid, null::text, null::uuid
    union all
    select 'feature', c.feature, r.scope_id, null::uuid, null::uuid, null::text, null::uuid
    where c.feature is not null
    union all
    select 'owner', null::text, null::uuid, r.owner_id, null::uuid, null::text, null::uuid
    where c.feature is not null
    union all
    select 'share', null::text, null::uuid, s.user_id, s.group_id, null::text, null::uuid
    from public.chat_shares s
    where c.feature is not null
      and s.tenant_id = r.tenant_id and s.chat_id = r.id
      and case $2 when 'read' then s.can_read when 'update' then s.can_write when 'delete' then s.can_delete end
  ) w
  where r.id = $1 and r.tenant_id = (select iam.caller_tenant_id())
$$;
comment on function iam.ways_to_chats(uuid, text) is
  'Where chats stand, and by which ways one is open for a command: to the holders of which feature, to whom, to which groups, with what other row.';
alter function iam.ways_to_chats(uuid, text) owner to iam_definer;
revoke all on function iam.ways_to_chats(uuid, text) from public;

alter table public.chats owner to api_owner;
alter table public.chats enable row level security;
alter table public.chats force row level security;

grant select, delete on public.chats to web_user;
grant insert (message, reminder, scope_id) on public.chats to web_user;
grant update (message, reminder) on public.chats to web_user;
grant select, insert, update, delete on public.chats to iam_definer;

create policy chats_all_definer
  on public.chats
  for all
  to iam_definer
  using (true)
  with check (true);
comment on policy chats_all_definer on public.chats is
  'The definer functions of iam, and seeds, reach every chat; each checks who may what.';

create policy chats_all_tenant
  on public.chats
  as restrictive
  for all
  to web_user, web_anon
  using (tenant_id = (select iam.caller_tenant_id()))
  with check (tenant_id = (select iam.caller_tenant_id()));
comment on policy chats_all_tenant on public.chats is
  'Whatever else holds: nobody touches a chat of another tenant.';

create policy chats_select_user
  on public.chats
  for select
  to web_user
  using (
    owner_id = (select iam.named('caller'))
    or (select iam.given_everywhere('chats.read', 'caller'))
    or scope_id in (select iam.scopes_given('chats.read', 'caller'))
    or id in (select iam.shared_chats('read', 'caller'))
  );
comment on policy chats_select_user on public.chats is
  'A user sees a chat when he owns it, holds chats.read at its scope, or it is shared with him for reading.';

create policy chats_insert_user
  on public.chats
  for insert
  to web_user
  with check (
    (select iam.is_member())
    and owner_id = (select iam.named('caller'))
    and (
      scope_id = (select iam.named_root_scope_id())
      or scope_id in (select iam.scopes_given('chats.create', 'caller'))
    )
  );
comment on policy chats_insert_user on public.chats is
  'A member of the tenant creates chats of his own at his tenant''s root, or at a scope where he holds chats.create.';

create policy chats_update_user
  on public.chats
  for update
  to web_user
  using (
    owner_id = (select iam.named('caller'))
    or (select iam.given_everywhere('chats.update', 'caller'))
    or scope_id in (select iam.scopes_given('chats.update', 'caller'))
    or id in (select iam.shared_chats('update', 'caller'))
  )
  with check (
    owner_id = (select iam.named('caller'))
    or (select iam.given_everywhere('chats.update', 'caller'))
    or scope_id in (select iam.scopes_given('chats.update', 'caller'))
    or id in (select iam.shared_chats('update', 'caller'))
  );
comment on policy chats_update_user on public.chats is
  'A user edits a chat when he owns it, holds chats.update at its scope, or it is shared with him for writing.';

create policy chats_delete_user
  on public.chats
  for delete
  to web_user
  using (
    owner_id = (select iam.named('caller'))
    or (select iam.given_everywhere('chats.delete', 'caller'))
    or scope_id in (select iam.scopes_given('chats.delete', 'caller'))
    or id in (select iam.shared_chats('delete', 'caller'))
  );
comment on policy chats_delete_user on public.chats is
  'A user deletes a chat when he owns it, holds chats.delete at its scope, or it is shared with him for deleting.';

create policy chats_select_delegate
  on public.chats
  as restrictive
  for select
  to web_delegate
  using (
    (
      not (select iam.is_acting())
      or owner_id = (select iam.named('actor'))
      or (select iam.given_everywhere('chats.read', 'actor'))
      or scope_id in (select iam.scopes_given('chats.read', 'actor'))
      or id in (select iam.shared_chats('read', 'actor'))
    )
    and (
      not (select iam.has_api_key())
      or (select iam.given_everywhere('chats.read', 'key'))
      or scope_id in (select iam.scopes_given('chats.read', 'key'))
    )
  );
comment on policy chats_select_delegate on public.chats is
  'Whoever acts as the user sees a chat only when he may himself, and an API key only with chats.read of its own at the chat''s scope.';

create policy chats_insert_delegate
  on public.chats
  as restrictive
  for insert
  to web_delegate
  with check (
    (
      not (select iam.is_acting())
      or (select iam.given_everywhere('chats.create', 'actor'))
      or scope_id in (select iam.scopes_given('chats.create', 'actor'))
      or scope_id = (select iam.named_root_scope_id())
    )
    and (
      not (select iam.has_api_key())
      or (select iam.given_everywhere('chats.create', 'key'))
      or scope_id in (select iam.scopes_given('chats.create', 'key'))
    )
  );
comment on policy chats_insert_delegate on public.chats is
  'Whoever acts as the user creates a chat only when he may himself, and an API key only with chats.create of its own at the chat''s scope.';

create policy chats_update_delegate
  on public.chats
  as restrictive
  for update
  to web_delegate
  using (
    (
      not (select iam.is_acting())
      or owner_id = (select iam.named('actor'))
      or (select iam.given_everywhere('chats.update', 'actor'))
      or scope_id in (select iam.scopes_given('chats.update', 'actor'))
      or id in (select iam.shared_chats('update', 'actor'))
    )
    and (
      not (select iam.has_api_key())
      or (select iam.given_everywhere('chats.update', 'key'))
      or scope_id in (select iam.scopes_given('chats.update', 'key'))
    )
  )
  with check (
    (
      not (select iam.is_acting())
      or owner_id = (select iam.named('actor'))
      or (select iam.given_everywhere('chats.update', 'actor'))
      or scope_id in (select iam.scopes_given('chats.update', 'actor'))
      or id in (select iam.shared_chats('update', 'actor'))
    )
    and (
      not (select iam.has_api_key())
      or (select iam.given_everywhere('chats.update', 'key'))
      or scope_id in (select iam.scopes_given('chats.update', 'key'))
    )
  );
comment on policy chats_update_delegate on public.chats is
  'Whoever acts as the user edits a chat only when he may himself, and an API key only with chats.update of its own at the chat''s scope.';

create policy chats_delete_delegate
  on public.chats
  as restrictive
  for delete
  to web_delegate
  using (
    (
      not (select iam.is_acting())
      or owner_id = (select iam.named('actor'))
      or (select iam.given_everywhere('chats.delete', 'actor'))
      or scope_id in (select iam.scopes_given('chats.delete', 'actor'))
      or id in (select iam.shared_chats('delete', 'actor'))
    )
    and (
      not (select iam.has_api_key())
      or (select iam.given_everywhere('chats.delete', 'key'))
      or scope_id in (select iam.scopes_given('chats.delete', 'key'))
    )
  );
comment on policy chats_delete_delegate on public.chats is
  'Whoever acts as the user deletes a chat only when he may himself, and an API key only with chats.delete of its own at the chat''s scope.';

create trigger touch before update on public.chats
  for each row execute function iam.touch();

create trigger lock before insert or update or delete on public.chat_shares
  for each statement execute function iam.lock_before_write();

alter table public.chat_shares owner to api_owner;
alter table public.chat_shares enable row level security;
alter table public.chat_shares force row level security;

grant select, delete on public.chat_shares to web_user;
grant insert (chat_id, group_id, user_id, can_read, can_write, can_delete) on public.chat_shares to web_user;
grant update (can_read, can_write, can_delete) on public.chat_shares to web_user;
grant select, insert, update, delete on public.chat_shares to iam_definer;

create policy chat_shares_all_definer
  on public.chat_shares
  for all
  to iam_definer
  using (true)
  with check (true);
comment on policy chat_shares_all_definer on public.chat_shares is
  'The definer functions of iam, and seeds, reach every share; each checks who may what.';

create policy chat_shares_all_tenant
  on public.chat_shares
  as restrictive
  for all
  to web_user, web_anon
  using (tenant_id = (select iam.caller_tenant_id()))
  with check (tenant_id = (select iam.caller_tenant_id()));
comment on policy chat_shares_all_tenant on public.chat_shares is
  'Whatever else holds: nobody touches a share of another tenant.';

create policy chat_shares_select_user
  on public.chat_shares
  for select
  to web_user
  using (
    user_id = (select iam.named('caller'))
    or group_id in (select iam.groups_named('caller'))
    or exists (
      select
      from public.chats r
      where r.id = chat_shares.chat_id
        and (
          r.owner_id = (select iam.named('caller'))
          or (select iam.given_everywhere('chats.share', 'caller'))
          or r.scope_id in (select iam.scopes_given('chats.share', 'caller'))
        )
        and (
          not (select iam.is_acting())
          or r.owner_id = (select iam.named('actor'))
          or (select iam.given_everywhere('chats.share', 'actor'))
          or r.scope_id in (select iam.scopes_given('chats.share', 'actor'))
        )
        and (
          not (select iam.has_api_key())
          or (select iam.given_everywhere('chats.share', 'key'))
          or r.scope_id in (select iam.scopes_given('chats.share', 'key'))
        )
    )
  );
comment on policy chat_shares_select_user on public.chat_shares is
  'A user sees a share that is meant for him, and every share of a chat that he may share.';

create policy chat_shares_select_delegate
  on public.chat_shares
  as restrictive
  for select
  to web_delegate
  using (not (select iam.is_delegated()) or chat_id in (select r.id from public.chats r));
comment on policy chat_shares_select_delegate on public.chat_shares is
  'Whoever acts as the user, and an API key, see the shares of chats that they may see.';

create policy chat_shares_insert_user
  on public.chat_shares
  for insert
  to web_user
  with check (
    exists (
      select
      from public.chats r
      where r.id = chat_shares.chat_id
        and (
          r.owner_id = (select iam.named('caller'))
          or (select iam.given_everywhere('chats.share', 'caller'))
          or r.scope_id in (select iam.scopes_given('chats.share', 'caller'))
        )
        and (
          not (select iam.is_acting())
          or r.owner_id = (select iam.named('actor'))
          or (select iam.given_everywhere('chats.share', 'actor'))
          or r.scope_id in (select iam.scopes_given('chats.share', 'actor'))
        )
        and (
          not (select iam.has_api_key())
          or (select iam.given_everywhere('chats.share', 'key'))
          or r.scope_id in (select iam.scopes_given('chats.share', 'key'))
        )
        and (
          not chat_shares.can_write
          or (
            (
              r.owner_id = (select iam.named('caller'))
              or (select iam.given_everywhere('chats.update', 'caller'))
              or r.scope_id in (select iam.scopes_given('chats.update', 'caller'))
            )
            and (
              not (select iam.is_acting())
              or r.owner_id = (select iam.named('actor'))
              or (select iam.given_everywhere('chats.update', 'actor'))
              or r.scope_id in (select iam.scopes_given('chats.update', 'actor'))
            )
            and (
              not (select iam.has_api_key())
              or (select iam.given_everywhere('chats.update', 'key'))
              or r.scope_id in (select iam.scopes_given('chats.update', 'key'))
            )
          )
        )
        and (
          not chat_shares.can_delete
          or (
            (
              r.owner_id = (select iam.named('caller'))
              or (select iam.given_everywhere('chats.delete', 'caller'))
              or r.scope_id in (select iam.scopes_given('chats.delete', 'caller'))
            )
            and (
              not (select iam.is_acting())
              or r.owner_id = (select iam.named('actor'))
              or (select iam.given_everywhere('chats.delete', 'actor'))
              or r.scope_id in (select iam.scopes_given('chats.delete', 'actor'))
            )
            and (
              not (select iam.has_api_key())
              or (select iam.given_everywhere('chats.delete', 'key'))
              or r.scope_id in (select iam.scopes_given('chats.delete', 'key'))
            )
          )
        )
    )
    and (group_id is null or group_id in (select iam.readable_groups()))
    and (user_id is null or user_id in (select iam.member_ids()))
  );
comment on policy chat_shares_insert_user on public.chat_shares is
  'The owner of a chat, or a holder of chats.share at its scope, shares it with a group he sees or a member of the tenant, for what he may do himself.';

create policy chat_shares_update_user
  on public.chat_shares
  for update
  to web_user
  using (exists (
    select
    from public.chats r
    where r.id = chat_shares.chat_id
      and (
        r.owner_id = (select iam.named('caller'))
        or (select iam.given_everywhere('chats.share', 'caller'))
        or r.scope_id in (select iam.scopes_given('chats.share', 'caller'))
      )
      and (
        not (select iam.is_acting())
        or r.owner_id = (select iam.named('actor'))
        or (select iam.given_everywhere('chats.share', 'actor'))
        or r.scope_id in (select iam.scopes_given('chats.share', 'actor'))
      )
      and (
        not (select iam.has_api_key())
        or (select iam.given_everywhere('chats.share', 'key'))
        or r.scope_id in (select iam.scopes_given('chats.share', 'key'))
      )
  ))
  with check (exists (
    select
    from public.chats r
    where r.id = chat_shares.chat_id
      and (
        r.owner_id = (select iam.named('caller'))
        or (select iam.given_everywhere('chats.share', 'caller'))
        or r.scope_id in (select iam.scopes_given('chats.share', 'caller'))
      )
      and (
        not (select iam.is_acting())
        or r.owner_id = (select iam.named('actor'))
        or (select iam.given_everywhere('chats.share', 'actor'))
        or r.scope_id in (select iam.scopes_given('chats.share', 'actor'))
      )
      and (
        not (select iam.has_api_key())
        or (select iam.given_everywhere('chats.share', 'key'))
        or r.scope_id in (select iam.scopes_given('chats.share', 'key'))
      )
      and (
        not chat_shares.can_write
        or (
          (
            r.owner_id = (select iam.named('caller'))
            or (select iam.given_everywhere('chats.update', 'caller'))
            or r.scope_id in (select iam.scopes_given('chats.update', 'caller'))
          )
          and (
            not (select iam.is_acting())
            or r.owner_id = (select iam.named('actor'))
            or (select iam.given_everywhere('chats.update', 'actor'))
            or r.scope_id in (select iam.scopes_given('chats.update', 'actor'))
          )
          and (
            not (select iam.has_api_key())
            or (select iam.given_everywhere('chats.update', 'key'))
            or r.scope_id in (select iam.scopes_given('chats.update', 'key'))
          )
        )
      )
      and (
        not chat_shares.can_delete
        or (
          (
            r.owner_id = (select iam.named('caller'))
            or (select iam.given_everywhere('chats.delete', 'caller'))
            or r.scope_id in (select iam.scopes_given('chats.delete', 'caller'))
          )
          and (
            not (select iam.is_acting())
            or r.owner_id = (select iam.named('actor'))
            or (select iam.given_everywhere('chats.delete', 'actor'))
            or r.scope_id in (select iam.scopes_given('chats.delete', 'actor'))
          )
          and (
            not (select iam.has_api_key())
            or (select iam.given_everywhere('chats.delete', 'key'))
            or r.scope_id in (select iam.scopes_given('chats.delete', 'key'))
          )
        )
      )
  ));
comment on policy chat_shares_update_user on public.chat_shares is
  'Whoever may share a chat changes what its shares allow, up to what he may do himself.';

create policy chat_shares_delete_user
  on public.chat_shares
  for delete
  to web_user
  using (exists (
    select
    from public.chats r
    where r.id = chat_shares.chat_id
      and (
        r.owner_id = (select iam.named('caller'))
        or (select iam.given_everywhere('chats.share', 'caller'))
        or r.scope_id in (select iam.scopes_given('chats.share', 'caller'))
      )
      and (
        not (select iam.is_acting())
        or r.owner_id = (select iam.named('actor'))
        or (select iam.given_everywhere('chats.share', 'actor'))
        or r.scope_id in (select iam.scopes_given('chats.share', 'actor'))
      )
      and (
        not (select iam.has_api_key())
        or (select iam.given_everywhere('chats.share', 'key'))
        or r.scope_id in (select iam.scopes_given('chats.share', 'key'))
      )
  ));
comment on policy chat_shares_delete_user on public.chat_shares is
  'Whoever may share a chat ends its shares.';
