-- Todos, guarded as their declaration says. Written by `portcullis protect`; read it before you apply it.
-- Who may: as each policy's comment says.

create function iam.shared_todos(command text, whose text)
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
  select s.todo_id
  from public.todo_shares s
  where s.tenant_id = tenant
    and case command when 'read' then s.can_read when 'update' then s.can_write when 'delete' then s.can_delete end
    and (s.user_id = person or s.group_id = any (in_groups));
end
$$;
comment on function iam.shared_todos(text, text) is
  'The todos shared for read, update or delete with the caller, or with whoever acts as him.';
alter function iam.shared_todos(text, text) owner to iam_definer;
revoke all on function iam.shared_todos(text, text) from public;
grant execute on function iam.shared_todos(text, text) to web_user, web_anon;

create function iam.ways_to_todos(uuid, text)
returns table (way text, feature text, scope_id uuid, user_id uuid, group_id uuid, parent text, parent_id uuid)
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$
  select w.*
  from public.todos r
  cross join lateral (
    select
      case $2
        when 'read' then 'todos.read'
        when 'update' then 'todos.update'
        when 'delete' then 'todos.delete'
        when 'share' then 'todos.share'
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
    from public.todo_shares s
    where c.feature is not null
      and s.tenant_id = r.tenant_id and s.todo_id = r.id
      and case $2 when 'read' then s.can_read when 'update' then s.can_write when 'delete' then s.can_delete end
  ) w
  where r.id = $1 and r.tenant_id = (select iam.caller_tenant_id())
$$;
comment on function iam.ways_to_todos(uuid, text) is
  'Where todos stand, and by which ways one is open for a command: to the holders of which feature, to whom, to which groups, with what other row.';
alter function iam.ways_to_todos(uuid, text) owner to iam_definer;
revoke all on function iam.ways_to_todos(uuid, text) from public;

alter table public.todos owner to api_owner;
alter table public.todos enable row level security;
alter table public.todos force row level security;

grant select, delete on public.todos to web_user;
grant insert (title, done, internal_note, scope_id) on public.todos to web_user;
grant update (title, done, internal_note) on public.todos to web_user;
grant select, insert, update, delete on public.todos to iam_definer;

create policy todos_all_definer
  on public.todos
  for all
  to iam_definer
  using (true)
  with check (true);
comment on policy todos_all_definer on public.todos is
  'The definer functions of iam, and seeds, reach every todo; each checks who may what.';

create policy todos_all_tenant
  on public.todos
  as restrictive
  for all
  to web_user, web_anon
  using (tenant_id = (select iam.caller_tenant_id()))
  with check (tenant_id = (select iam.caller_tenant_id()));
comment on policy todos_all_tenant on public.todos is
  'Whatever else holds: nobody touches a todo of another tenant.';

create policy todos_select_user
  on public.todos
  for select
  to web_user
  using (
    owner_id = (select iam.named('caller'))
    or (select iam.given_everywhere('todos.read', 'caller'))
    or scope_id in (select iam.scopes_given('todos.read', 'caller'))
    or id in (select iam.shared_todos('read', 'caller'))
  );
comment on policy todos_select_user on public.todos is
  'A user sees a todo when he owns it, holds todos.read at its scope, or it is shared with him for reading.';

create policy todos_insert_user
  on public.todos
  for insert
  to web_user
  with check (
    (select iam.is_member())
    and owner_id = (select iam.named('caller'))
    and (
      scope_id = (select iam.named_root_scope_id())
      or scope_id in (select iam.scopes_given('todos.create', 'caller'))
    )
  );
comment on policy todos_insert_user on public.todos is
  'A member of the tenant creates todos of his own at his tenant''s root, or at a scope where he holds todos.create.';

create policy todos_update_user
  on public.todos
  for update
  to web_user
  using (
    owner_id = (select iam.named('caller'))
    or (select iam.given_everywhere('todos.update', 'caller'))
    or scope_id in (select iam.scopes_given('todos.update', 'caller'))
    or id in (select iam.shared_todos('update', 'caller'))
  )
  with check (
    owner_id = (select iam.named('caller'))
    or (select iam.given_everywhere('todos.update', 'caller'))
    or scope_id in (select iam.scopes_given('todos.update', 'caller'))
    or id in (select iam.shared_todos('update', 'caller'))
  );
comment on policy todos_update_user on public.todos is
  'A user edits a todo when he owns it, holds todos.update at its scope, or it is shared with him for writing.';

