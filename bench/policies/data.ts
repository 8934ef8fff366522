/** In charge of what policies are measured on: one tenant of 10,000 members, 1,000 scopes and 1,000 groups, and its todos. */

const tenant = "be000000-0000-4000-8000-000000000001";
const root = "be000000-0000-4000-8000-0000000000ff";
const user = (number: string) => `('00000000-0000-4000-9000-' || lpad((${number})::text, 12, '0'))::uuid`;
const scope = (number: string) => `('5c000000-0000-4000-9000-' || lpad((${number})::text, 12, '0'))::uuid`;
const group = (number: string) => `('60000000-0000-4000-9000-' || lpad((${number})::text, 12, '0'))::uuid`;
const random = (below: number) => `(1 + floor(random() * ${below}))::int`;

/**
 * Statements that make it. u1 to u4 hold todos.* at 1, 10, 100 and 1,000 scopes, u5 holds everything; each is in three groups.
 * Half of the todos stand at the root, where only their owner sees them; one in ten is shared with a group.
 */
export function policiesData(rows: number): readonly string[] {
  return [
    "select setseed(0.5)",
    `insert into iam.tenants (id, slug, name) values ('${tenant}', 'bench', 'Bench')`,
    `insert into iam.users (id, email, name) select ${user("i")}, 'u' || i || '@bench.test', 'U' || i from generate_series(1, 10000) i`,
    `insert into iam.providers (code, name, issuer, audience, algorithms, jwks)
     values ('bench', 'Bench', 'bench', array['portcullis'], array['ES256'], '{"keys":[]}')`,
    "insert into iam.identities (provider_id, subject, user_id) select p.id, u.email, u.id from iam.users u cross join iam.providers p",
    `insert into iam.tenant_members (tenant_id, user_id) select '${tenant}', id from iam.users`,
    `insert into iam.scopes (id, tenant_id, type, key, name) values ('${root}', '${tenant}', 'tenant', 'bench', 'Bench')`,
    `insert into iam.scopes (id, tenant_id, type, key, name, parent_id)
     select ${scope("i")}, '${tenant}', 'project', 'p' || i, 'P' || i, '${root}' from generate_series(1, 1000) i`,
    `insert into iam.groups (id, tenant_id, name) select ${group("i")}, '${tenant}', 'g' || i from generate_series(1, 1000) i`,
    `insert into iam.group_members (tenant_id, group_id, user_id)
     select '${tenant}', ${group("1 + (u * 3 + k) % 1000")}, ${user("u")} from generate_series(1, 10000) u, generate_series(0, 2) k`,
    `insert into iam.grants (tenant_id, user_id, feature_id, scope_id)
     select '${tenant}', ${user("given.caller")}, f.id, ${scope("s")}
     from iam.features f, (values (1, 1), (2, 10), (3, 100), (4, 1000)) given (caller, scopes), generate_series(1, 1000) s
     where s <= given.scopes and f.code = 'todos'`,
    `insert into iam.grants (tenant_id, user_id, role_id, scope_id)
     select '${tenant}', ${user("5")}, id, '${root}' from iam.roles where code = 'tenant_owner'`,
    // ten times faster than to keep them while the rows come
    `create temp table kept as select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as made
     from pg_index i where i.indrelid = 'public.todos'::regclass and not i.indisunique`,
    "do $$ declare k record; begin for k in select * from kept loop execute format('drop index %s', k.name); end loop; end $$",
    "alter table public.todos disable trigger all",
    "alter table public.todo_shares disable trigger all",
    `insert into public.todos (tenant_id, owner_id, scope_id, title, created_at)
     select '${tenant}', ${user(random(10_000))}, case when i % 2 = 0 then '${root}'::uuid else ${scope(random(1_000))} end,
       'Todo ' || i, timestamptz '2025-01-01' + i * interval '1 second'
     from generate_series(1, ${rows}) i`,
    `insert into public.todo_shares (tenant_id, todo_id, group_id)
     select tenant_id, id, ${group(random(1_000))} from public.todos where random() < least(0.1, 200000.0 / ${rows})`,
    "do $$ declare k record; begin for k in select * from kept loop execute k.made; end loop; end $$",
    "alter table public.todos enable trigger all",
    "alter table public.todo_shares enable trigger all",
  ];
}
