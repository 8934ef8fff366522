/** In charge of rights that nobody should have at run time, whatever policies say. */
import { type Check, isExposed, isRecord, type Login, reachableFrom } from "../database/bypasses.js";

/** The checks of what the login and the runtime roles were given. */
export function rightsChecks(login: Login): readonly Check[] {
  const everybody = `${login.identifier}, web_user, web_delegate, web_anon`;
  return [
    {
      id: "PC007",
      sql: `
        select distinct ${tableName} as name
        from pg_catalog.pg_class c
        join pg_catalog.pg_roles login on login.rolname = ${login.literal}
        where ${isUsers} and (
          exists (select from aclexplode(c.relacl) a where a.grantee = login.oid)
          or exists (
            select from pg_catalog.pg_attribute col, aclexplode(col.attacl) a
            where col.attrelid = c.oid and not col.attisdropped and a.grantee = login.oid
          )
        )
        order by 1`,
      problem: (name) =>
        `${login.identifier} has rights on ${name} of its own, so a query without a session has them, too.`,
      mend: (name) => `revoke all on ${name} from ${login.identifier};`,
    },
    {
      id: "PC008",
      sql: `
        select distinct quote_ident(given.rolname) as name, quote_ident(member.rolname) as by
        from (${reachableFrom(login)}) as member
        join pg_catalog.pg_auth_members m on m.member = member.oid
        join pg_catalog.pg_roles given on given.oid = m.roleid
        where not (given.rolname in ('web_user', 'web_delegate', 'web_anon') and member.rolname = ${login.literal})
          and not (given.rolname = 'web_user' and member.rolname = 'web_delegate')
        order by 1, 2`,
      problem: (name, by) =>
        `${by} is a member of ${name}: at run time nobody is to be more than web_user, web_delegate or web_anon.`,
      mend: (name, by) => `revoke ${name} from ${by};`,
    },
    {
      id: "PC012",
      sql: `
        select ${tableName} as name, string_agg(distinct lower(a.privilege_type), ', ') as by
        from pg_catalog.pg_class c, aclexplode(c.relacl) a
        where ${isUsers} and a.privilege_type in ('TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN')
          and (a.grantee = 0 or a.grantee in (select oid from (${reachableFrom(login)}) as r))
        group by c.oid, 1
        order by 1`,
      problem: (name, by) => `The runtime roles hold ${by} on ${name}, which no policy judges.`,
      mend: (name, by) => `revoke ${by} on ${name} from public, ${everybody};`,
    },
    {
      id: "PC013",
      sql: `
        select distinct ${tableName} as name
        from pg_catalog.pg_class c, aclexplode(c.relacl) a
        where ${isUsers} and a.grantee = 0 and ${isExposed(login)}
        order by 1`,
      problem: (name) => `${name} is granted to PUBLIC: to every login of the cluster.`,
      mend: (name) => `revoke all on ${name} from public;`,
    },
    {
      id: "PC017",
      sql: `
        select ${tableName} as name,
               format('revoke update on %1$s from %2$I; grant update (%3$s) on %1$s to %2$I;', ${tableName}, r.rolname,
                 (select string_agg(quote_ident(other.attname), ', ' order by other.attnum)
                  from pg_catalog.pg_attribute other
                  where other.attrelid = c.oid and other.attnum > 0 and not other.attisdropped
                    and other.attname not in ('id', 'tenant_id')
                    and has_column_privilege(r.oid, c.oid, other.attnum, 'update'))) as by
        from pg_catalog.pg_class c, (${reachableFrom(login)}) as r
        where ${isUsers} and r.rolname in ('web_user', 'web_delegate', 'web_anon') and c.relkind in ('r', 'p')
          and exists (
            select from pg_catalog.pg_attribute a
            where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
          )
          and exists (
            select from pg_catalog.pg_attribute a
            where a.attrelid = c.oid and a.attname in ('id', 'tenant_id') and not a.attisdropped
              and has_column_privilege(r.oid, c.oid, a.attnum, 'update')
              -- what a user may, a delegate may by that
              and (r.rolname <> 'web_delegate' or not has_column_privilege('web_user', c.oid, a.attnum, 'update'))
          )
        order by 1`,
      problem: (name) =>
        `An editor may change the id or the tenant of a row of ${name}: what a policy sees is the new row only.`,
      mend: (_, by) => by,
    },
  ];
}

const tableName = "format('%s.%I', c.relnamespace::regnamespace, c.relname)";

// Neither PostgreSQL's nor an extension's: those are granted as their makers mean it.
const isUsers = `c.relkind in ('r', 'p', 'v', 'm', 'f')
  and c.relnamespace::regnamespace::text !~ '^(pg_|information_schema$)'
  and not (${isRecord})
  and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')`;
