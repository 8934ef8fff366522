-- The demo's tables: two with an owner, a scope and shares, one scoped by a text column.
-- The defaults put a new row into the tenant that the session names, in its caller's name, at the tenant's root: whether they are
-- still active is for the floor to say.
-- Who may: the next migration guards them.

create table public.todos (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default iam.named_tenant_id(),
  owner_id uuid not null default iam.named_user_id(),
  scope_id uuid not null default iam.named_root_scope_id(),
  title text not null,
  done boolean not null default false,
  internal_note text,
  created_at timestamptz(6) not null default now(),
  updated_at timestamptz(6) not null default now(),
  constraint todos_pkey primary key (id)
);
comment on table public.todos is 'Something to be done, by its owner or by whoever he shares it with.';

create table public.todo_shares (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default iam.named_tenant_id(),
  todo_id uuid not null,
  group_id uuid,
  user_id uuid,
  can_read boolean not null default true,
  can_write boolean not null default false,
  can_delete boolean not null default false,
  created_at timestamptz(6) not null default now(),
  constraint todo_shares_pkey primary key (id)
);
comment on table public.todo_shares is 'One todo opened to one group or one user.';

create table public.chats (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default iam.named_tenant_id(),
  owner_id uuid not null default iam.named_user_id(),
  scope_id uuid not null default iam.named_root_scope_id(),
  message text not null,
  reminder text,
  created_at timestamptz(6) not null default now(),
  updated_at timestamptz(6) not null default now(),
  constraint chats_pkey primary key (id)
);
comment on table public.chats is 'A conversation, begun by its owner.';

create table public.chat_shares (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default iam.named_tenant_id(),
  chat_id uuid not null,
  group_id uuid,
  user_id uuid,
  can_read boolean not null default true,
  can_write boolean not null default false,
  can_delete boolean not null default false,
  created_at timestamptz(6) not null default now(),
  constraint chat_shares_pkey primary key (id)
);
comment on table public.chat_shares is 'One chat opened to one group or one user.';

create table public.sales (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default iam.named_tenant_id(),
  campus text not null,
  amount decimal(12,2) not null,
  created_at timestamptz(6) not null default now(),
  constraint sales_pkey primary key (id)
);
comment on table public.sales is 'A sale at one campus, seen by whoever may see that campus''s sales page.';

create index todos_tenant_id_created_at_id_idx on public.todos(tenant_id, created_at desc, id desc);
create index todos_tenant_id_owner_id_created_at_id_idx on public.todos(tenant_id, owner_id, created_at desc, id desc);
create index todos_tenant_id_scope_id_created_at_id_idx on public.todos(tenant_id, scope_id, created_at desc, id desc);
create unique index todos_tenant_id_id_key on public.todos(tenant_id, id);
create index todo_shares_tenant_id_group_id_idx on public.todo_shares(tenant_id, group_id);
create index todo_shares_tenant_id_user_id_idx on public.todo_shares(tenant_id, user_id);
create unique index todo_shares_todo_id_group_id_key on public.todo_shares(todo_id, group_id);
create unique index todo_shares_todo_id_user_id_key on public.todo_shares(todo_id, user_id);
create index chats_tenant_id_created_at_id_idx on public.chats(tenant_id, created_at desc, id desc);
create index chats_tenant_id_owner_id_created_at_id_idx on public.chats(tenant_id, owner_id, created_at desc, id desc);
create index chats_tenant_id_scope_id_created_at_id_idx on public.chats(tenant_id, scope_id, created_at desc, id desc);
create unique index chats_tenant_id_id_key on public.chats(tenant_id, id);
create index chat_shares_tenant_id_group_id_idx on public.chat_shares(tenant_id, group_id);
create index chat_shares_tenant_id_user_id_idx on public.chat_shares(tenant_id, user_id);
create unique index chat_shares_chat_id_group_id_key on public.chat_shares(chat_id, group_id);
create unique index chat_shares_chat_id_user_id_key on public.chat_shares(chat_id, user_id);
create index sales_tenant_id_campus_created_at_id_idx on public.sales(tenant_id, campus, created_at desc, id desc);
create index sales_tenant_id_created_at_id_idx on public.sales(tenant_id, created_at desc, id desc);
create unique index sales_tenant_id_id_key on public.sales(tenant_id, id);

alter table public.todos
  add constraint todos_tenant_id_owner_id_fkey
  foreign key (tenant_id, owner_id)
  references iam.tenant_members(tenant_id, user_id)
  on delete restrict on update restrict;
alter table public.todos
  add constraint todos_tenant_id_scope_id_fkey
  foreign key (tenant_id, scope_id)
  references iam.scopes(tenant_id, id)
  on delete restrict on update restrict;
alter table public.todo_shares
  add constraint todo_shares_tenant_id_todo_id_fkey
  foreign key (tenant_id, todo_id)
  references public.todos(tenant_id, id)
  on delete cascade on update cascade;
alter table public.todo_shares
  add constraint todo_shares_tenant_id_group_id_fkey
  foreign key (tenant_id, group_id)
  references iam.groups(tenant_id, id)
  on delete cascade on update restrict;
alter table public.todo_shares
  add constraint todo_shares_tenant_id_user_id_fkey
  foreign key (tenant_id, user_id)
  references iam.tenant_members(tenant_id, user_id)
  on delete cascade on update restrict;
alter table public.chats
  add constraint chats_tenant_id_owner_id_fkey
  foreign key (tenant_id, owner_id)
  references iam.tenant_members(tenant_id, user_id)
  on delete restrict on update restrict;
alter table public.chats
  add constraint chats_tenant_id_scope_id_fkey
  foreign key (tenant_id, scope_id)
  references iam.scopes(tenant_id, id)
  on delete restrict on update restrict;
alter table public.chat_shares
  add constraint chat_shares_tenant_id_chat_id_fkey
  foreign key (tenant_id, chat_id)
  references public.chats(tenant_id, id)
  on delete cascade on update cascade;
alter table public.chat_shares
  add constraint chat_shares_tenant_id_group_id_fkey
  foreign key (tenant_id, group_id)
  references iam.groups(tenant_id, id)
  on delete cascade on update restrict;
alter table public.chat_shares
  add constraint chat_shares_tenant_id_user_id_fkey
  foreign key (tenant_id, user_id)
  references iam.tenant_members(tenant_id, user_id)
  on delete cascade on update restrict;

alter table public.todos
  add constraint todos_title_check check (title = btrim(title) and title <> '' and length(title) <= 500),
  add constraint todos_internal_note_check check (length(internal_note) <= 5000);
alter table public.todo_shares
  add constraint todo_shares_one_check check (num_nonnulls(group_id, user_id) = 1);
alter table public.chats
  add constraint chats_message_check check (message <> '' and length(message) <= 5000),
  add constraint chats_reminder_check check (length(reminder) <= 5000);
alter table public.chat_shares
  add constraint chat_shares_one_check check (num_nonnulls(group_id, user_id) = 1);