create policy todos_delete_user
  on public.todos
  for delete
  to web_user
  using (
    owner_id = (select iam.named('caller'))
    or (select iam.given_everywhere('todos.delete', 'caller'))
    or scope_id in (select iam.scopes_given('todos.delete', 'caller'))
    or id in (select iam.shared_todos('delete', 'caller'))
  );
comment on policy todos_delete_user on public.todos is
  'A user deletes a todo when he owns it, holds todos.delete at its scope, or it is shared with him for deleting.';

create policy todos_select_delegate
  on public.todos
  as restrictive
  for select
  to web_delegate
  using (
    (
      not (select iam.is_acting())
      or owner_id = (select iam.named('actor'))
      or (select iam.given_everywhere('todos.read', 'actor'))
      or scope_id in (select iam.scopes_given('todos.read', 'actor'))
      or id in (select iam.shared_todos('read', 'actor'))
    )
    and (
      not (select iam.has_api_key())
      or (select iam.given_everywhere('todos.read', 'key'))
      or scope_id in (select iam.scopes_given('todos.read', 'key'))
    )
  );
comment on policy todos_select_delegate on public.todos is
  'Whoever acts as the user sees a todo only when he may himself, and an API key only with todos.read of its own at the todo''s scope.';

create policy todos_insert_delegate
  on public.todos
  as restrictive
  for insert
  to web_delegate
  with check (
    (
      not (select iam.is_acting())
      or (select iam.given_everywhere('todos.create', 'actor'))
      or scope_id in (select iam.scopes_given('todos.create', 'actor'))
      or scope_id = (select iam.named_root_scope_id())
    )
    and (
      not (select iam.has_api_key())
      or (select iam.given_everywhere('todos.create', 'key'))
      or scope_id in (select iam.scopes_given('todos.create', 'key'))
    )
  );
comment on policy todos_insert_delegate on public.todos is
  'Whoever acts as the user creates a todo only when he may himself, and an API key only with todos.create of its own at the todo''s scope.';

create policy todos_update_delegate
  on public.todos
  as restrictive
  for update
  to web_delegate
  using (
    (
      not (select iam.is_acting())
      or owner_id = (select iam.named('actor'))
      or (select iam.given_everywhere('todos.update', 'actor'))
      or scope_id in (select iam.scopes_given('todos.update', 'actor'))
      or id in (select iam.shared_todos('update', 'actor'))
    )
    and (
      not (select iam.has_api_key())
      or (select iam.given_everywhere('todos.update', 'key'))
      or scope_id in (select iam.scopes_given('todos.update', 'key'))
    )
  )
  with check (
    (
      not (select iam.is_acting())
      or owner_id = (select iam.named('actor'))
      or (select iam.given_everywhere('todos.update', 'actor'))
      or scope_id in (select iam.scopes_given('todos.update', 'actor'))
      or id in (select iam.shared_todos('update', 'actor'))
    )
    and (
      not (select iam.has_api_key())
      or (select iam.given_everywhere('todos.update', 'key'))
      or scope_id in (select iam.scopes_given('todos.update', 'key'))
    )
  );
comment on policy todos_update_delegate on public.todos is
  'Whoever acts as the user edits a todo only when he may himself, and an API key only with todos.update of its own at the todo''s scope.';

create policy todos_delete_delegate
  on public.todos
  as restrictive
  for delete
  to web_delegate
  using (
    (
      not (select iam.is_acting())
      or owner_id = (select iam.named('actor'))
      or (select iam.given_everywhere('todos.delete', 'actor'))
      or scope_id in (select iam.scopes_given('todos.delete', 'actor'))
      or id in (select iam.shared_todos('delete', 'actor'))
    )
    and (
      not (select iam.has_api_key())
      or (select iam.given_everywhere('todos.delete', 'key'))
      or scope_id in (select iam.scopes_given('todos.delete', 'key'))
    )
  );
comment on policy todos_delete_delegate on public.todos is
  'Whoever acts as the user deletes a todo only when he may himself, and an API key only with todos.delete of its own at the todo''s scope.';

create trigger touch before update on public.todos
  for each row execute function iam.touch();

create trigger lock before insert or update or delete on public.todo_shares
  for each statement execute function iam.lock_before_write();

alter table public.todo_shares owner to api_owner;
alter table public.todo_shares enable row level security;
alter table public.todo_shares force row level security;

grant select, delete on public.todo_shares to web_user;
grant insert (todo_id, group_id, user_id, can_read, can_write, can_delete) on public.todo_shares to web_user;
grant update (can_read, can_write, can_delete) on public.todo_shares to web_user;
grant select, insert, update, delete on public.todo_shares to iam_definer;

