/** In charge of tables and policies that let more through than anybody meant, declared or made by hand. */
import { type Check, isExposed, type Login, reachableFrom } from "../database/bypasses.js";

const tableName = "format('%s.%I', c.relnamespace::regnamespace, c.relname)";

// As PostgreSQL prints what src/protect/policies writes.
const floor = "(tenant_id = ( SELECT iam.caller_tenant_id() AS caller_tenant_id))";

/** Whether `c` of pg_class is the table that Prisma makes between two lists without saying so. */
export const isImplicitManyToMany = `(
  c.relkind = 'r' and c.relname like '\\_%' and (
    select array_agg(a.attname::text order by a.attname)
    from pg_catalog.pg_attribute a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  ) = array['A', 'B']
)`;

/** The checks of what lies in the schemas that the login can see. */
export function tableChecks(login: Login): readonly Check[] {
  const isRuntime = `in (select oid from (${reachableFrom(login)}) as r)`;
  return [
    {
      id: "PC014",
      sql: `
        select ${tableName} as name
        from pg_catalog.pg_class c
        where ${isImplicitManyToMany} and ${isExposed(login)} and (
          not (c.relrowsecurity and c.relforcerowsecurity)
          or exists (select from aclexplode(c.relacl) a where a.grantee = 0 or a.grantee ${isRuntime})
        )
        order by 1`,
      problem: (name) =>
        `${name} is an implicit many-to-many table: it has no tenant, so no policy can guard it. Write a model in between, with one.`,
      mend: (name) =>
        `alter table ${name} enable row level security, force row level security; revoke all on ${name} from public, ${login.identifier}, web_user, web_delegate, web_anon;`,
    },
    {
      id: "PC015",
      sql: `
        select quote_ident(p.polname) as name, ${tableName} as by
        from pg_catalog.pg_policy p
        join pg_catalog.pg_class c on c.oid = p.polrelid
        where p.polpermissive
          and 'true' in (pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
          and exists (select from unnest(p.polroles) role where role = 0 or role ${isRuntime})
        order by 2, 1`,
      problem: (name, table) => `The policy ${name} of ${table} lets the runtime roles through whatever the row is.`,
      mend: (name, table) => `drop policy ${name} on ${table};`,
    },
    {
      id: "PC016",
      sql: `
        select ${tableName} as name, quote_ident(c.relname || '_all_tenant') as by
        from pg_catalog.pg_class c
        where c.relkind in ('r', 'p') and c.relnamespace <> 'iam'::regnamespace
          and exists (
            select from pg_catalog.pg_attribute a
            where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
          )
          and exists (
            select from (${reachableFrom(login)}) as r
            where has_any_column_privilege(r.oid, c.oid, 'select, insert, update') or has_table_privilege(r.oid, c.oid, 'delete')
          )
          and not exists (
            select from pg_catalog.pg_policy p
            where p.polrelid = c.oid and not p.polpermissive and p.polcmd = '*'
              and '{web_user,web_anon}'::regrole[]::oid[] <@ p.polroles
              and pg_get_expr(p.polqual, p.polrelid) = '${floor}' and pg_get_expr(p.polwithcheck, p.polrelid) = '${floor}'
          )
        order by 1`,
      problem: (name) =>
        `${name} has a tenant and no floor, which keeps other tenants out, and people who are no longer active: other policies rest on it.`,
      mend: (name, policy) =>
        `drop policy if exists ${policy} on ${name}; create policy ${policy} on ${name} as restrictive for all to web_user, web_anon using (tenant_id = (select iam.caller_tenant_id())) with check (tenant_id = (select iam.caller_tenant_id()));`,
    },
  ];
}
