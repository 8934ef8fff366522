-- Sales, guarded as their declaration says. Written by `portcullis protect`; read it before you apply it.
-- Who may: as each policy's comment says.

create function iam.ways_to_sales(uuid, text)
returns table (way text, feature text, scope_id uuid, user_id uuid, group_id uuid, parent text, parent_id uuid)
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$
  select w.*
  from public.sales r
  cross join lateral (
    select
      case $2
        when 'read' then 'view_sales_page'
      end as feature
  ) c
  cross join lateral (
    select 'place', null::text, (select c.id from iam.scopes c where c.tenant_id = r.tenant_id and c.type = 'campus' and c.key = r.campus), null::uuid, null::uuid, null::text, null::uuid
    union all
    select 'everywhere', c.feature, null::uuid, null::uuid, null::uuid, null::text, null::uuid
    where c.feature is not null
    union all
    select 'feature', c.feature, (select c.id from iam.scopes c where c.tenant_id = r.tenant_id and c.type = 'campus' and c.key = r.campus), null::uuid, null::uuid, null::text, null::uuid
    where c.feature is not null
  ) w
  where r.id = $1 and r.tenant_id = (select iam.caller_tenant_id())
$$;
comment on function iam.ways_to_sales(uuid, text) is
  'Where sales stand, and by which ways one is open for a command: to the holders of which feature, to whom, to which groups, with what other row.';
alter function iam.ways_to_sales(uuid, text) owner to iam_definer;
revoke all on function iam.ways_to_sales(uuid, text) from public;

alter table public.sales owner to api_owner;
alter table public.sales enable row level security;
alter table public.sales force row level security;

grant select on public.sales to web_user;
grant select, insert, update, delete on public.sales to iam_definer;

create policy sales_all_definer
  on public.sales
  for all
  to iam_definer
  using (true)
  with check (true);
comment on policy sales_all_definer on public.sales is
  'The definer functions of iam, and seeds, reach every sale; each checks who may what.';

create policy sales_all_tenant
  on public.sales
  as restrictive
  for all
  to web_user, web_anon
  using (tenant_id = (select iam.caller_tenant_id()))
  with check (tenant_id = (select iam.caller_tenant_id()));
comment on policy sales_all_tenant on public.sales is
  'Whatever else holds: nobody touches a sale of another tenant.';

create policy sales_select_user
  on public.sales
  for select
  to web_user
  using (
    (select iam.given_everywhere('view_sales_page', 'caller'))
    or campus in (select iam.scope_keys_given('view_sales_page', 'campus', 'caller'))
  );
comment on policy sales_select_user on public.sales is
  'A user sees a sale when he holds view_sales_page at its campus.';

create policy sales_select_delegate
  on public.sales
  as restrictive
  for select
  to web_delegate
  using (
    (
      not (select iam.is_acting())
      or (select iam.given_everywhere('view_sales_page', 'actor'))
      or campus in (select iam.scope_keys_given('view_sales_page', 'campus', 'actor'))
    )
    and (
      not (select iam.has_api_key())
      or (select iam.given_everywhere('view_sales_page', 'key'))
      or campus in (select iam.scope_keys_given('view_sales_page', 'campus', 'key'))
    )
  );
comment on policy sales_select_delegate on public.sales is
  'Whoever acts as the user sees a sale only when he may himself, and an API key only with view_sales_page of its own at the sale''s scope.';