create policy todo_shares_all_definer
  on public.todo_shares
  for all
  to iam_definer
  using (true)
  with check (true);
comment on policy todo_shares_all_definer on public.todo_shares is
  'The definer functions of iam, and seeds, reach every share; each checks who may what.';

create policy todo_shares_all_tenant
  on public.todo_shares
  as restrictive
  for all
  to web_user, web_anon
  using (tenant_id = (select iam.caller_tenant_id()))
  with check (tenant_id = (select iam.caller_tenant_id()));
comment on policy todo_shares_all_tenant on public.todo_shares is
  'Whatever else holds: nobody touches a share of another tenant.';

create policy todo_shares_select_user
  on public.todo_shares
  for select
  to web_user
  using (
    user_id = (select iam.named('caller'))
    or group_id in (select iam.groups_named('caller'))
    or exists (
      select
      from public.todos r
      where r.id = todo_shares.todo_id
        and (
          r.owner_id = (select iam.named('caller'))
          or (select iam.given_everywhere('todos.share', 'caller'))
          or r.scope_id in (select iam.scopes_given('todos.share', 'caller'))
        )
        and (
          not (select iam.is_acting())
          or r.owner_id = (select iam.named('actor'))
          or (select iam.given_everywhere('todos.share', 'actor'))
          or r.scope_id in (select iam.scopes_given('todos.share', 'actor'))
        )
        and (
          not (select iam.has_api_key())
          or (select iam.given_everywhere('todos.share', 'key'))
          or r.scope_id in (select iam.scopes_given('todos.share', 'key'))
        )
    )
  );
comment on policy todo_shares_select_user on public.todo_shares is
  'A user sees a share that is meant for him, and every share of a todo that he may share.';

create policy todo_shares_select_delegate
  on public.todo_shares
  as restrictive
  for select
  to web_delegate
  using (not (select iam.is_delegated()) or todo_id in (select r.id from public.todos r));
comment on policy todo_shares_select_delegate on public.todo_shares is
  'Whoever acts as the user, and an API key, see the shares of todos that they may see.';

create policy todo_shares_insert_user
  on public.todo_shares
  for insert
  to web_user
  with check (
    exists (
      select
      from public.todos r
      where r.id = todo_shares.todo_id
        and (
          r.owner_id = (select iam.named('caller'))
          or (select iam.given_everywhere('todos.share', 'caller'))
          or r.scope_id in (select iam.scopes_given('todos.share', 'caller'))
        )
        and (
          not (select iam.is_acting())
          or r.owner_id = (select iam.named('actor'))
          or (select iam.given_everywhere('todos.share', 'actor'))
          or r.scope_id in (select iam.scopes_given('todos.share', 'actor'))
        )
        and (
          not (select iam.has_api_key())
          or (select iam.given_everywhere('todos.share', 'key'))
          or r.scope_id in (select iam.scopes_given('todos.share', 'key'))
        )
        and (
          not todo_shares.can_write
          or (
            (
              r.owner_id = (select iam.named('caller'))
              or (select iam.given_everywhere('todos.update', 'caller'))
              or r.scope_id in (select iam.scopes_given('todos.update', 'caller'))
            )
            and (
              not (select iam.is_acting())
              or r.owner_id = (select iam.named('actor'))
              or (select iam.given_everywhere('todos.update', 'actor'))
              or r.scope_id in (select iam.scopes_given('todos.update', 'actor'))
            )
            and (
              not (select iam.has_api_key())
              or (select iam.given_everywhere('todos.update', 'key'))
              or r.scope_id in (select iam.scopes_given('todos.update', 'key'))
            )
          )
        )
        and (
          not todo_shares.can_delete
          or (
            (
              r.owner_id = (select iam.named('caller'))
              or (select iam.given_everywhere('todos.delete', 'caller'))
              or r.scope_id in (select iam.scopes_given('todos.delete', 'caller'))
            )
            and (
              not (select iam.is_acting())
              or r.owner_id = (select iam.named('actor'))
              or (select iam.given_everywhere('todos.delete', 'actor'))
              or r.scope_id in (select iam.scopes_given('todos.delete', 'actor'))
            )
            and (
              not (select iam.has_api_key())
              or (select iam.given_everywhere('todos.delete', 'key'))
              or r.scope_id in (select iam.scopes_given('todos.delete', 'key'))
            )
          )
        )
    )
    and (group_id is null or group_id in (select iam.readable_groups()))
    and (user_id is null or user_id in (select iam.member_ids()))
  );
