/** In charge of the mutants of privileges: each one widened that a runtime role lacks. */
import type pg from "pg";
import type { DatabaseMutant } from "./mutant.js";

/**
 * Every column of a protected table that its users may not set, every write on the gateway's own tables, and what no
 * runtime role has on any table or function.
 */
export async function ofPrivileges(owner: pg.Pool): Promise<readonly DatabaseMutant[]> {
  const { rows } = await owner.query<{ what: string }>(`
    select format('%s (%I) on %s', command, a.attname, c.oid::regclass) as what
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    cross join unnest(array['insert', 'update']) command
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> '_prisma_migrations'
      and not has_column_privilege('web_user', c.oid, a.attnum, command)
    union all
    select format('insert, update, delete on %s', c.oid::regclass)
    from pg_class c
    where c.relnamespace = 'iam'::regnamespace and c.relkind = 'r'
    union all
    select format('%s on %s', privilege, c.oid::regclass)
    from pg_class c
    cross join unnest(array['truncate', 'references', 'trigger']) privilege
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> '_prisma_migrations'
    union all
    select format('select on %s', c.oid::regclass)
    from pg_class c
    where c.relnamespace = 'iam'::regnamespace and c.relkind = 'r' and not has_any_column_privilege('web_user', c.oid, 'select')
    union all
    select format('execute on function %s', p.oid::regprocedure)
    from pg_proc p
    where p.pronamespace = 'iam'::regnamespace and p.prosecdef and p.prorettype <> 'trigger'::regtype
      and not has_function_privilege('web_user', p.oid, 'execute')
    order by 1`);
  return rows.map(({ what }) => ({
    name: `grant ${what} to web_user`,
    kind: "privileges" as const,
    sql: `grant ${what} to web_user`,
    undo: `revoke ${what} from web_user`,
    tag: "privileges" as const,
    tests: ["test/database/catalog.test.ts", "test/database/doctor.test.ts"],
  }));
}
