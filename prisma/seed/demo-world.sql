-- The demo world: what the README, the tests' cast and every example speak of. Runs as iam_definer, once.
-- The demo issuer comes in as the settings demo.issuer, demo.audience and demo.jwks.

do $$
begin
  if exists (select from iam.tenants where slug = 'acme') then
    raise exception 'The demo world is there already.' using errcode = 'PT409';
  end if;
end
$$;

insert into iam.tenants (id, slug, name) values
  ('acacacac-0000-4000-8000-000000000001', 'acme', 'Acme'),
  ('acacacac-0000-4000-8000-000000000002', 'globex', 'Globex');

insert into iam.users (id, email, name, is_service, may_log_in) values
  ('00000000-0000-4000-8000-0000000000a1', 'alice@acme.test', 'Alice', false, true),
  ('00000000-0000-4000-8000-0000000000b0', 'bob@acme.test', 'Bob', false, true),
  ('00000000-0000-4000-8000-000000000051', 'jane@acme.test', 'Jane', false, true),
  ('00000000-0000-4000-8000-0000000000e1', 'erin@acme.test', 'Erin', false, true),
  ('00000000-0000-4000-8000-0000000000f0', 'reports@acme.test', 'Reports', true, false),
  ('00000000-0000-4000-8000-0000000000c0', 'carol@globex.test', 'Carol', false, true),
  ('00000000-0000-4000-8000-0000000000ad', 'ada@portcullis.test', 'Ada', false, true),
  ('00000000-0000-4000-8000-0000000000fa', 'mallory@nowhere.test', 'Mallory', false, true);

insert into iam.providers (code, name, issuer, audience, algorithms, jwks) values
  (
    'demo', 'Demo issuer', current_setting('demo.issuer'), array[current_setting('demo.audience')],
    array['ES256'], current_setting('demo.jwks')::jsonb
  );
insert into iam.identities (provider_id, subject, user_id)
select p.id, u.email, u.id
from iam.users u
join iam.providers p on p.code = 'demo'
where u.may_log_in;

insert into iam.tenant_members (tenant_id, user_id)
select t.id, u.id
from iam.tenants t
join iam.users u on u.email like '%@' || t.slug || '.test';

-- Places -----------------------------------------------------------------------------------------------------------

insert into iam.scopes (id, tenant_id, type, key, name, parent_id) values
  ('5c000000-0000-4000-8000-000000000001', 'acacacac-0000-4000-8000-000000000001', 'tenant', 'acme', 'Acme', null),
  ('5c000000-0000-4000-8000-000000000002', 'acacacac-0000-4000-8000-000000000002', 'tenant', 'globex', 'Globex', null);
insert into iam.scopes (id, tenant_id, type, key, name, parent_id) values
  ('5c000000-0000-4000-8000-000000000011', 'acacacac-0000-4000-8000-000000000001', 'campus', 'chicago', 'Chicago', '5c000000-0000-4000-8000-000000000001'),
  ('5c000000-0000-4000-8000-000000000012', 'acacacac-0000-4000-8000-000000000001', 'campus', 'miami', 'Miami', '5c000000-0000-4000-8000-000000000001');
insert into iam.scopes (id, tenant_id, type, key, name, parent_id) values
  ('5c000000-0000-4000-8000-000000000042', 'acacacac-0000-4000-8000-000000000001', 'store', '42', 'Store 42', '5c000000-0000-4000-8000-000000000011');

-- Features, roles, grants ------------------------------------------------------------------------------------------

insert into iam.features (code, parent_id, description, route, sort_order)
select given.code, root.id, given.description, given.route, given.sort_order
from iam.features root
cross join (
  values
    ('view_sales_page', 'Open the sales page.', '/sales', 10),
    ('approve_payments', 'Approve payments.', '/payments', 20)
) given (code, description, route, sort_order)
where root.code = '*';

insert into iam.roles (tenant_id, code, name) values
  ('acacacac-0000-4000-8000-000000000001', 'sales_manager', 'Sales manager'),
  ('acacacac-0000-4000-8000-000000000001', 'finance_officer', 'Finance officer');
insert into iam.role_features (role_id, feature_id, tenant_id)
select r.id, f.id, r.tenant_id
from iam.roles r
join iam.features f
  on (r.code, f.code) in (('sales_manager', 'view_sales_page'), ('finance_officer', 'approve_payments'));