comment on policy todo_shares_insert_user on public.todo_shares is
  'The owner of a todo, or a holder of todos.share at its scope, shares it with a group he sees or a member of the tenant, for what he may do himself.';

create policy todo_shares_update_user
  on public.todo_shares
  for update
  to web_user
  using (exists (
    select
    from public.todos r
    where r.id = todo_shares.todo_id
      and (
        r.owner_id = (select iam.named('caller'))
        or (select iam.given_everywhere('todos.share', 'caller'))
        or r.scope_id in (select iam.scopes_given('todos.share', 'caller'))
      )
      and (
        not (select iam.is_acting())
        or r.owner_id = (select iam.named('actor'))
        or (select iam.given_everywhere('todos.share', 'actor'))
        or r.scope_id in (select iam.scopes_given('todos.share', 'actor'))
      )
      and (
        not (select iam.has_api_key())
        or (select iam.given_everywhere('todos.share', 'key'))
        or r.scope_id in (select iam.scopes_given('todos.share', 'key'))
      )
  ))
  with check (exists (
    select
    from public.todos r
    where r.id = todo_shares.todo_id
      and (
        r.owner_id = (select iam.named('caller'))
        or (select iam.given_everywhere('todos.share', 'caller'))
        or r.scope_id in (select iam.scopes_given('todos.share', 'caller'))
      )
      and (
        not (select iam.is_acting())
        or r.owner_id = (select iam.named('actor'))
        or (select iam.given_everywhere('todos.share', 'actor'))
        or r.scope_id in (select iam.scopes_given('todos.share', 'actor'))
      )
      and (
        not (select iam.has_api_key())
        or (select iam.given_everywhere('todos.share', 'key'))
        or r.scope_id in (select iam.scopes_given('todos.share', 'key'))
      )
      and (
        not todo_shares.can_write
        or (
          (
            r.owner_id = (select iam.named('caller'))
            or (select iam.given_everywhere('todos.update', 'caller'))
            or r.scope_id in (select iam.scopes_given('todos.update', 'caller'))
          )
          and (
            not (select iam.is_acting())
            or r.owner_id = (select iam.named('actor'))
            or (select iam.given_everywhere('todos.update', 'actor'))
            or r.scope_id in (select iam.scopes_given('todos.update', 'actor'))
          )
          and (
            not (select iam.has_api_key())
            or (select iam.given_everywhere('todos.update', 'key'))
            or r.scope_id in (select iam.scopes_given('todos.update', 'key'))
          )
        )
      )
      and (
        not todo_shares.can_delete
        or (
          (
            r.owner_id = (select iam.named('caller'))
            or (select iam.given_everywhere('todos.delete', 'caller'))
            or r.scope_id in (select iam.scopes_given('todos.delete', 'caller'))
          )
          and (
            not (select iam.is_acting())
            or r.owner_id = (select iam.named('actor'))
            or (select iam.given_everywhere('todos.delete', 'actor'))
            or r.scope_id in (select iam.scopes_given('todos.delete', 'actor'))
          )
          and (
            not (select iam.has_api_key())
            or (select iam.given_everywhere('todos.delete', 'key'))
            or r.scope_id in (select iam.scopes_given('todos.delete', 'key'))
          )
        )
      )
  ));
comment on policy todo_shares_update_user on public.todo_shares is
  'Whoever may share a todo changes what its shares allow, up to what he may do himself.';

create policy todo_shares_delete_user
  on public.todo_shares
  for delete
  to web_user
  using (exists (
    select
    from public.todos r
    where r.id = todo_shares.todo_id
      and (
        r.owner_id = (select iam.named('caller'))
        or (select iam.given_everywhere('todos.share', 'caller'))
        or r.scope_id in (select iam.scopes_given('todos.share', 'caller'))
      )
      and (
        not (select iam.is_acting())
        or r.owner_id = (select iam.named('actor'))
        or (select iam.given_everywhere('todos.share', 'actor'))
        or r.scope_id in (select iam.scopes_given('todos.share', 'actor'))
      )
      and (
        not (select iam.has_api_key())
        or (select iam.given_everywhere('todos.share', 'key'))
        or r.scope_id in (select iam.scopes_given('todos.share', 'key'))
      )
  ));
comment on policy todo_shares_delete_user on public.todo_shares is
  'Whoever may share a todo ends its shares.';
