/** In charge of the SQL of the stub: the least that a session needs to open, and tables whose rows belong to their caller. */

/** The stub's tables and functions; the roles belong to the cluster and are there. */
export const stubSchema = `
create schema iam;
grant usage on schema iam to authenticator, web_user, web_anon;
create function iam.open_session() returns table (user_id uuid, tenant_id uuid, actor_id uuid, kind text)
  language plpgsql set search_path = '' as $$
begin
  if current_setting('app.subject') = 'disabled' then
    raise exception sqlstate '52105' using message = 'User is not active';
  elsif current_setting('app.subject') = 'unknown' then
    raise exception sqlstate '52103' using message = 'User does not exist';
  end if;
  perform set_config('app.user_id', case when current_setting('app.subject') = '' then '' else md5(current_setting('app.subject'))::uuid::text end, true);
  return query select nullif(current_setting('app.user_id'), '')::uuid, null::uuid, null::uuid, 'user';
end $$;
create table notes (id int primary key, owner uuid not null default nullif(current_setting('app.user_id', true), '')::uuid, body text not null);
alter table notes enable row level security, force row level security;
create policy notes_mine on notes using (owner = nullif(current_setting('app.user_id', true), '')::uuid);
grant select, insert, update, delete on notes to web_user;
create function refuse_bad() returns trigger language plpgsql as $$
begin raise exception sqlstate '52109' using message = 'User has no correct permission in tenant', detail = '{"requires":"notes.create"}'; end $$;
create trigger refuse_bad before insert on notes for each row when (new.body = 'forbidden') execute function refuse_bad();
create sequence executed;
grant usage, select on sequence executed to web_user;
create table checked_late (id int primary key, parent int references checked_late (id) deferrable initially deferred);
grant select, insert on checked_late to web_user;
create table todos (id uuid primary key default gen_random_uuid(), tenant_id uuid not null default gen_random_uuid(),
  owner_id uuid not null default nullif(current_setting('app.user_id', true), '')::uuid, scope_id uuid not null default gen_random_uuid(),
  title text not null unique, done boolean not null default false, internal_note text,
  created_at timestamptz(6) not null default now(), updated_at timestamptz(6) not null default now());
alter table todos enable row level security, force row level security;
create policy todos_mine on todos using (owner_id = nullif(current_setting('app.user_id', true), '')::uuid);
grant select, insert, update, delete on todos to web_user;
create trigger refuse_bad before insert on todos for each row when (new.title = 'forbidden') execute function refuse_bad();
`;