insert into iam.grants (tenant_id, user_id, role_id, scope_id)
select s.tenant_id, u.id, r.id, s.id
from (
  values
    ('alice@acme.test', 'tenant_owner', 'tenant', 'acme'),
    ('carol@globex.test', 'tenant_owner', 'tenant', 'globex'),
    ('erin@acme.test', 'auditor', 'tenant', 'acme'),
    ('jane@acme.test', 'sales_manager', 'campus', 'chicago'),
    ('jane@acme.test', 'finance_officer', 'campus', 'chicago'),
    ('reports@acme.test', 'sales_manager', 'campus', 'miami'),
    ('ada@portcullis.test', 'platform_admin', 'global', 'all')
) given (email, role, scope_type, scope_key)
join iam.users u on u.email = given.email
join iam.roles r on r.code = given.role
join iam.scopes s on s.type = given.scope_type and s.key = given.scope_key;

-- Groups ---------------------------------------------------------------------------------------------------------------

insert into iam.groups (id, tenant_id, name, owner_id) values
  ('60000000-0000-4000-8000-000000000001', 'acacacac-0000-4000-8000-000000000001', 'Office', '00000000-0000-4000-8000-0000000000a1'),
  ('60000000-0000-4000-8000-000000000002', 'acacacac-0000-4000-8000-000000000001', 'Chicago Office', '00000000-0000-4000-8000-0000000000a1'),
  ('60000000-0000-4000-8000-000000000003', 'acacacac-0000-4000-8000-000000000002', 'Board', '00000000-0000-4000-8000-0000000000c0');
insert into iam.group_includes (tenant_id, group_id, included_group_id) values
  ('acacacac-0000-4000-8000-000000000001', '60000000-0000-4000-8000-000000000001', '60000000-0000-4000-8000-000000000002');
insert into iam.group_members (tenant_id, group_id, user_id) values
  ('acacacac-0000-4000-8000-000000000001', '60000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-0000000000b0'),
  ('acacacac-0000-4000-8000-000000000001', '60000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000051'),
  ('acacacac-0000-4000-8000-000000000002', '60000000-0000-4000-8000-000000000003', '00000000-0000-4000-8000-0000000000c0');

-- Todos, chats, sales --------------------------------------------------------------------------------------------------

insert into public.todos (id, tenant_id, owner_id, scope_id, title, internal_note, created_at)
select given.id::uuid, s.tenant_id, u.id, s.id, given.title, given.note, timestamptz '2026-01-05 09:00+00' + given.n * interval '1 day'
from (
  values
    (1, '70d00000-0000-4000-8000-000000000001', 'alice@acme.test', 'tenant', 'acme', 'Buy milk for the office', 'The card is in the blue drawer.'),
    (2, '70d00000-0000-4000-8000-000000000002', 'alice@acme.test', 'tenant', 'acme', 'Plan the offsite', 'Budget not approved yet.'),
    (3, '70d00000-0000-4000-8000-000000000003', 'bob@acme.test', 'tenant', 'acme', 'Water the plants', 'Bob forgets the cactus.'),
    (4, '70d00000-0000-4000-8000-000000000004', 'jane@acme.test', 'campus', 'chicago', 'Call the Chicago store', null),
    (5, '70d00000-0000-4000-8000-000000000005', 'carol@globex.test', 'tenant', 'globex', 'Hire a CFO', 'Three candidates.')
) given (n, id, email, scope_type, scope_key, title, note)
join iam.users u on u.email = given.email
join iam.scopes s on s.type = given.scope_type and s.key = given.scope_key;
insert into public.todo_shares (tenant_id, todo_id, group_id, can_write) values
  ('acacacac-0000-4000-8000-000000000001', '70d00000-0000-4000-8000-000000000001', '60000000-0000-4000-8000-000000000001', true);

insert into public.chats (id, tenant_id, owner_id, scope_id, message, reminder, created_at)
select given.id::uuid, s.tenant_id, u.id, s.id, given.message, given.reminder, timestamptz '2026-01-05 10:00+00' + given.n * interval '1 day'
from (
  values
    (1, 'c4a70000-0000-4000-8000-000000000001', 'bob@acme.test', 'acme', 'Who is in the office on Friday?', 'Ask Jane about the key.'),
    (2, 'c4a70000-0000-4000-8000-000000000002', 'alice@acme.test', 'acme', 'Numbers for the quarter', null),
    (3, 'c4a70000-0000-4000-8000-000000000003', 'carol@globex.test', 'globex', 'Candidates', null)
) given (n, id, email, tenant, message, reminder)
join iam.users u on u.email = given.email
join iam.scopes s on s.type = 'tenant' and s.key = given.tenant;
insert into public.chat_shares (tenant_id, chat_id, group_id) values
  ('acacacac-0000-4000-8000-000000000001', 'c4a70000-0000-4000-8000-000000000001', '60000000-0000-4000-8000-000000000001');

insert into public.sales (tenant_id, campus, amount, created_at) values
  ('acacacac-0000-4000-8000-000000000001', 'chicago', 1000, '2026-01-07 12:00+00'),
  ('acacacac-0000-4000-8000-000000000001', 'miami', 2000, '2026-01-08 12:00+00');
