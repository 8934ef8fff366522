-- The example that c77_rbac is told with: campuses, two roles, Jane, and a table of sales that shows her one campus.
--
--   sales_manager    view_sales_page    opens the sales page, and sees the sales, of the campus it is granted at
--   finance_officer  approve_payments   approves payments there
--
-- jane@<tenant>.test has both at campus/chicago: iam.can('view_sales_page', 'campus/chicago') is true for her, at campus/miami
-- it is false, and of the sales of 1000 in chicago and 2000 in miami she sees the first.
-- Runs as iam_definer, in one tenant. What is there already stays as it is; in acme of the demo world all of it is.

insert into iam.features (code, parent_id, description, route, sort_order)
select given.code, root.id, given.description, given.route, given.sort_order
from iam.features root
cross join (
  values
    ('view_sales_page', 'Open the sales page.', '/sales', 10),
    ('approve_payments', 'Approve payments.', '/payments', 20)
) given (code, description, route, sort_order)
where root.code = '*'
on conflict (code) do nothing;

insert into iam.scopes (tenant_id, type, key, name, parent_id)
select root.tenant_id, 'campus', given.key, given.name, root.id
from iam.scopes root
cross join (values ('chicago', 'Chicago'), ('miami', 'Miami')) given (key, name)
where root.tenant_id = current_setting('preset.tenant_id')::uuid and root.parent_id is null
on conflict (tenant_id, type, key) do nothing;

with made as (
  insert into iam.roles (tenant_id, code, name)
  select current_setting('preset.tenant_id')::uuid, given.code, given.name
  from (values ('sales_manager', 'Sales manager'), ('finance_officer', 'Finance officer')) given (code, name)
  where not exists (
    select from iam.roles r
    where r.code = given.code and (r.tenant_id is null or r.tenant_id = current_setting('preset.tenant_id')::uuid)
  )
  returning id, tenant_id, code
)
insert into iam.role_features (role_id, feature_id, tenant_id)
select made.id, f.id, made.tenant_id
from made
join iam.features f
  on (made.code, f.code) in (('sales_manager', 'view_sales_page'), ('finance_officer', 'approve_payments'));

-- Jane, and how the demo's provider knows her where there is one
insert into iam.users (email, name)
select 'jane@' || t.slug || '.test', 'Jane'
from iam.tenants t
where t.id = current_setting('preset.tenant_id')::uuid
on conflict (email) do nothing;
insert into iam.identities (provider_id, subject, user_id)
select p.id, u.email, u.id
from iam.tenants t
join iam.users u on u.email = 'jane@' || t.slug || '.test'
join iam.providers p on p.code = 'demo'
where t.id = current_setting('preset.tenant_id')::uuid
on conflict (provider_id, subject) do nothing;
insert into iam.tenant_members (tenant_id, user_id)
select t.id, u.id
from iam.tenants t
join iam.users u on u.email = 'jane@' || t.slug || '.test'
where t.id = current_setting('preset.tenant_id')::uuid
on conflict (tenant_id, user_id) do nothing;

insert into iam.grants (tenant_id, user_id, role_id, scope_id)
select t.id, m.user_id, r.id, s.id
from iam.tenants t
join iam.users u on u.email = 'jane@' || t.slug || '.test'
join iam.tenant_members m on m.tenant_id = t.id and m.user_id = u.id and m.deleted_at is null
join iam.roles r on r.tenant_id = t.id and r.code in ('sales_manager', 'finance_officer')
join iam.scopes s on s.tenant_id = t.id and s.type = 'campus' and s.key = 'chicago'
where t.id = current_setting('preset.tenant_id')::uuid
  and not exists (
    select from iam.grants g where g.user_id = m.user_id and g.role_id = r.id and g.scope_id = s.id
  );

insert into public.sales (tenant_id, campus, amount)
select t.id, given.campus, given.amount
from iam.tenants t
cross join (values ('chicago', 1000), ('miami', 2000)) given (campus, amount)
where t.id = current_setting('preset.tenant_id')::uuid
  and not exists (select from public.sales s where s.tenant_id = t.id);
